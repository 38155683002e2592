/** What docs/permissions.md tells publishers to type, typed; and a host with the rights that it names, and no more. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { it } from "node:test";
import { blocksOf, readPage } from "../support/document.ts";
import {
  awsEnvironment,
  findClient,
  runClient,
  temporaryFolder,
  unlessFound,
  unlessImports,
} from "../support/judge.ts";
import { root } from "../support/root.ts";
import { sandboxFor } from "../support/sandbox.ts";

const page = readPage("docs/permissions.md");
const GROUPS = ["web", "app", "db"];
const WRITTEN = [
  "plain/db_password",
  "web/db_password",
  "app/db_password",
  "app/token",
  "db/password",
];
const skip = unlessFound("aws", "aws-encryption-cli", "tar") || unlessImports("aws_encryption_sdk");

it("what docs/permissions.md writes is what a host with its rights reads", { skip }, async (t) => {
  const sandbox = await sandboxFor(t, {
    role: "host",
    grants: [
      { role: "host", readPrefixes: ["plain/", "web/", "app/", "db.bundle"], writePrefixes: [] },
    ],
    keyGrants: GROUPS.map((group) => ({
      role: "host",
      key: "*",
      actions: ["kms:Decrypt"],
      context: { "postern:group": group },
    })),
  });
  const key = sandbox.keys.create({ region: sandbox.region }).arn;
  const home = temporaryFolder(t);
  mkdirSync(join(home, "db"));
  for (const file of ["db_password", "db/password"]) writeFileSync(join(home, file), "hunter2\n");
  writeFileSync(join(home, "seal.py"), blocksOf(page, "python").join(""));
  const config = `version: 1
bucket: ${sandbox.bucket}
endpoints: environment
paths: { run: ${home}/run, state: ${home}/state }
defaults: { settle: 0s }
${blocksOf(page, "yaml").join("").replaceAll("[KEY]", `["${key}"]`)}`;
  writeFileSync(join(home, "postern.yaml"), config);

  const path = [dirname(findClient("aws") ?? ""), join(root, "bin"), process.env["PATH"]];
  const env = {
    ...awsEnvironment(sandbox),
    PATH: path.join(delimiter),
    BUCKET: sandbox.bucket,
    KEY: key,
    POSTERN_RUN: join(home, "run"),
  };
  const blocks = blocksOf(page, "sh");
  assert.ok(blocks.length > 4);
  for (const block of blocks) {
    const ended = await runClient("bash", ["-euo", "pipefail", "-c", block], home, env);
    assert.equal(ended.code, 0, `${block}${ended.stderr}`);
  }
  const postern = join(root, "bin", "postern");
  const fetched = await runClient(postern, ["fetch", "--config", "postern.yaml"], home, env);
  assert.equal(fetched.code, 0, fetched.stderr);
  for (const name of WRITTEN) {
    const got = await runClient(postern, ["get", name], home, env);
    assert.deepEqual([name, got.stdout], [name, "hunter2\n"]);
  }
});
