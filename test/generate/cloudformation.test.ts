import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cloudformationTemplates } from "../../agent/generate/cloudformation.ts";
import { terraformModule } from "../../agent/generate/terraform.ts";
import { logicalId } from "../../agent/generate/logical-ids.ts";
import type { Deployment, IdentityDocuments } from "../../agent/policy/deployment.ts";
import { further, realistic } from "../support/deployments.ts";
import { documentsOf, sample } from "./sample-deployment.ts";

interface Template {
  readonly Parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

interface Resource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

const files = cloudformationTemplates(sample);
const home = templateOf("template.json");
const west = templateOf("template-us-west-2.json");

describe("cloudformationTemplates", () => {
  it("is the same to the byte for the same deployment", () => {
    assert.deepEqual(cloudformationTemplates(structuredClone(sample)), files);
  });

  for (const [named, deployment] of [
    ["a sample", sample],
    ["a realistic map", realistic],
    ["a map of several buckets", further],
  ] as const)
    it(`has every document of ${named} once, in a template or beside them, as it was`, () => {
      const own = cloudformationTemplates(deployment);
      const templates = own
        .filter(({ path }) => path.startsWith("template"))
        .map(({ text }) => JSON.parse(text) as Template);
      const beside = own
        .filter(({ path }) => path.startsWith("documents/") && !path.includes("/foreign-roles/"))
        .map(({ text }) => JSON.parse(text) as unknown);
      const all = [...templates.flatMap(documentsIn), ...beside];
      assert.deepEqual(all.map((one) => JSON.stringify(one)).toSorted(), documentsOf(deployment));
      assert.ok(beside.length < all.length / 2, "most in templates");
    });

  it("fills nothing into a document", () => {
    for (const document of [...documentsIn(home), ...documentsIn(west)])
      assert.doesNotMatch(JSON.stringify(document), /"(?:Ref|Fn::\w+)":/);
    for (const { text } of files) assert.doesNotMatch(text, /Fn::Sub|\{\{resolve:/);
  });

  it("puts each document where the deployment has it", () => {
    const [bucket, replica] = sample.buckets;
    assert.deepEqual(all(home, "AWS::S3::BucketPolicy", "Bucket", "PolicyDocument"), [
      ["acme-secrets", bucket?.policy],
    ]);
    assert.deepEqual(all(west, "AWS::S3::BucketPolicy", "Bucket", "PolicyDocument"), [
      ["acme-secrets-west", replica?.policy],
    ]);
    assert.deepEqual(
      all(
        home,
        "AWS::IAM::Role",
        "RoleName",
        "Path",
        "MaxSessionDuration",
        "AssumeRolePolicyDocument",
      ),
      sample.identities
        .slice(0, 3)
        .map(({ arn, trust, maxSessionSeconds }) => [
          arn.split("/").at(-1),
          "/postern/",
          maxSessionSeconds,
          trust,
        ]),
    );
    assert.deepEqual(all(home, "AWS::IAM::InstanceProfile", "InstanceProfileName", "Roles"), [
      ["web+db", ["web+db"]],
    ]);
    assert.deepEqual(
      all(home, "AWS::IAM::RolePolicy", "RoleName", "PolicyName", "PolicyDocument"),
      [["older", "postern", documentFor("older")]],
    );
    assert.deepEqual(
      all(home, "AWS::IAM::UserPolicy", "UserName", "PolicyName", "PolicyDocument"),
      [["bob", "postern", documentFor("bob")]],
    );
    assert.deepEqual(all(home, "AWS::IAM::ManagedPolicy", "ManagedPolicyName", "Roles", "Users"), [
      ["postern-web_db-1", ["web_db"], undefined],
      ["postern-web_db-2", ["web_db"], undefined],
      ["people-boundary", undefined, undefined],
      ["postern-legacy", ["legacy"], undefined],
      ["postern-alice", undefined, ["alice"]],
      ["postern-Audit", undefined, undefined],
    ]);
  });

  it("embeds inline policies in the roles that it makes, and attaches those of others", () => {
    const [web, , people] = all(
      home,
      "AWS::IAM::Role",
      "Policies",
      "ManagedPolicyArns",
      "PermissionsBoundary",
    );
    const [made] = sample.identities;
    assert.deepEqual(web, [
      [{ PolicyName: "postern", PolicyDocument: made?.policies[0]?.document }],
      made?.foreignPolicies,
      { "Fn::If": ["HasBoundary", "", { Ref: "AWS::NoValue" }] },
    ]);
    assert.deepEqual(people?.[2], { Ref: "BoundaryPeople" });
  });

  it("makes roles before the bucket policy that names them, which outlives the stack", () => {
    const policy = home.Resources["BucketPolicyAcmeSecrets"];
    assert.deepEqual(policy?.DependsOn, [logicalId("Role", "web+db")]);
    assert.equal(policy.DeletionPolicy, "Retain");
    assert.deepEqual(home.Resources["RolePeople"]?.DependsOn, [logicalId("Role", "web_db")]);
    const roles = Object.entries(home.Resources).filter(
      ([, { Type }]) => Type === "AWS::IAM::Role",
    );
    assert.ok(roles.some(([id]) => id === policy.DependsOn?.[0]));
  });

  it("takes no other bucket, role or user than the one that was proved", () => {
    const fixed = [...Object.entries(home.Parameters), ...Object.entries(west.Parameters)].filter(
      ([name]) => name !== "PermissionsBoundary",
    );
    assert.equal(fixed.length, 6);
    for (const [name, { Default, AllowedValues }] of fixed)
      assert.deepEqual(AllowedValues, [Default], name);
  });

  it("says what no stack applies, each with its command and document", () => {
    const readme = textOf("README.md");
    const paths = files.filter(({ path }) => path.startsWith("documents/")).map(({ path }) => path);
    for (const path of paths)
      assert.ok(
        readme.includes(
          path.includes("/foreign-") ? "foreign-roles/444455556666/partner" : `file://${path}`,
        ),
        path,
      );
    for (const { arn } of sample.keys)
      assert.ok(
        readme.includes(`aws kms put-key-policy --region ${arn.split(":")[3]} --key-id ${arn}`),
      );
    assert.doesNotMatch(readme, /--s3-bucket/);
  });

  it("says which identity providers must be there, in either format", () => {
    for (const encode of [cloudformationTemplates, terraformModule]) {
      const readme = encode(realistic).find(({ path }) => path === "README.md")?.text ?? "";
      assert.match(readme, /^- arn:aws:iam::111122223333:oidc-provider\/\S+, which roles trust$/m);
    }
  });

  it("says when a template is too long to be sent, and refuses one that is too long at all", () => {
    const long = cloudformationTemplates(withRoles(40));
    const readme = long.find(({ path }) => path === "README.md")?.text ?? "";
    const bytes = Buffer.byteLength(long.find(({ path }) => path === "template.json")?.text ?? "");
    assert.ok(bytes > 51_200);
    assert.match(readme, new RegExp(`has ${bytes} bytes, more than the 51200`));
    assert.match(readme, /--s3-bucket TEMPLATES/);
    assert.throws(() => cloudformationTemplates(withRoles(501)), {
      code: "TooLarge",
      message: /"template.json": expected at most 1048576 bytes and 500 resources/,
    });
  });

  const changed: readonly (readonly [string, unknown])[] = [
    [
      "{{resolve:ssm:name}}",
      { Condition: { StringEquals: { "aws:PrincipalTag/a": ["{{resolve:ssm:name}}"] } } },
    ],
    ["Ref", { Resource: { Ref: "AWS::Region" } }],
    ["Fn::Sub", { Resource: [{ "Fn::Sub": "x" }] }],
  ];
  it("refuses a document that CloudFormation would change", () => {
    for (const [told, members] of changed) {
      const [bucket] = sample.buckets;
      assert.ok(bucket !== undefined);
      const policy = { Version: "2012-10-17", Statement: [members] };
      assert.throws(
        () => cloudformationTemplates({ ...sample, buckets: [{ ...bucket, policy }] }),
        (error: Error) => {
          assert.match(error.message, /expected plain JSON, got/);
          return error.message.includes(JSON.stringify(told));
        },
      );
    }
  });

  it("gives no two things one name, whatever they are called", () => {
    const [bucket] = sample.buckets;
    const user = sample.identities.find(({ arn }) => arn.endsWith("/bob"));
    assert.ok(bucket !== undefined && user !== undefined);
    const buckets = ["web", "policy-web"].map((name) => ({ ...bucket, name }));
    const called = ["bob", "bob-inline-postern"].map((name) => user.arn.replace("bob", name));
    const identities = [...called, ...called.map((arn) => arn.replace(":user/", ":role/"))].map(
      (arn) => ({ ...user, arn, kind: arn.includes(":role/") ? ("role" as const) : user.kind }),
    );
    const [, template] = cloudformationTemplates({
      ...sample,
      buckets,
      identities,
      keys: [],
      endpoints: [],
    });
    const { Parameters, Resources } = JSON.parse(template?.text ?? "") as Template;
    const names = [...Object.keys(Parameters), ...Object.keys(Resources)];
    assert.deepEqual([names.length, new Set(names).size], [12, 12]);
  });

  it("refuses two managed policies of one name", () => {
    const twice = sample.identities.map((one) => ({
      ...one,
      policies: one.policies.map((policy) => ({ ...policy, name: "same" })),
    }));
    assert.throws(() => cloudformationTemplates({ ...sample, identities: twice }), {
      code: "Internal",
    });
  });
});

function withRoles(count: number): Deployment {
  const [first] = sample.identities;
  assert.ok(first !== undefined);
  const identities = Array.from({ length: count }, (_, at): IdentityDocuments => ({
    ...first,
    hasInstanceProfile: false,
    arn: `${first.arn}-${at}`,
  }));
  return { ...sample, identities };
}

function textOf(path: string): string {
  return files.find((one) => one.path === path)?.text ?? assert.fail(path);
}

function templateOf(path: string): Template {
  return JSON.parse(textOf(path)) as Template;
}

function documentFor(name: string): unknown {
  return sample.identities.find(({ arn }) => arn.endsWith(`/${name}`))?.policies[0]?.document;
}

/** These properties of every resource of `type`, references as the names that they stand for. */
function all(
  template: Template,
  type: string,
  ...names: readonly string[]
): readonly (readonly unknown[])[] {
  return Object.values(template.Resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => names.map((name) => resolved(template, Properties[name])));
}

function resolved(template: Template, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => resolved(template, one));
  if (typeof value !== "object" || value === null) return value;
  if ("Ref" in value && typeof value.Ref === "string")
    return (
      template.Parameters[value.Ref]?.["Default"] ??
      template.Resources[value.Ref]?.Properties["RoleName"] ??
      value
    );
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, resolved(template, one)]),
  );
}

function documentsIn({ Resources }: Template): readonly unknown[] {
  return Object.values(Resources).flatMap(({ Properties }) => {
    const { PolicyDocument, AssumeRolePolicyDocument, Policies } = Properties;
    const inline = (Policies ?? []) as readonly { readonly PolicyDocument: unknown }[];
    return [
      PolicyDocument,
      AssumeRolePolicyDocument,
      ...inline.map((one) => one.PolicyDocument),
    ].filter((one) => one !== undefined);
  });
}
