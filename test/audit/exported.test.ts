import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Exported, type ExportedFile, readExport } from "../../agent/audit/exported.ts";
import { PosternError } from "../../agent/core/errors.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { BUCKET, exportOf, KEY, SMALL } from "../support/exports.ts";

const OWNER = { account: "111122223333", partition: "aws", region: "us-east-1" };
const ROLE = "arn:aws:iam::111122223333:role/postern/web";
const STATEMENT = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
const DOCUMENT = { Version: "2012-10-17", Statement: STATEMENT };

const USER = "arn:aws:iam::111122223333:user/alice";
const ALICE = {
  "users/alice/user.json": { User: { Arn: USER } },
  "users/alice/names.json": { PolicyNames: [] },
  "users/alice/attached.json": { AttachedPolicies: [] },
};

type Files = Readonly<Record<string, unknown>>;

function read(files: Files): Exported {
  return readExport(
    Object.entries(files).map(([path, value]): ExportedFile => {
      return { path, text: typeof value === "string" ? value : JSON.stringify(value) };
    }),
    OWNER,
  );
}

const [web] = SMALL.identities;
assert.ok(web !== undefined);
const FULL: Deployment = {
  ...SMALL,
  keys: SMALL.keys.map((key) => ({
    ...key,
    grants: [{ KeyId: KEY, GrantId: "1", GranteePrincipal: ROLE, Operations: ["Decrypt"] }],
  })),
  identities: [
    {
      ...web,
      policies: [...web.policies, { name: "more", form: "managed", document: DOCUMENT }],
      boundary: DOCUMENT,
    },
    ...SMALL.identities.slice(1),
  ],
};

