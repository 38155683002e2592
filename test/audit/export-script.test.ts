import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { readExport } from "../../agent/audit/exported.ts";
import { readExportFolder } from "../../agent/audit/export-folder.ts";
import { exportScript } from "../../agent/audit/export-script.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { ACME, REPLICA } from "../support/access-maps.ts";
import { BUCKET, exportOf, SMALL } from "../support/exports.ts";
import { tempDir } from "../support/temp.ts";

const temp = tempDir();
let made = 0;

function newFolder(): string {
  made += 1;
  const folder = join(temp, String(made));
  mkdirSync(folder);
  return folder;
}
const script = exportScript(parseMap(ACME + REPLICA, "map.yaml"));

/** A command line that answers from files, as `aws` would; its words are logged. */
const AWS = `#!/bin/sh
echo "$@" >>"$HOME/asked"
answer="$HOME/answers/$2"
if [ -f "$answer" ]; then cat "$answer"; exit; fi
echo "aws: [ERROR]: An error occurred ($(cat "$HOME/code")) when calling the operation: no" >&2
exit 254
`;

function run(answers: Readonly<Record<string, string>>, code: string) {
  const home = newFolder();
  mkdirSync(join(home, "answers"));
  for (const [call, text] of Object.entries(answers))
    writeFileSync(join(home, "answers", call), text);
  writeFileSync(join(home, "code"), code);
  writeFileSync(join(home, "aws"), AWS);
  chmodSync(join(home, "aws"), 0o755);
  writeFileSync(join(home, "export.sh"), script);
  const { status, stderr } = spawnSync("sh", [join(home, "export.sh"), join(home, "out")], {
    env: { PATH: `${home}:/usr/bin:/bin`, HOME: home },
    encoding: "utf8",
  });
  return { home, status, stderr, folder: join(home, "out") };
}

const OWNER = { account: "111122223333", partition: "aws", region: "us-east-1" };

describe("the script that exports", () => {
  it("names the owner of the bucket in each question to S3", () => {
    const asked = script.split("\n").filter((line) => line.includes(" aws s3api "));
    assert.ok(asked.length > 5);
    for (const line of asked) assert.match(line, / --expected-bucket-owner 111122223333 /);
  });

  it("says at its head what it takes beside the policy that is printed", () => {
    const [head = ""] = script.split("set -eu");
    for (const action of ["s3:GetBucketLocation", "kms:DescribeKey"])
      assert.match(head, RegExp(action));
    assert.match(head, /iam:GetAccountAuthorizationDetails/);
  });

  it("is clean", (t) => {
    const { error, status, stdout } = spawnSync("shellcheck", ["-"], {
      input: script,
      encoding: "utf8",
    });
    if (error !== undefined) t.skip("shellcheck not installed");
    else assert.equal(status, 0, stdout);
  });

  it("asks nothing but what reads", () => {
    const calls = [...script.matchAll(/^ask \S+ aws \S+ (\S+)/gm)].map(([, call = ""]) => call);
    assert.ok(calls.length > 30);
    for (const call of calls) assert.match(call, /^(get|list|describe)-/);
  });

  it("saves what can be read back", () => {
    const files = exportOf(SMALL, "account");
    const answers = Object.fromEntries(
      files
        .filter(({ path }) => !path.startsWith("endpoints/"))
        .map(({ path, text }) => [(path.split("/").at(-1) ?? "").replace(".json", ""), text]),
    );
    const { status, stderr, folder } = run(answers, "InvalidVpcEndpointId.NotFound");
    assert.equal(status, 0, stderr);
    const { deployment, knows } = readExport(readExportFolder(folder), OWNER);
    assert.deepEqual(deployment.buckets[0]?.policy, SMALL.buckets[0]?.policy);
    assert.deepEqual(deployment.identities.length, SMALL.identities.length);
    assert.ok(knows("vpce-0123456789abcdef0", "policy"));
  });

  it("writes down what is not there", () => {
    const { status, stderr, folder } = run({}, "NoSuchBucket");
    assert.equal(status, 0, stderr);
    const files = readExportFolder(folder);
    assert.ok(files.every(({ text }) => text === '{"Absent":"NoSuchBucket"}\n'));
  });

  it("stops at a refusal, says so, and leaves no half of a file", () => {
    const { status, stderr, folder } = run({}, "AccessDenied");
    assert.equal(status, 1);
    assert.match(stderr, /AccessDenied/);
    assert.throws(() => readExportFolder(folder), PosternError);
  });
});

describe("a folder of exports", () => {
  it("is read at whatever depth, JSON alone", () => {
    const home = newFolder();
    for (const path of ["a.json", "b/c/d.json", "b/notes.txt"]) {
      mkdirSync(dirname(join(home, path)), { recursive: true });
      writeFileSync(join(home, path), path);
    }
    assert.deepEqual(readExportFolder(home), [
      { path: "a.json", text: "a.json" },
      { path: "b/c/d.json", text: "b/c/d.json" },
    ]);
  });

  it("is not found where there is none", () => {
    assert.throws(
      () => readExportFolder(join(newFolder(), BUCKET)),
      (error) => error instanceof PosternError && error.code === "NotFound",
    );
  });
});
