/** Who may read a secret on the host, and who may not: asked of the kernel, as those users. @module */
import assert from "node:assert/strict";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { hasCommand, runCommand } from "../support/command.ts";
import { configure, fetchAll, hostFor, publish, setOf, type TestHost } from "../support/host.ts";
import { isRoot } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

interface Row {
  readonly owner: string;
  readonly mode: string;
  /** As "UID:GID MODE": of a secret, of the folders in the generation, of `groups/web`. */
  readonly secret: string;
  readonly folder: string;
  readonly group: string;
  /** Who may read it, and who may not, as "UID:GID". */
  readonly readers: readonly string[];
  readonly strangers: readonly string[];
}

// daemon is 1 on every Debian, Red Hat and Alpine; the numbers need not exist
const ROWS: readonly Row[] = [
  {
    owner: "root:root",
    mode: "0400",
    secret: "0:0 400",
    folder: "0:0 700",
    group: "0:0 700",
    readers: ["0:0"],
    strangers: ["1:1", "4000:0", "4000:4000"],
  },
  {
    owner: "root:daemon",
    mode: "0440",
    secret: "0:1 440",
    folder: "0:1 750",
    group: "0:1 750",
    readers: ["0:0", "1:1", "4000:1"],
    strangers: ["1:4000", "4000:0"],
  },
  {
    owner: "daemon:daemon",
    mode: "0400",
    secret: "1:1 400",
    folder: "1:1 500",
    group: "0:1 755",
    readers: ["1:1", "1:4000"],
    strangers: ["4000:1", "4000:4000"],
  },
  {
    owner: "4000:5000",
    mode: "0640",
    secret: "4000:5000 640",
    folder: "4000:5000 550",
    group: "0:5000 755",
    readers: ["4000:4000", "1:5000"],
    strangers: ["1:1", "5000:4000"],
  },
];

const skip = !isRoot
  ? "needs root"
  : hasCommand(["setpriv", "--version"]) && hasCommand(["getent", "--version"])
    ? false
    : "needs setpriv and getent";

describe("the owner of a group", { concurrency: 2, skip }, () => {
  const folder = memoryDir();

  for (const { owner, mode, ...expected } of ROWS) {
    it(`${owner} ${mode} may read, and nobody else`, async (t) => {
      const host = await hostFor(t, folder);
      configure(host, { web: { prefix: "web/", owner, mode } });
      await publish(host, "web", { a: "value", "b/c": "nested" });
      const { code, stderr } = await fetchAll(host);
      assert.equal(code, 0, stderr);
      const current = "groups/web/current/";
      for (const name of ["a", "b/c"]) assert.equal(lookOf(host, current + name), expected.secret);
      for (const name of ["", "b"]) assert.equal(lookOf(host, current + name), expected.folder);
      assert.equal(lookOf(host, "groups/web"), expected.group);
      for (const reader of expected.readers)
        for (const name of ["a", "b/c"])
          assert.equal((await readAs(host, reader, name)).code, 0, `${reader} may read ${name}`);
      for (const stranger of expected.strangers)
        for (const name of ["a", "b/c"]) {
          const { code, stdout } = await readAs(host, stranger, name);
          assert.deepEqual([code, stdout.length], [1, 0], `${stranger} may not read ${name}`);
        }
    });
  }

  it("changes with the config, without asking S3 for a byte", async (t) => {
    const host = await hostFor(t, folder);
    configure(host, { web: { prefix: "web/", owner: "root:daemon", mode: "0440" } });
    await publish(host, "web", { a: "value" });
    await fetchAll(host);
    configure(host, { web: { prefix: "web/", owner: "root:4000", mode: "0440" } });
    const changed = await fetchAll(host, ["--detailed-exitcode"]);
    assert.deepEqual([changed.code, changed.asked], [2, ["ListObjectsV2 web/"]]);
    assert.equal((await readAs(host, "1:1", "a")).code, 1);
    assert.equal((await readAs(host, "1:4000", "a")).code, 0);
  });

  it("whom the system does not know costs that group its pass, and no other", async (t) => {
    const host = await hostFor(t, folder);
    const groups = (owner: string): Parameters<typeof configure>[1] => ({
      web: { prefix: "web/", owner },
      well: { prefix: "well/" },
    });
    configure(host, groups("daemon:daemon"));
    for (const group of ["web", "well"]) await publish(host, group, { a: "old" });
    assert.equal((await fetchAll(host)).code, 0);
    configure(host, groups("nobody-has-this-name:daemon"));
    for (const group of ["web", "well"]) await publish(host, group, { a: "new" });
    const { code, stderr, group } = await fetchAll(host);
    assert.equal(code, 78);
    assert.match(stderr, /^postern: web: unknown user "nobody-has-this-name"\n/);
    assert.deepEqual([group("web").state, group("well").state], ["stale", "fresh"]);
    assert.deepEqual([setOf(host, "web"), setOf(host, "well")], [{ a: "old" }, { a: "new" }]);
  });
});

/** "UID:GID MODE" */
function lookOf({ run }: TestHost, name: string): string {
  const { uid, gid, mode } = lstatSync(join(run, name));
  return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
}

/** Reads a secret by its stable path, as another user with no further groups. */
function readAs(host: TestHost, who: string, name: string): ReturnType<typeof runCommand> {
  const [uid, gid] = who.split(":");
  const as = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  return runCommand([...as, "cat", join(host.run, "secrets/web", name)]);
}