describe("an export", () => {
  for (const [why, deployment] of [
    ["a small deployment", SMALL],
    ["grants, managed policies and a boundary", FULL],
  ] as const)
    for (const style of ["account", "single"] as const)
      it(`gives back ${why}, exported by ${style}`, () => {
        const { deployment: found, knows } = readExport(exportOf(deployment, style), OWNER);
        assert.deepEqual(found, deployment);
        for (const aspect of [
          "policy",
          "public access block",
          "ownership",
          "versioning",
          "encryption",
        ] as const)
          assert.ok(knows(BUCKET, aspect), aspect);
        for (const aspect of [
          "identity",
          "policies",
          "session",
          "boundary",
          "instance profiles",
        ] as const)
          assert.ok(knows(ROLE, aspect), aspect);
        for (const aspect of ["policy", "grants"] as const) assert.ok(knows(KEY, aspect), aspect);
        assert.ok(knows("vpce-0123456789abcdef0", "policy"));
      });

  const bare = {
    Policy: JSON.stringify({
      ...DOCUMENT,
      Statement: { ...STATEMENT, Principal: "*", Resource: `arn:aws:s3:::${BUCKET}/*` },
    }),
  };
  const key = { KeyMetadata: { KeyId: "x", Arn: KEY } };
  const role = { Role: { Arn: ROLE, RoleName: "web", AssumeRolePolicyDocument: DOCUMENT } };

  it("takes a bucket's policy in the top folder by the bucket that it names", () => {
    const { deployment } = read({ "bucket.json": bare, "versioning.json": "" });
    assert.deepEqual(
      deployment.buckets.map(({ name }) => name),
      [BUCKET],
    );
  });

  it("tells a key's policy from a bucket's without help from the command line's version", () => {
    const { deployment } = read({
      "all/a.json": bare,
      "all/b.json": {
        Policy: JSON.stringify({
          Statement: {
            ...STATEMENT,
            Principal: "*",
            Action: "kms:*",
            Condition: {
              StringLike: { "kms:EncryptionContext:aws:s3:arn": `arn:aws:s3:::${BUCKET}/*` },
            },
          },
        }),
      },
      "all/c.json": key,
    });
    assert.deepEqual(
      deployment.keys.map(({ arn }) => arn),
      [KEY],
    );
    assert.deepEqual(
      deployment.buckets.map(({ name }) => name),
      [BUCKET],
    );
  });

  it("calls public access blocked only where all four settings say so", () => {
    const four = {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: false,
    };
    const { deployment } = read({
      [`${BUCKET}/block.json`]: { PublicAccessBlockConfiguration: four },
    });
    assert.equal(deployment.buckets[0]?.settings.publicAccessBlocked, false);
  });

  it("gives users what their groups have", () => {
    const { deployment } = read({
      "iam.json": {
        RoleDetailList: [],
        UserDetailList: [{ Arn: "arn:aws:iam::111122223333:user/alice", GroupList: ["team"] }],
        GroupDetailList: [
          {
            GroupName: "team",
            GroupPolicyList: [{ PolicyName: "read", PolicyDocument: DOCUMENT }],
            AttachedManagedPolicies: [{ PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess" }],
          },
        ],
        Policies: [],
      },
    });
    assert.deepEqual(deployment.identities[0]?.policies, [
      { name: "team/read", form: "inline", document: DOCUMENT },
    ]);
    assert.deepEqual(deployment.identities[0]?.foreignPolicies, [
      "arn:aws:iam::aws:policy/ReadOnlyAccess",
    ]);
  });

  it("gives users what their groups have, exported one by one", () => {
    const { deployment, knows } = read({
      ...ALICE,
      "users/alice/groups.json": { Groups: [{ GroupName: "team" }] },
      "groups/team/names.json": { PolicyNames: ["read"] },
      "groups/team/read.json": {
        GroupName: "team",
        PolicyName: "read",
        PolicyDocument: DOCUMENT,
      },
      "groups/team/attached.json": {
        AttachedPolicies: [{ PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess" }],
      },
    });
    const [alice] = deployment.identities;
    assert.deepEqual(alice?.policies, [{ name: "team/read", form: "inline", document: DOCUMENT }]);
    assert.deepEqual(alice?.foreignPolicies, ["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
    assert.ok(knows(USER, "policies"));
  });

  it("keeps apart a role and a user of the same name", () => {
    const { deployment } = read({
      ...ALICE,
      "roles/alice/role.json": { Role: { ...role.Role, Arn: USER.replace("user", "role") } },
      "roles/alice/attached.json": {
        AttachedPolicies: [{ PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess" }],
      },
    });
    assert.deepEqual(
      deployment.identities.map(({ kind, foreignPolicies }) => [kind, foreignPolicies.length]),
      [
        ["role", 1],
        ["user", 0],
      ],
    );
  });

  const UNKNOWN: readonly (readonly [
    why: string,
    files: Files,
    subject: string,
    aspect: Parameters<Exported["knows"]>[1],
  ])[] = [
    ["a setting that no file tells of", { "a.json": bare }, BUCKET, "versioning"],
    [
      "the policies of a role of which only the role is told",
      { "web/r.json": role },
      ROLE,
      "policies",
    ],
    [
      "the policies of a role with one named and not exported",
      {
        "web/r.json": role,
        "web/n.json": { PolicyNames: ["x"] },
        "web/a.json": { AttachedPolicies: [] },
      },
      ROLE,
      "policies",
    ],
    [
      "a boundary whose text is not there",
      {
        "web/r.json": {
          Role: {
            ...role.Role,
            PermissionsBoundary: { PermissionsBoundaryArn: "arn:aws:iam::111122223333:policy/b" },
          },
        },
      },
      ROLE,
      "boundary",
    ],
    [
      "a role, where single roles were exported",
      { "web/r.json": role },
      ROLE.replace("web", "db"),
      "identity",
    ],
    ["the policies of a user whose groups are not told", ALICE, USER, "policies"],
    [
      "the policies of a user of whose group not all is told",
      {
        ...ALICE,
        "users/alice/groups.json": { Groups: [{ GroupName: "team" }] },
        "groups/team/names.json": { PolicyNames: [] },
      },
      USER,
      "policies",
    ],
    [
      "a role of another account, by the list of this one",
      { "iam.json": { RoleDetailList: [] } },
      "arn:aws:iam::444455556666:role/partner",
      "identity",
    ],
    [
      "a role, by a user of its name that is not there",
      { "users/web/get-user.json": { Absent: "NoSuchEntity" } },
      ROLE,
      "identity",
    ],
    [
      "how long sessions last, by the account's list alone",
      { "iam.json": { RoleDetailList: [{ Arn: ROLE, AssumeRolePolicyDocument: DOCUMENT }] } },
      ROLE,
      "session",
    ],
    [
      "grants that were not listed",
      { "k/a.json": key, "k/b.json": { Policy: "{}", PolicyName: "default" } },
      KEY,
      "grants",
    ],
  ];
  for (const [why, files, subject, aspect] of UNKNOWN)
    it(`does not claim to know ${why}`, () => {
      assert.equal(read(files).knows(subject, aspect), false);
    });

  const KNOWN: readonly (readonly [
    why: string,
    files: Files,
    subject: string,
    aspect: Parameters<Exported["knows"]>[1],
  ])[] = [
    [
      "no policy of a bucket",
      { [`${BUCKET}/p.json`]: { Absent: "NoSuchBucketPolicy" } },
      BUCKET,
      "policy",
    ],
    [
      "a bucket that is not there",
      { [`${BUCKET}/p.json`]: { Absent: "NoSuchBucket" } },
      BUCKET,
      "versioning",
    ],
    ["a role that is not there", { "web/r.json": { Absent: "NoSuchEntity" } }, ROLE, "identity"],
    ["a role that is not among all", { "iam.json": { RoleDetailList: [] } }, ROLE, "identity"],
    [
      "a key that is not there",
      { "11111111-1111-1111-1111-111111111111/k.json": { Absent: "NotFoundException" } },
      KEY,
      "policy",
    ],
  ];
  for (const [why, files, subject, aspect] of KNOWN)
    it(`knows of ${why}`, () => {
      const { knows, deployment } = read(files);
      assert.equal(knows(subject, aspect), true);
      assert.ok(deployment.identities.length + deployment.keys.length === 0);
    });

  const REFUSED: readonly (readonly [why: string, files: Files, expected: RegExp])[] = [
    [
      "what no command prints",
      { "x/a.json": { Something: 1 } },
      /^x\/a\.json: expected an output of the AWS CLI, got "Something"/,
    ],
    ["what is no JSON", { "a.json": "{" }, /^a\.json: expected JSON/],
    ["a list", { "a.json": [] }, /^a\.json: expected an object, got a list/],
    [
      "half a list",
      { "a.json": { Grants: [], Truncated: true } },
      /^a\.json: expected the whole list, got a part/,
    ],
    [
      "an empty file of another command",
      { "policy.json": "" },
      /^policy\.json: expected an output of the AWS CLI, got nothing/,
    ],
    [
      "a role without its trust",
      { "a.json": { Role: { Arn: ROLE } } },
      /^a\.json: Role\.AssumeRolePolicyDocument: expected this member, got nothing/,
    ],
    [
      "a policy that is no JSON",
      { "a.json": { RoleName: "web", PolicyName: "p", PolicyDocument: "{" } },
      /^a\.json: PolicyDocument: expected a policy document as JSON/,
    ],
    [
      "settings that do not say of what",
      { "a.json": { Status: "Enabled" } },
      /^a\.json: expected to be told of which bucket it is/,
    ],
    [
      "a state of versioning that is none",
      { "b/a.json": { Status: "On" } },
      /^b\/a\.json: Status: expected \("Enabled" \| "Suspended"\), got "On"/,
    ],
    [
      "grants that do not say of what",
      { "a.json": { Grants: [] } },
      /^a\.json: expected to be told of which key it is/,
    ],
    [
      "a policy of a role that nothing tells of",
      { "a.json": { RoleName: "web", PolicyName: "p", PolicyDocument: DOCUMENT } },
      /^a\.json: RoleName: expected a role that is told of, got "web"/,
    ],
    [
      "a version of a policy that nothing names",
      { "a.json": { PolicyVersion: { Document: DOCUMENT, IsDefaultVersion: true } } },
      /^a\.json: expected to be told of which policy it is/,
    ],
  ];
  for (const [why, files, expected] of REFUSED)
    it(`refuses ${why}, by file and member`, () => {
      assert.throws(
        () => read(files),
        (error) =>
          error instanceof PosternError && error.code === "BadData" && expected.test(error.message),
      );
    });
});
