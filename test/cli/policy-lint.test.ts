import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { definitionOf } from "../../agent/cli/definition.ts";
import { policyLint } from "../../agent/cli/policy-lint.ts";
import { setsOf, type Told } from "../../agent/cli/policy-lint-files.ts";
import { deploymentFiles } from "../../agent/generate/files.ts";
import { LINT_FORMATS } from "../../agent/lint/files.ts";
import { DOCUMENT_KINDS } from "../../agent/lint/kind.ts";
import { SEVERITIES } from "../../agent/lint/rule.ts";
import { REALISTIC, realistic } from "../support/deployments.ts";
import { mapTextWith } from "../support/lint-cases.ts";
import { tempDir } from "../support/temp.ts";

const NOTHING: Told = { kind: undefined, account: undefined, bucketKey: undefined };
const DOCUMENT = JSON.stringify({ Version: "2012-10-17", Statement: [] });

describe("the choices of policy lint", () => {
  const { options } = definitionOf(policyLint);
  for (const [name, expected] of [
    ["kind", DOCUMENT_KINDS],
    ["format", LINT_FORMATS],
    ["fail-on", SEVERITIES],
  ] as const)
    it(`of --${name} are all that there are`, () => {
      const option = options.find((one) => one.name === name);
      assert.deepEqual(option?.choices, [...expected]);
    });
});

describe("what policy lint is given", () => {
  it("is one set of all plain documents, with what is told of them", async () => {
    const folder = tempDir();
    const paths = ["one.json", "two.json"].map((name) => join(folder, name));
    for (const path of paths) await writeFile(path, DOCUMENT);
    const [set, ...others] = await setsOf(paths, {
      kind: "scp",
      account: "111122223333",
      bucketKey: true,
    });
    assert.equal(others.length, 0);
    assert.deepEqual(
      set?.documents.map(({ name, kind }) => [name, kind]),
      paths.map((path) => [path, "scp"]),
    );
    assert.deepEqual([set?.account, set?.bucketKey], ["111122223333", true]);
  });

  it("is a set for each map, in YAML or JSON, with its documents", async () => {
    const folder = tempDir();
    const paths = ["a.yaml", "b.json"].map((name) => join(folder, name));
    await writeFile(paths[0] ?? "", REALISTIC);
    await writeFile(paths[1] ?? "", mapTextWith({}));
    const sets = await setsOf(paths, NOTHING);
    assert.deepEqual(
      sets.map(({ map }) => map?.map.file),
      paths,
    );
    assert.ok(sets.every(({ documents }) => documents.length > 5));
  });

  it("is a folder that was generated, with kinds, owners, settings and Bucket Keys", async () => {
    const folder = tempDir();
    for (const { path, text } of deploymentFiles(realistic)) {
      await mkdir(join(folder, path, ".."), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    const [set] = await setsOf([folder], NOTHING);
    const kinds = new Set(set?.documents.map(({ kind }) => kind));
    assert.deepEqual(kinds, new Set(["bucket", "endpoint", "identity", "key", "trust"]));
    const policy = set?.documents.find(({ kind }) => kind === "bucket");
    assert.match(policy?.attachedTo ?? "", /^arn:aws:s3:::acme-secrets/);
    assert.deepEqual(
      set?.settings?.map(({ name }) => name),
      ["acme-secrets", "acme-secrets-west"].map((name) => `${folder}/bucket/${name}.settings.json`),
    );
    assert.deepEqual(
      set?.bucketKey,
      new Map([
        ["acme-secrets", false],
        ["acme-secrets-west", true],
      ]),
    );
  });

  it("is every JSON file of another folder", async () => {
    const folder = tempDir();
    await mkdir(join(folder, "roles"));
    await writeFile(join(folder, "roles", "web.json"), DOCUMENT);
    await writeFile(join(folder, "README.md"), "");
    const [set] = await setsOf([folder], NOTHING);
    assert.deepEqual(
      set?.documents.map(({ name }) => name),
      [`${folder}/roles/web.json`],
    );
  });
});
