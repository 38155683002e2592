import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { type Ended, plainEnv, runCommand } from "../support/command.ts";
import { root } from "../support/root.ts";
import { tempDir } from "../support/temp.ts";

const CANARY = "canary-0c9d8e7f6a5b";
const folder = tempDir();
let sandbox: Sandbox;

before(async () => {
  sandbox = await startSandbox({
    role: "web",
    grants: [{ role: "web", readPrefixes: ["web/"], writePrefixes: [] }],
  });
  await sandbox.put("web/password", Buffer.from(CANARY));
  const { s3, kms, imds } = sandbox.endpoints;
  const head = [
    "version: 1",
    `bucket: ${sandbox.bucket}`,
    `endpoints: { s3: "${s3.origin}", kms: "${kms.origin}", imds: "${imds.origin}" }`,
    `paths: { run: ${join(folder, "run")}, state: ${join(folder, "state")} }`,
  ];
  const groups = ["groups:", "  web: { prefix: web/ }", "  db: { prefix: db/ }", ""];
  writeFileSync(join(folder, "postern.yaml"), [...head, ...groups].join("\n"), { mode: 0o644 });
  writeFileSync(join(folder, "broken.yaml"), "version: 1\nbukket: x\n", { mode: 0o644 });
});
after(() => sandbox.close());

describe("postern doctor", () => {
  it("exits with 0 when the groups that were named are healthy", async () => {
    const { code, stdout, stderr } = await doctor("web");
    assert.equal(stderr, "");
    assert.match(stdout.toString(), /\ngroup web\nok {3}list: 1 object, 19 bytes\n/);
    assert.match(stdout.toString(), /\n0 failed, \d warnings?, \d+ ok, 0 skipped\n$/);
    assert.equal(code, 0);
  });

  it("exits with the code of the first failure, and says what to add to which role", async () => {
    const { code, stdout } = await doctor();
    assert.match(
      stdout.toString(),
      /FAIL list: ListObjectsV2 "s3:\/\/postern-sandbox\/db\/": denied \(AccessDenied\)\n {5}fix: add s3:ListBucket on "arn:aws:s3:::postern-sandbox" with s3:prefix\n {10}"db\/" to role "web"/,
    );
    assert.equal(code, 77);
  });

  it("prints no value, no colour into a pipe, nothing wider than 80 columns, and writes nothing", async () => {
    const { stdout, stderr } = await doctor();
    assert.doesNotMatch(stdout.toString() + stderr, new RegExp(CANARY));
    assert.ok(!stdout.includes(0x1b));
    for (const line of stdout.toString().split("\n"))
      assert.ok(line.length <= 80 || !line.trim().includes(" "), line);
    assert.ok(!existsSync(join(folder, "run")) && !existsSync(join(folder, "state")));
  });

  it("prints the drop-in that the configuration needs", async () => {
    const { code, stdout } = await doctor("--systemd");
    assert.equal(code, 0);
    const [head, ...lines] = stdout.toString().split("\n");
    assert.match(head ?? "", /^# .*postern\.service\.d/);
    assert.deepEqual(lines.at(0), "[Service]");
    assert.ok(lines.includes(`ReadWritePaths=-${join(folder, "run")}`));
  });

  it("prints one JSON document that holds the same", async () => {
    const { code, stdout } = await doctor("--json");
    const { sections, exitCode } = JSON.parse(stdout.toString()) as {
      readonly sections: readonly { readonly title: string }[];
      readonly exitCode: number;
    };
    assert.deepEqual(
      sections.map(({ title }) => title),
      ["config", "host", "aws", "bucket postern-sandbox", "group web", "group db", "destination"],
    );
    assert.deepEqual([code, exitCode], [77, 77]);
  });

  it("looks at the host although the config is broken", async () => {
    const { code, stdout } = await doctor("--config", join(folder, "broken.yaml"));
    assert.match(stdout.toString(), /^config\nFAIL files: .*\n(.*\n)*host\nok {3}node: /);
    assert.match(stdout.toString(), /skip everything else: needs a sound config\n/);
    assert.equal(code, 78);
  });

  it("refuses a group that the config does not have", async () => {
    const { code, stdout, stderr } = await doctor("wep");
    assert.deepEqual([code, stdout.toString()], [66, ""]);
    assert.match(stderr, /did you mean "web"\?/);
  });
});

function doctor(...words: readonly string[]): Promise<Ended> {
  return runCommand([process.execPath, join(root, "dist", "launch.cjs"), "doctor", ...words], {
    env: { ...plainEnv, POSTERN_CONFIG: join(folder, "postern.yaml") },
  });
}
