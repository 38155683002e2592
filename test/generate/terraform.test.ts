import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { policyFiles } from "../../agent/generate/document-files.ts";
import { terraformName } from "../../agent/generate/logical-ids.ts";
import { terraformModule } from "../../agent/generate/terraform.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { further, realistic } from "../support/deployments.ts";
import { documentsOf, sample } from "./sample-deployment.ts";
import { ARGUMENTS } from "./terraform-arguments.ts";
import { plan, terraform, tryPlan, withoutTerraform, written } from "./terraform-plan.ts";

const files = terraformModule(sample);
const main = textOf("main.tf");
const SETS = {
  identity_center_instance_arn: "arn:aws:sso:::instance/ssoins-1234567890abcdef",
  "permission-set_Ops": "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1",
  "permission-set_Audit": "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-2",
};

describe("terraformModule", () => {
  it("is the same to the byte for the same deployment", () => {
    assert.deepEqual(terraformModule(structuredClone(sample)), files);
  });

  it("has every document untouched, and names each that is this account's once", () => {
    const documents = files.filter(({ path }) => path.startsWith("documents/"));
    assert.deepEqual(
      documents.map(({ path, text }) => ({ path: path.replace("documents/", ""), text })),
      policyFiles(sample),
    );
    const named = [...main.matchAll(/file\("\$\{path\.module\}\/([^"]+)"\)/g)].map(
      ([, path = ""]) => path,
    );
    const own = documents.map(({ path }) => path).filter((path) => !path.includes("/foreign-"));
    assert.deepEqual(named.toSorted(), own);
    assert.doesNotMatch(main.replaceAll("${path.module}/documents/", ""), /\$\{|%\{|templatefile/);
  });

  it("uses no argument that the provider does not know, and all that it requires", () => {
    const blocks = main.split(/\n\n(?=\S)/).filter((block) => block.startsWith("resource "));
    const types = new Set<string>();
    for (const block of blocks) {
      const type = /^resource "(\w+)"/.exec(block)?.[1] ?? "";
      types.add(type);
      const known = ARGUMENTS[type] ?? assert.fail(`${type}: not in the list`);
      const used = [...block.matchAll(/^ {2}(\w+) +(?:=|\{)/gm)].map(([, name = ""]) => name);
      const strange = used.filter(
        (name) => !known.required.includes(name) && !known.optional.includes(name),
      );
      assert.deepEqual(strange, [], block);
      assert.deepEqual(
        known.required.filter((name) => !used.includes(name)),
        [],
        block,
      );
    }
    assert.deepEqual([...types].toSorted(), Object.keys(ARGUMENTS).toSorted(), "every type is met");
  });
});

describe("terraformModule, read by Terraform", { skip: withoutTerraform }, () => {
  it("is laid out as terraform fmt would", async (t) => {
    const { code, stdout, stderr } = await terraform(written(t, files), "fmt", "-check", "-diff");
    assert.equal(code, 0, `${stdout}${stderr}`);
  });

  it("gives the provider every document, byte for byte", async (t) => {
    const { resources } = await plan(t, files, SETS);
    const given = givenDocuments(resources);
    assert.deepEqual(compactDocuments(resources), documentsOf(sample));
    const texts = new Set(files.map(({ text }) => text));
    for (const text of given) assert.ok(texts.has(text), "a file as it is");
  });

  for (const [named, deployment] of [
    ["a realistic map", realistic],
    ["a map of several buckets", further],
  ] as const)
    it(`gives the provider every document of ${named}`, async (t) => {
      const module = terraformModule(deployment);
      const declared = module.find(({ path }) => path === "variables.tf")?.text ?? "";
      const sets = [...declared.matchAll(/^variable "(permission-set_\S+)"/gm)].map(
        ([, name = ""]) =>
          [name, "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1"] as const,
      );
      assert.ok(sets.length > 0);
      const { resources } = await plan(t, module, {
        identity_center_instance_arn: SETS.identity_center_instance_arn,
        ...Object.fromEntries(sets),
      });
      assert.deepEqual(compactDocuments(resources), documentsOf(deployment));
      const { code, stdout } = await terraform(written(t, module), "fmt", "-check", "-diff");
      assert.equal(code, 0, stdout);
    });

  it("puts each document where the deployment has it", async (t) => {
    const { resources } = await plan(t, files, SETS);
    const argument = (address: string, name: string): unknown => resources.get(address)?.[name];
    for (const { name, policy, region, settings } of sample.buckets) {
      const s3 = (type: string, member: string): unknown =>
        argument(`aws_s3_bucket_${type}.${name}`, member);
      assert.deepEqual(parsed(s3("policy", "policy")), policy);
      for (const type of [
        "policy",
        "public_access_block",
        "ownership_controls",
        "versioning",
        "server_side_encryption_configuration",
      ])
        assert.deepEqual([s3(type, "bucket"), s3(type, "region")], [name, region], type);
      assert.deepEqual(s3("ownership_controls", "rule"), { object_ownership: settings.ownership });
      assert.deepEqual(s3("versioning", "versioning_configuration"), {
        status: settings.versioning,
      });
      assert.deepEqual(s3("server_side_encryption_configuration", "rule"), {
        bucket_key_enabled: settings.encryption?.bucketKey,
        apply_server_side_encryption_by_default: {
          sse_algorithm: settings.encryption?.algorithm,
          kms_master_key_id: settings.encryption?.key,
        },
      });
    }
    const keys = addressesOf(resources, "aws_kms_key_policy").map((one) => [
      argument(one, "key_id"),
      argument(one, "region"),
    ]);
    assert.deepEqual(
      keys,
      sample.keys.map(({ arn }) => [arn, arn.split(":")[3]]),
    );
    const endpoints = addressesOf(resources, "aws_vpc_endpoint_policy").map((one) =>
      argument(one, "vpc_endpoint_id"),
    );
    assert.deepEqual(
      endpoints,
      sample.endpoints.map(({ id }) => id),
    );
  });

  it("attaches each policy to whom it is for, and makes only roles whose trust is known", async (t) => {
    const { resources } = await plan(t, files, SETS);
    const all = (type: string, ...names: readonly string[]): readonly unknown[] =>
      addressesOf(resources, type)
        .map((one) => names.map((name) => resources.get(one)?.[name]))
        .toSorted((one, other) => (String(one) < String(other) ? -1 : 1));
    assert.deepEqual(
      all("aws_iam_role", "name", "path", "max_session_duration", "permissions_boundary"),
      [
        ["people", "/postern/", 3600, "people-boundary"],
        ["web+db", "/postern/", undefined, null],
        ["web_db", "/postern/", 3600, null],
      ],
    );
    assert.deepEqual(all("aws_iam_role_policy", "name", "role"), [
      ["postern", "older"],
      ["postern", "people"],
      ["postern", "web+db"],
    ]);
    // where an ARN is known to AWS alone, the name stands for it
    assert.deepEqual(all("aws_iam_role_policy_attachment", "role", "policy_arn"), [
      ["legacy", "postern-legacy"],
      ["web+db", "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
      ["web_db", "postern-web_db-1"],
      ["web_db", "postern-web_db-2"],
    ]);
    assert.deepEqual(all("aws_iam_user_policy", "name", "user"), [["postern", "bob"]]);
    assert.deepEqual(all("aws_iam_user_policy_attachment", "user", "policy_arn"), [
      ["alice", "postern-alice"],
    ]);
    assert.deepEqual(all("aws_iam_instance_profile", "name", "role"), [["web+db", "web+db"]]);
    assert.deepEqual(all("aws_ssoadmin_permission_set_inline_policy", "permission_set_arn"), [
      [SETS["permission-set_Ops"]],
    ]);
  });

  it("leaves permission sets alone that nobody gave the ARN of", async (t) => {
    const { resources } = await plan(t, files);
    assert.deepEqual(
      [...resources.keys()].filter((one) => one.startsWith("aws_ssoadmin")),
      [],
    );
  });

  it("makes roles before the policies that name them, and changes a bucket one step at a time", async (t) => {
    const { dependsOn } = await plan(t, files);
    const web = addressOf("aws_iam_role", "web+db");
    for (const [address, before] of dependsOn)
      if (/^aws_(?:kms_key|s3_bucket)_policy\./.test(address))
        assert.ok(before.includes(web), address);
    assert.deepEqual(dependsOn.get("aws_iam_role.people"), [addressOf("aws_iam_role", "web_db")]);
    const steps = [...dependsOn].filter(([address]) => address.endsWith(".acme-secrets"));
    assert.deepEqual(
      steps
        .map(([, before]) => before.filter((one) => one.startsWith("aws_s3")))
        .flat()
        .toSorted(),
      steps
        .map(([address]) => address)
        .filter((address) => !address.includes("_policy."))
        .toSorted(),
    );
  });

  const others: readonly (readonly [string, string])[] = [
    ["bucket_acme-secrets", "acme-secrets-2"],
    ["endpoint_vpce-1a2b3c4d", "vpce-00000000"],
    ["key_us-east-1_1234abcd-12ab-34cd-56ef-1234567890ab", sample.keys[1]?.arn ?? ""],
    ["role_legacy", "admin"],
    ["user_alice", "bob"],
  ];
  it("takes no other bucket, key, endpoint, role or user than the one that was proved", async (t) => {
    for (const [name, value] of others) {
      const { code, stderr } = await tryPlan(t, files, { [name]: value });
      assert.equal(code, 1, name);
      assert.match(
        stderr.replaceAll(/[\s│]+/g, " "),
        /what was proved of them holds for that alone/,
        name,
      );
    }
  });

  it("is a module also for a deployment with nothing but one bucket", async (t) => {
    const [bucket] = sample.buckets;
    const settings = {
      publicAccessBlocked: undefined,
      ownership: undefined,
      versioning: undefined,
      encryption: undefined,
    };
    const small: Deployment = {
      ...sample,
      buckets: bucket === undefined ? [] : [{ ...bucket, settings }],
      keys: [],
      identities: [],
      endpoints: [],
    };
    const module = terraformModule(small);
    const { code, stdout } = await terraform(written(t, module), "fmt", "-check", "-diff");
    assert.equal(code, 0, stdout);
    assert.deepEqual(
      [...(await plan(t, module)).resources.keys()],
      ["aws_s3_bucket_policy.acme-secrets"],
    );
  });
});

type Arguments = Readonly<Record<string, unknown>>;

function givenDocuments(resources: ReadonlyMap<string, Arguments>): readonly string[] {
  return [...resources.values()].flatMap((one) =>
    ["policy", "assume_role_policy", "inline_policy"]
      .map((name) => one[name])
      .filter((text) => typeof text === "string"),
  );
}

function compactDocuments(resources: ReadonlyMap<string, Arguments>): readonly string[] {
  return givenDocuments(resources)
    .map((text) => JSON.stringify(parsed(text)))
    .toSorted();
}

function addressesOf(resources: ReadonlyMap<string, unknown>, type: string): readonly string[] {
  return [...resources.keys()].filter((address) => address.startsWith(`${type}.`));
}

function addressOf(type: string, name: string): string {
  return `${type}.${terraformName(name)}`;
}

function parsed(text: unknown): unknown {
  return JSON.parse(typeof text === "string" ? text : "null");
}

function textOf(path: string): string {
  return files.find((one) => one.path === path)?.text ?? assert.fail(path);
}
