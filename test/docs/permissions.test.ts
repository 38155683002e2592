import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runCommand } from "../support/command.ts";
import { root } from "../support/root.ts";
import { sandboxFor } from "../support/sandbox.ts";
import { tempDir } from "../support/temp.ts";

const postern = join(root, "bin", "postern");
const SEALED = `decrypt: { mode: envelope, keys: ["arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"] }`;

const ROWS: readonly (readonly [
  why: string,
  group: string,
  list: boolean,
  code: number,
  said: RegExp,
])[] = [
  [
    "a named secret, to who may not list",
    "prefix: g/, only: [a]",
    false,
    77,
    /^denied .*missing or denied/,
  ],
  [
    "a named secret, to who may list",
    "prefix: g/, only: [a]",
    true,
    66,
    /^rejected .*no such object/,
  ],
  ["a bundle, to who may not list", `bundle: g.bundle, ${SEALED}`, false, 77, /^denied .*denied/],
  [
    "a bundle, to who may list",
    `bundle: g.bundle, ${SEALED}`,
    true,
    66,
    /^denied .*no such object/,
  ],
  ["a prefix that is empty", "prefix: g/", true, 65, /^rejected .*no secret below/],
];

describe("what docs/permissions.md says of a missing object", () => {
  for (const [why, group, list, code, said] of ROWS)
    it(`is so for ${why}`, async (t) => {
      const sandbox = await sandboxFor(t, {
        role: "host",
        grants: [{ role: "host", readPrefixes: ["g/", "g.bundle"], writePrefixes: [], list }],
      });
      const folder = tempDir();
      const { s3, kms, imds } = sandbox.endpoints;
      writeFileSync(
        join(folder, "postern.yaml"),
        `version: 1
bucket: ${sandbox.bucket}
endpoints: { s3: "${s3.origin}", kms: "${kms.origin}", imds: "${imds.origin}", path_style: true }
paths: { run: ${folder}/run, state: ${folder}/state }
groups: { g: { ${group} } }
`,
      );
      const ended = await runCommand([
        postern,
        "fetch",
        "--json",
        "--config",
        `${folder}/postern.yaml`,
      ]);
      const [{ state, error }] = JSON.parse(ended.stdout.toString("utf8")).groups;
      assert.equal(ended.code, code, ended.stderr);
      assert.match(`${state} ${error.message}`, said);
    });
});
