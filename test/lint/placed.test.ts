import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { setsOf, type Told } from "../../agent/cli/policy-lint-files.ts";
import { cloudformationTemplates } from "../../agent/generate/cloudformation.ts";
import { generate } from "../../agent/generate/deployment.ts";
import { deploymentFiles, type DocumentFile, documentsOf } from "../../agent/generate/files.ts";
import { readTemplates } from "../../agent/generate/templates.ts";
import { terraformModule } from "../../agent/generate/terraform.ts";
import { lintSets } from "../../agent/lint/files.ts";
import { placedDocuments, placeOf } from "../../agent/lint/placed.ts";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { ACME, REPLICA } from "../support/access-maps.ts";
import { root } from "../support/root.ts";
import { tempDir } from "../support/temp.ts";

const NOTHING: Told = { kind: undefined, account: undefined, bucketKey: undefined };

const FORMATS = {
  json: deploymentFiles,
  terraform: terraformModule,
  cloudformation: cloudformationTemplates,
} as const;

const cases = ["access-map", "map"].flatMap((folder) =>
  readdirSync(join(root, "test", "cases", folder))
    .filter((file) => file.endsWith(".yaml"))
    .map(
      (file) => [file, readFileSync(join(root, "test", "cases", folder, file), "utf8")] as const,
    ),
);

function deploymentOf(text: string): Deployment {
  return generate(parseMap(text, "map.yaml"), readTemplates()).deployment;
}

function written(files: readonly DocumentFile[]): string {
  const folder = tempDir();
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** As "rule: message", without places: those differ from format to format. */
async function foundIn(files: readonly DocumentFile[]): Promise<readonly string[]> {
  const { findings } = lintSets(await setsOf([written(files)], NOTHING));
  return findings.map(({ rule, message }) => `${rule}: ${message}`).sort();
}

describe("what generate writes has the same findings in each format", () => {
  for (const [name, text] of [...cases, ["acme.yaml with a replica", ACME + REPLICA] as const])
    it(`namely none, of ${name}`, async () => {
      const deployment = deploymentOf(text);
      for (const [format, filesOf] of Object.entries(FORMATS))
        assert.deepEqual(await foundIn(filesOf(deployment)), [], format);
    });

  it("also where there is something to find", async () => {
    const broken = Object.values(FORMATS).map((filesOf) =>
      filesOf(deploymentOf(ACME)).map(({ path, text }) => ({
        path,
        text: path.endsWith("README.md") ? text : text.replaceAll('"s3:prefix"', '"s3:prefixed"'),
      })),
    );
    // an index has the sums of its documents
    const [, terraform = [], cloudformation = []] = broken;
    const found = await foundIn(terraform);
    assert.ok(found.some((one) => one.startsWith("unknown-condition-key: ")));
    assert.deepEqual(await foundIn(cloudformation), found);
  });

  it("and not those of what undoes a stage", async () => {
    const undo = { path: "undo/roles/web/inline/postern.json", text: "{}" };
    assert.deepEqual(await foundIn([...terraformModule(deploymentOf(ACME)), undo]), []);
  });
});

describe("the place of a document", () => {
  const KINDS: Readonly<Record<string, string>> = {
    "bucket policy": "bucket",
    "key policy": "key",
    "trust policy": "trust",
    "permissions boundary": "boundary",
    "inline policy": "identity",
    "managed policy": "identity",
    "endpoint policy": "endpoint",
  };

  it("tells what the index tells of its kind, and nothing of settings", () => {
    for (const [, text] of cases)
      for (const { path, kind } of documentsOf(deploymentOf(text)))
        assert.equal(placeOf(`policies/${path}`)?.kind, KINDS[kind], path);
  });

  it("tells whose it is, where the texts have one ARN of the name", () => {
    const name = "tf/documents/roles/web/inline/postern.json";
    const [one, other] = ["a", "b"].map((path) => `"arn:aws:iam::111122223333:role/${path}/web"`);
    const ownerIn = (...texts: (string | undefined)[]): string | undefined =>
      placedDocuments([{ name, text: "{}" }], undefined, texts.map(String))[0]?.attachedTo;
    assert.equal(ownerIn(one), "arn:aws:iam::111122223333:role/a/web");
    assert.equal(ownerIn(one, other), undefined);
    assert.equal(ownerIn(), undefined);
  });
});

describe("a template of CloudFormation", () => {
  const statement = (resource: unknown): unknown => ({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: resource }],
  });
  const template = JSON.stringify(
    {
      Resources: {
        Web: {
          Type: "AWS::IAM::Role",
          Properties: {
            RoleName: "web",
            Policies: [{ PolicyName: "a", PolicyDocument: statement("arn:aws:s3:::acme/web*") }],
          },
        },
        Other: {
          Type: "AWS::IAM::ManagedPolicy",
          Properties: { PolicyDocument: statement({ "Fn::Sub": "arn:aws:s3:::acme/${Name}" }) },
        },
      },
    },
    undefined,
    2,
  );

  it("is told of at its own lines, and a note says what is not judged", () => {
    const documents = placedDocuments([{ name: "template.json", text: template }], undefined);
    const { findings } = lintSets([{ documents }]);
    const lines = template.split("\n");
    assert.deepEqual(
      findings.map(({ rule, place: { file, line = 0 } }) => [rule, file, lines[line - 1]?.trim()]),
      [
        ["prefix-without-slash", "template.json", '"Resource": "arn:aws:s3:::acme/web*"'],
        ["template-function", "template.json", '"PolicyDocument": {'],
      ],
    );
  });
});
