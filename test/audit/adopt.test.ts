import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { adopt } from "../../agent/audit/adopt.ts";
import { ownerOf } from "../../agent/audit/adopt-account.ts";
import { readExport } from "../../agent/audit/exported.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment, IdentityDocuments, PolicyJson } from "../../agent/policy/deployment.ts";
import { BUCKET, exportOf, KEY } from "../support/exports.ts";

const A = "111122223333";
const bucket = `arn:aws:s3:::${BUCKET}`;
const documentOf = (...statements: readonly object[]): PolicyJson => {
  return { Version: "2012-10-17", Statement: statements };
};
const allow = (actions: readonly string[], ...resources: readonly string[]) => {
  return { Effect: "Allow", Action: actions, Resource: resources };
};

function identity(arn: string, ...statements: readonly object[]): IdentityDocuments {
  return {
    kind: arn.includes(":user/") ? "user" : "role",
    arn,
    trust: arn.includes(":user/")
      ? undefined
      : documentOf({
          Effect: "Allow",
          Principal: { Service: "ec2.amazonaws.com" },
          Action: "sts:AssumeRole",
        }),
    maxSessionSeconds: undefined,
    hasInstanceProfile: false,
    policies:
      statements.length === 0
        ? []
        : [{ name: "own", form: "inline", document: documentOf(...statements) }],
    foreignPolicies: [],
    boundary: undefined,
  };
}

const web = `arn:aws:iam::${A}:role/app/Web_Host`;
const ci = `arn:aws:iam::${A}:role/ci`;
const SSO = `arn:aws:iam::${A}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Ops_0123456789abcdef`;
const alice = `arn:aws:iam::${A}:user/alice`;
const admin = `arn:aws:iam::${A}:role/admin`;
const partner = "arn:aws:iam::444455556666:role/partner";

const inventory = {
  Sid: "Inventory",
  Effect: "Allow",
  Principal: { Service: "s3.amazonaws.com" },
  Action: "s3:PutObject",
  Resource: `${bucket}/inventory/*`,
  Condition: { StringEquals: { "aws:SourceAccount": A } },
};
const billing = {
  Sid: "Billing",
  Effect: "Allow",
  Principal: { AWS: partner },
  Action: "s3:GetBucketTagging",
  Resource: bucket,
};
const keyAlien = {
  Sid: "Backup",
  Effect: "Allow",
  Principal: { Service: "backup.amazonaws.com" },
  Action: "kms:Decrypt",
  Resource: "*",
};

const TLS = {
  Sid: "Tls",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: [bucket, `${bucket}/*`],
  Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } },
};

/** A bucket as it grew: readers by role, CI by role, people by user and permission set, a partner by bucket policy. */
const GROWN: Deployment = {
  account: A,
  partition: "aws",
  buckets: [
    {
      name: BUCKET,
      region: "us-east-1",
      policy: documentOf(TLS, inventory, billing, {
        Sid: "Partner",
        Effect: "Allow",
        Principal: { AWS: partner },
        Action: ["s3:GetObject"],
        Resource: `${bucket}/shared/*`,
      }),
      settings: {
        publicAccessBlocked: true,
        ownership: "BucketOwnerEnforced",
        versioning: "Enabled",
        encryption: { algorithm: "aws:kms", key: KEY, bucketKey: false },
      },
    },
  ],
  keys: [
    {
      arn: KEY,
      policy: documentOf(
        {
          Sid: "Root",
          Effect: "Allow",
          Principal: { AWS: `arn:aws:iam::${A}:root` },
          Action: "kms:*",
          Resource: "*",
        },
        keyAlien,
        {
          Sid: "PartnerKey",
          Effect: "Allow",
          Principal: { AWS: partner },
          Action: "kms:Decrypt",
          Resource: "*",
        },
      ),
      grants: [],
    },
  ],
  identities: [
    identity(
      web,
      allow(["s3:GetObject"], `${bucket}/web/*`),
      allow(["s3:ListBucket"], bucket),
      allow(["kms:Decrypt"], KEY),
    ),
    identity(
      ci,
      allow(["s3:PutObject"], `${bucket}/web/*`, `${bucket}/db/*`),
      allow(["kms:GenerateDataKey"], KEY),
    ),
    identity(
      SSO,
      allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], `${bucket}/db/*`),
      allow(["kms:*"], KEY),
    ),
    identity(alice, allow(["s3:GetObject"], `${bucket}/db/secret`)),
    identity(admin, allow(["*"], "*"), allow(["s3:PutBucketPolicy"], bucket)),
    identity(`arn:aws:iam::${A}:role/bystander`, allow(["sqs:*"], "*")),
  ],
  endpoints: [],
};

