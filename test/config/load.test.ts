import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { loadConfig, runningUser } from "../../agent/config/load.ts";
import { PosternError } from "../../agent/core/errors.ts";

describe("loadConfig", () => {
  let folder = "";
  let file = "";
  beforeEach(() => {
    // some systems let the group write by default
    process.umask(0o022);
    folder = mkdtempSync(join(tmpdir(), "postern-load-"));
    file = join(folder, "postern.yaml");
    mkdirSync(join(folder, "conf.d"), { mode: 0o755 });
    writeFileSync(file, "version: 1\nbucket: acme-secrets\n");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const add = (name: string, text: string): void =>
    writeFileSync(join(folder, "conf.d", name), text, { mode: 0o644 });
  const load = async (): ReturnType<typeof loadConfig> =>
    await loadConfig({ file, ...runningUser() });
  const failure = async (): Promise<PosternError> => {
    const error: unknown = await load().then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(error instanceof PosternError, "expected a PosternError");
    return error;
  };

  it("adds the groups of conf.d in the order of the files' names", async () => {
    add("20-web.yaml", "groups: { web: { prefix: web/ } }\n");
    add("10-app.yaml", "groups: { app: { prefix: app/ } }\n");
    add(".hidden.yaml", "not: read\n");
    add("notes.txt", "not: read\n");
    const config = await load();
    assert.deepEqual(
      config.groups.map(({ name }) => String(name)),
      ["app", "web"],
    );
    assert.deepEqual(
      config.files.map((path) => path.slice(folder.length)),
      ["/postern.yaml", "/conf.d/10-app.yaml", "/conf.d/20-web.yaml"],
    );
    assert.deepEqual(config.groups[0]?.owner, runningUser().defaultOwner);
  });

  it("needs no conf.d", async () => {
    rmSync(join(folder, "conf.d"), { recursive: true });
    assert.deepEqual((await load()).groups, []);
  });

  it("says where a config is expected when there is none", async () => {
    rmSync(file);
    const error = await failure();
    assert.equal(error.code, "ConfigInvalid");
    assert.match(error.hint ?? "", /--config or POSTERN_CONFIG/);
    assert.deepEqual(error.issues, [`${file}: expected a config, got no such file`]);
  });

  it("tells the faults of all files at once, those of trust among them", async () => {
    writeFileSync(file, "version: 1\nbucket: acme-secrets\nregoin: x\n");
    add("a.yaml", "groups: { a: { prefix: a } }\n");
    add("b.yaml", "groups: { b: { prefix: b/ } }\n");
    chmodSync(join(folder, "conf.d/b.yaml"), 0o666);
    const { code, message, issues } = await failure();
    assert.equal(code, "ConfigInvalid");
    assert.match(message, /expected no faults, got 3$/);
    const places = issues.map((issue) => issue.slice(folder.length).split(": ")[0]);
    assert.deepEqual(places, ["/postern.yaml:3:1", "/conf.d/a.yaml:1:24", "/conf.d/b.yaml"]);
    assert.match(issues[2] ?? "", /got mode 0666$/);
  });

  it("reads nothing of a main file that others may write, and still judges the others", async () => {
    chmodSync(file, 0o666);
    add("a.yaml", "groups: { a: { prefix: a } }\n");
    const { issues } = await failure();
    assert.equal(issues.length, 2);
    assert.match(issues[0] ?? "", /got mode 0666$/);
  });

  it("refuses a conf.d that others may write", async () => {
    chmodSync(join(folder, "conf.d"), 0o777);
    assert.match((await failure()).issues[0] ?? "", /conf\.d.*got mode 0777$/);
  });
});

describe("runningUser", () => {
  it("is a member of its own group, and not of one that does not exist", () => {
    const { uid, memberOf } = runningUser();
    assert.equal(uid, process.getuid?.());
    assert.ok(memberOf(String(process.getgid?.())));
    assert.equal(memberOf("no-such-group-here"), false);
  });
});
