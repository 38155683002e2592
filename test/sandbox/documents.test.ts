import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Deployment, IdentityDocuments, PolicyJson } from "../../agent/policy/deployment.ts";
import type { Principal } from "../../agent/sandbox/authorise.ts";
import { documentAuthoriser } from "../../agent/sandbox/documents.ts";

const account = "111122223333";
const BUCKET = "arn:aws:s3:::acme-secrets";
const KEY = `arn:aws:kms:eu-central-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const roleArn = (name: string): string => `arn:aws:iam::${account}:role/postern/${name}`;
const role = (name: string): Principal => ({
  kind: "role",
  arn: roleArn(name),
  account,
  name,
  sessionArn: `arn:aws:sts::${account}:assumed-role/${name}/i-0abc`,
});
const ada: Principal = {
  kind: "user",
  arn: `arn:aws:iam::${account}:user/ada`,
  account,
  name: "ada",
};

const documentOf = (...statements: readonly object[]): PolicyJson => ({
  Version: "2012-10-17",
  Statement: statements,
});
const allow = (Action: string, Resource: string, more: object = {}): object => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});
const listing = { Condition: { StringLike: { "s3:prefix": ["web/", "web/*"] } } };
const ofWeb = { Condition: { StringEquals: { "kms:EncryptionContext:postern:group": "web" } } };

const SETTINGS = {
  publicAccessBlocked: true,
  ownership: "BucketOwnerEnforced",
  versioning: "Enabled",
  encryption: undefined,
} as const;

const identity = (
  kind: IdentityDocuments["kind"],
  arn: string,
  document: PolicyJson,
  boundary?: PolicyJson,
): IdentityDocuments => ({
  kind,
  arn,
  trust: undefined,
  maxSessionSeconds: undefined,
  hasInstanceProfile: false,
  policies: [{ name: "own", form: "inline", document }],
  foreignPolicies: [],
  boundary,
});

const everything = documentOf(allow("*", "*"));
const ssoRole = (suffix: string): Principal => {
  const name = `AWSReservedSSO_${suffix}`;
  return {
    kind: "role",
    arn: `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/eu-central-1/${name}`,
    account,
    name,
    sessionArn: `arn:aws:sts::${account}:assumed-role/${name}/ada@example.com`,
  };
};

const deployment: Deployment = {
  account,
  partition: "aws",
  identities: [
    identity(
      "role",
      roleArn("web"),
      documentOf(allow("s3:GetObject", `${BUCKET}/web/*`), allow("s3:ListBucket", BUCKET, listing)),
    ),
    identity("role", roleArn("star"), everything),
    identity("role", roleArn("bound"), everything, documentOf(allow("kms:*", "*"))),
    identity(
      "permission set",
      `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Readers_*`,
      documentOf(allow("s3:GetObject", `${BUCKET}/db/*`)),
    ),
  ],
  buckets: [
    {
      name: "acme-secrets",
      region: "eu-central-1",
      settings: SETTINGS,
      policy: documentOf(
        {
          Effect: "Deny",
          Principal: "*",
          Action: "s3:GetObject",
          Resource: `${BUCKET}/web/*`,
          Condition: { ArnNotEquals: { "aws:PrincipalArn": [roleArn("web"), roleArn("bound")] } },
        },
        {
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: `${BUCKET}/*`,
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
        allow("s3:PutObject", `${BUCKET}/web/*`, { Principal: { AWS: ada.arn } }),
      ),
    },
  ],
  keys: [
    {
      arn: KEY,
      policy: documentOf(
        allow("kms:Decrypt", "*", { Principal: { AWS: roleArn("web") }, ...ofWeb }),
      ),
      grants: [
        { GranteePrincipal: roleArn("bound"), Operations: ["Encrypt"], KeyId: KEY, GrantId: "0" },
      ],
    },
  ],
  endpoints: [],
};
const authoriser = documentAuthoriser(deployment);

const group = (name: string): Readonly<Record<string, readonly string[]>> => ({
  "kms:EncryptionContext:postern:group": [name],
});

describe("the authoriser of documents", () => {
  const rows: readonly (readonly [
    why: string,
    principal: Principal,
    action: string,
    resource: string,
    context: Readonly<Record<string, readonly string[]>>,
    expected: true | readonly [layer: string, explicit: boolean],
  ])[] = [
    ["a role reads its group", role("web"), "s3:GetObject", `${BUCKET}/web/db`, {}, true],
    ["and no other", role("web"), "s3:GetObject", `${BUCKET}/db/pw`, {}, ["identity", false]],
    ["it lists its group", role("web"), "s3:ListBucket", BUCKET, { "s3:prefix": ["web/"] }, true],
    [
      "and no other, nor all",
      role("web"),
      "s3:ListBucket",
      BUCKET,
      { "s3:prefix": [""] },
      ["identity", false],
    ],
    [
      "a bucket stops a role with every right",
      role("star"),
      "s3:GetObject",
      `${BUCKET}/web/db`,
      {},
      ["resource", true],
    ],
    [
      "a boundary stops a role",
      role("bound"),
      "s3:GetObject",
      `${BUCKET}/web/db`,
      {},
      ["boundary", false],
    ],
    ["a bucket lets a user write", ada, "s3:PutObject", `${BUCKET}/web/db`, {}, true],
    ["a key opens for its context", role("web"), "kms:Decrypt", KEY, group("web"), true],
    ["and for no other", role("web"), "kms:Decrypt", KEY, group("db"), ["key", false]],
    [
      "a key does not open for every right",
      role("star"),
      "kms:Decrypt",
      KEY,
      group("web"),
      ["key", false],
    ],
    [
      "a key without a policy opens for nobody",
      role("star"),
      "kms:Decrypt",
      `${KEY}0`,
      {},
      ["key", false],
    ],
    ["a grant opens a key", role("bound"), "kms:Encrypt", KEY, {}, true],
    [
      "a role of a permission set reads what the set allows",
      ssoRole("Readers_0123456789abcdef"),
      "s3:GetObject",
      `${BUCKET}/db/pw`,
      {},
      true,
    ],
    [
      "a role of another permission set does not",
      ssoRole("Editors_0123456789abcdef"),
      "s3:GetObject",
      `${BUCKET}/db/pw`,
      {},
      ["identity", false],
    ],
    [
      "nobody in particular reads nothing",
      { kind: "anonymous" },
      "s3:GetObject",
      `${BUCKET}/db/pw`,
      {},
      ["resource", false],
    ],
  ];

  for (const [why, principal, action, resource, context, expected] of rows)
    it(why, () => {
      const decision = authoriser.decide({ principal, action, resource, context });
      assert.deepEqual(decision.allowed ? true : [decision.layer, decision.explicit], expected);
    });

  it("refuses a document that is none, by its name", () => {
    const [bucket] = deployment.buckets;
    assert.ok(bucket !== undefined);
    assert.throws(
      () =>
        documentAuthoriser({
          ...deployment,
          buckets: [{ ...bucket, name: "b", policy: documentOf({}) }],
        }),
      /b: Statement\[0\]/,
    );
  });
});