const adopted = adopt(GROWN, undefined);
const { map, text } = adopted;

describe("a map of a bucket in use", () => {
  it("is one that is read like any other", () => {
    assert.equal(parseMap(text, "map.yaml").home.bucket, BUCKET);
  });

  it("has everybody who is about the bucket, by kind, and nobody else", () => {
    const found = map.principals.map(({ name, kind }) => `${name} ${kind}`).toSorted();
    assert.deepEqual(found, [
      "admin existing",
      "alice user",
      "ci existing",
      "ops sso",
      "partner foreign",
      "web_host existing",
    ]);
  });

  it("knows an instance's role by who may assume it", () => {
    const host = map.principals.find(({ name }) => name === "web_host");
    assert.ok(host?.kind === "existing" && host.isInstance && host.arn === web);
  });

  it("has the groups that policies name, by prefix", () => {
    assert.deepEqual(
      map.groups.map(({ name }) => name),
      ["db", "shared", "web"],
    );
    assert.ok(map.groups.every(({ sse }) => sse.type === "kms" && sse.key === KEY));
  });

  const rights = map.groups.map(({ name, readers, publishers }) => {
    return [
      name,
      [...readers].toSorted(),
      publishers.map((one) => `${one.principal} ${one.level}`).toSorted(),
    ] as const;
  });

  it("makes readers and publishers of those whom the documents let, at the nearest level", () => {
    assert.deepEqual(rights, [
      ["db", [], ["admin restore", "ci write", "ops edit"]],
      // by the policies of bucket and key: what its own account lets it do is not told
      ["shared", ["partner"], ["admin restore"]],
      ["web", ["web_host"], ["admin restore", "ci write"]],
    ]);
  });

  it("takes guards from the policy, and none that it lacks", () => {
    const { tls, org, imdsV2, presigned, stolenCredentials } = map.guards;
    assert.deepEqual(
      [tls, org, imdsV2, presigned, stolenCredentials],
      ["1.2", undefined, false, "allow", "off"],
    );
  });

  it("takes no guard from a statement that spares somebody", () => {
    const sparing = {
      ...TLS,
      Condition: { ...TLS.Condition, ArnNotEquals: { "aws:PrincipalArn": admin } },
    };
    const [home] = GROWN.buckets;
    assert.ok(home !== undefined);
    const other = adopt({ ...GROWN, buckets: [{ ...home, policy: documentOf(sparing) }] }, BUCKET);
    assert.deepEqual(other.map.keep.bucket, [sparing]);
    assert.match(other.text, /tls: "1.2" # new/);
  });

  it("takes the network that the policy asks of everybody", () => {
    const [home] = GROWN.buckets;
    assert.ok(home !== undefined);
    const vpce = {
      ...TLS,
      Sid: "Vpce",
      Condition: { StringNotEquals: { "aws:SourceVpce": ["vpce-0123456789abcdef0"] } },
    };
    const other = adopt({ ...GROWN, buckets: [{ ...home, policy: documentOf(vpce) }] }, BUCKET);
    assert.deepEqual(other.map.keep.bucket, []);
    for (const { network } of other.map.principals)
      assert.deepEqual(network, { kind: "limited", vpces: ["vpce-0123456789abcdef0"], cidrs: [] });
  });

  it("keeps what nothing in it stands for, word for word", () => {
    assert.deepEqual(map.keep.bucket, [inventory, billing]);
    assert.deepEqual([...map.keep.keys], [[KEY, [keyAlien]]]);
  });

  it("finds who may change the policy, and says what it guesses", () => {
    assert.deepEqual(map.deployers, ["admin"]);
    assert.ok(adopted.remarks.some((one) => one.includes("break_glass is a guess")));
  });

  it("says who would gain, by what", () => {
    assert.deepEqual(adopted.gained, ["ops: list db", "partner: list shared"]);
  });

  it("says who would lose, where the map cannot express it", () => {
    // the host could list the whole bucket, and a level of removing alone there is not
    const one = identity(
      `arn:aws:iam::${A}:role/odd`,
      allow(["s3:GetObject"], `${bucket}/web/example`),
      allow(["s3:DeleteObject"], `${bucket}/web/*`),
    );
    const { lost } = adopt({ ...GROWN, identities: [...GROWN.identities, one] }, BUCKET);
    assert.deepEqual(lost, ["web_host: list db", "web_host: list shared", "odd: remove web"]);
  });

  it("is not stopped by policies that cannot be read, of the bucket's users or of others", () => {
    const odd = {
      ...allow(["s3:GetObject"], `${bucket}/web/*`),
      Condition: { StringMatches: { a: "b" } },
    };
    const identities = [
      identity(`arn:aws:iam::${A}:role/odd`, odd),
      identity(`arn:aws:iam::${A}:role/far`, { ...odd, Resource: "*" }),
    ];
    const { remarks } = adopt(
      { ...GROWN, identities: [...GROWN.identities, ...identities] },
      BUCKET,
    );
    assert.ok(remarks.some((one) => one.startsWith(`policy own of arn:aws:iam::${A}:role/odd: `)));
    assert.ok(!remarks.some((one) => one.includes("role/far")));
  });

  it("names objects that are no group", () => {
    const odd = {
      ...GROWN,
      identities: [
        ...GROWN.identities,
        identity(`arn:aws:iam::${A}:role/odd`, allow(["s3:GetObject"], `${bucket}/one-object`)),
      ],
    };
    assert.ok(
      adopt(odd, BUCKET).remarks.some((one) => one.startsWith('"one-object" is named by policies')),
    );
  });

  it("takes the outer of two prefixes for the group, and shows what that gives", () => {
    const inner = {
      ...GROWN,
      identities: [
        ...GROWN.identities,
        identity(`arn:aws:iam::${A}:role/inner`, allow(["s3:GetObject"], `${bucket}/web/inner/*`)),
      ],
    };
    const found = adopt(inner, BUCKET);
    assert.deepEqual(
      found.map.groups.map(({ name }) => name),
      ["db", "shared", "web"],
    );
    assert.match(found.text, /"web": # .*web\/inner\/\* lies in it/);
  });

  it("comes out the same from an export", () => {
    const { deployment } = readExport(exportOf(GROWN, "account"), {
      account: "",
      partition: "",
      region: "us-east-1",
    });
    assert.equal(adopt({ ...deployment, ...ownerOf(deployment) }, undefined).text, text);
  });
});

describe("a map cannot be told", () => {
  const ROWS: readonly (readonly [
    why: string,
    deployment: Deployment,
    bucket: string | undefined,
    expected: RegExp,
  ])[] = [
    [
      "of no bucket",
      { ...GROWN, buckets: [] },
      undefined,
      /expected the documents of one bucket, got none/,
    ],
    [
      "of several, without saying which",
      { ...GROWN, buckets: [...GROWN.buckets, ...GROWN.buckets] },
      undefined,
      /expected the documents of one bucket, got acme-secrets, acme-secrets/,
    ],
    [
      "of another bucket",
      GROWN,
      "other",
      /expected the documents of bucket "other", got acme-secrets/,
    ],
    [
      "where nobody uses the bucket",
      {
        ...GROWN,
        identities: [],
        keys: [],
        buckets: GROWN.buckets.map((one) => ({ ...one, policy: undefined })),
      },
      undefined,
      /expected policies that name a role or user/,
    ],
  ];
  for (const [why, deployment, name, expected] of ROWS)
    it(why, () => {
      assert.throws(
        () => adopt(deployment, name),
        (error) =>
          error instanceof PosternError && error.code === "BadData" && expected.test(error.message),
      );
    });

  it("without an ARN that says whose account it is", () => {
    assert.throws(() => ownerOf({ ...GROWN, keys: [], identities: [] }), PosternError);
  });
});
