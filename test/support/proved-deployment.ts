/** A small access map and, written by hand, documents that do what it says. @module */
import assert from "node:assert/strict";
import type { Deployment, PolicyJson } from "../../agent/policy/deployment.ts";

export const PROVED_MAP = `
version: 1
account: "111122223333"
region: us-east-1
bucket: acme-secrets
keys:
  web: arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111
  db: arn:aws:kms:us-east-1:111122223333:key/22222222-2222-2222-2222-222222222222
endpoints:
  vpce-0123456789abcdef0: { service: s3 }
  vpce-0fedcba9876543210: { service: kms }
principals:
  web: { kind: ec2, network: { vpce: [vpce-0123456789abcdef0, vpce-0fedcba9876543210] } }
  database: { kind: ec2 }
  ci:
    kind: oidc
    provider: token.actions.githubusercontent.com
    subjects: ["repo:acme/secrets:ref:refs/heads/main"]
  infra: { kind: existing, role: infra }
  emergency: { kind: human, trusted: ["arn:aws:iam::111122223333:user/alice"] }
groups:
  web:
    prefix: web/
    sse: { type: kms, key: web, header: required }
    readers: [web]
    publishers: { ci: edit }
  db:
    bundle: db.bundle
    seal: { mode: envelope, key: db }
    readers: [database]
    publishers: { ci: edit }
  motd:
    prefix: motd/
    readers: [web, database]
    publishers: { ci: write }
deployers: [infra]
break_glass: [emergency]
guards: { org: o-a1b2c3d4e5, stolen_credentials: s3+kms }
expect:
  - web may read web/*
  - web may not read db.bundle
  - ci may put motd/today
`;

const B = "arn:aws:s3:::acme-secrets";
const KEY = "arn:aws:kms:us-east-1:111122223333:key";
export const WEB_KEY: string = `${KEY}/11111111-1111-1111-1111-111111111111`;
export const DB_KEY: string = `${KEY}/22222222-2222-2222-2222-222222222222`;
const S3_ENDPOINT = "vpce-0123456789abcdef0";
const KMS_ENDPOINT = "vpce-0fedcba9876543210";
const iam = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
const [WEB, DATABASE, CI, EMERGENCY] = ["web", "database", "ci", "emergency"].map((name) =>
  iam(`postern/${name}`),
) as [string, string, string, string];
const INFRA = iam("infra");
const ALL = [B, `${B}/*`];

export type StatementJson = Readonly<Record<string, unknown>>;

function policy(...statements: readonly StatementJson[]): PolicyJson {
  return { Version: "2012-10-17", Statement: statements };
}

function allow(Sid: string, Action: unknown, Resource: unknown, more: object = {}): StatementJson {
  return { Sid, Effect: "Allow", Action, Resource, ...more };
}

function deny(Sid: string, Action: unknown, Resource: unknown, Condition: object): StatementJson {
  return { Sid, Effect: "Deny", Principal: "*", Action, Resource, Condition };
}

const others = (...arns: readonly string[]): object => ({
  ArnNotEquals: { "aws:PrincipalArn": arns },
});
const own = { BoolIfExists: { "aws:ViaAWSService": "false" } };

const LOOKS = [
  "s3:GetBucketVersioning",
  "s3:GetBucketPublicAccessBlock",
  "s3:GetBucketPolicyStatus",
  "s3:GetBucketOwnershipControls",
];

const MANAGED_KEY =
  `DescribeKey GetKeyPolicy PutKeyPolicy ListKeyPolicies EnableKey DisableKey GetKeyRotationStatus
  EnableKeyRotation DisableKeyRotation UpdateKeyDescription ListGrants RevokeGrant ListResourceTags TagResource
  UntagResource ScheduleKeyDeletion CancelKeyDeletion`
    .split(/\s+/)
    .map((name) => `kms:${name}`);

const SETTINGS =
  "BucketPolicy BucketVersioning BucketPublicAccessBlock BucketOwnershipControls EncryptionConfiguration " +
  "ReplicationConfiguration LifecycleConfiguration";
const MANAGED_BUCKET = [
  "s3:DeleteBucketPolicy",
  "s3:GetBucketPolicyStatus",
  ...SETTINGS.split(" ").flatMap((name) => [`s3:Get${name}`, `s3:Put${name}`]),
];

const UNDO = [allow("Undo", MANAGED_BUCKET, B), allow("UndoKeys", MANAGED_KEY, [WEB_KEY, DB_KEY])];

const BUCKET_POLICY = policy(
  deny("DenyInsecureTransport", "s3:*", ALL, { Bool: { "aws:SecureTransport": "false" } }),
  deny("DenyOldTls", "s3:*", ALL, { NumericLessThan: { "s3:TlsVersion": "1.2" } }),
  deny("DenyPresigned", "s3:*", ALL, { StringNotEquals: { "s3:authType": "REST-HEADER" }, ...own }),
  deny("DenyOutsideOrg", "s3:*", ALL, {
    StringNotEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" },
    ArnNotEquals: { "aws:PrincipalArn": EMERGENCY },
  }),
  deny("DenyOutsideNetworkOfWeb", "s3:*", ALL, {
    StringNotEquals: { "aws:SourceVpce": S3_ENDPOINT },
    ArnEquals: { "aws:PrincipalArn": WEB },
    ...own,
  }),
  deny("ClosedWorld", "s3:*", ALL, others(WEB, DATABASE, CI, INFRA, EMERGENCY)),
  {
    Sid: "DenyAllElse",
    Effect: "Deny",
    Principal: "*",
    NotAction: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", ...LOOKS],
    Resource: ALL,
    Condition: others(INFRA, EMERGENCY),
  },
  deny("DenyHistory", ["s3:GetObjectVersion", "s3:ListBucketVersions"], ALL, others(EMERGENCY)),
  {
    Sid: "DenyNoGroup",
    Effect: "Deny",
    Principal: "*",
    Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
    NotResource: [`${B}/web/*`, `${B}/db.bundle`, `${B}/motd/*`],
    Condition: others(EMERGENCY),
  },
  deny("ReadWeb", "s3:GetObject", `${B}/web/*`, others(WEB, CI, EMERGENCY)),
  deny("ReadDb", "s3:GetObject", `${B}/db.bundle`, others(DATABASE, CI, EMERGENCY)),
  deny("ReadMotd", "s3:GetObject", `${B}/motd/*`, others(WEB, DATABASE, CI, EMERGENCY)),
  deny("Write", "s3:PutObject", `${B}/*`, others(CI, EMERGENCY)),
  deny("Remove", "s3:DeleteObject", [`${B}/web/*`, `${B}/db.bundle`], others(CI, EMERGENCY)),
  deny("RemoveNoMotd", "s3:DeleteObject", `${B}/motd/*`, others(EMERGENCY)),
  deny("ListNothing", "s3:ListBucket", B, others(WEB, DATABASE, CI, EMERGENCY)),
  deny("ListOfWeb", "s3:ListBucket", B, {
    ArnEquals: { "aws:PrincipalArn": WEB },
    StringNotLike: { "s3:prefix": ["web/", "web/*", "motd/", "motd/*"] },
  }),
  deny("ListOfDatabase", "s3:ListBucket", B, {
    ArnEquals: { "aws:PrincipalArn": DATABASE },
    StringNotLike: { "s3:prefix": ["motd/", "motd/*"] },
  }),
  deny("ListOfCi", "s3:ListBucket", B, {
    ArnEquals: { "aws:PrincipalArn": CI },
    StringNotLike: { "s3:prefix": ["web/", "web/*", "db.bundle"] },
  }),
  deny("WebEncryption", "s3:PutObject", `${B}/web/*`, {
    StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" },
  }),
  deny("WebEncryptionKey", "s3:PutObject", `${B}/web/*`, {
    ArnNotEquals: { "s3:x-amz-server-side-encryption-aws-kms-key-id": WEB_KEY },
  }),
  deny("NoCustomerKeys", "s3:PutObject", `${B}/*`, {
    Null: { "s3:x-amz-server-side-encryption-customer-algorithm": "false" },
  }),
);

function keyPolicy(...statements: readonly StatementJson[]): PolicyJson {
  return policy(
    allow("OpenAll", "kms:Decrypt", "*", { Principal: { AWS: EMERGENCY } }),
    allow("Administration", MANAGED_KEY, "*", { Principal: { AWS: [INFRA, EMERGENCY] } }),
    ...statements,
  );
}

const THROUGH_S3 = {
  StringEquals: { "kms:ViaService": "s3.us-east-1.amazonaws.com" },
  StringLike: { "kms:EncryptionContext:aws:s3:arn": `${B}/web/*` },
};

const SEALED = {
  StringEquals: {
    "kms:EncryptionContext:postern:group": "db",
    "kms:EncryptionContext:postern:bucket": "acme-secrets",
  },
  Null: { "kms:EncryptionContext:postern:revision": "false", "kms:ViaService": "true" },
  "ForAllValues:StringEquals": {
    "kms:EncryptionContextKeys": [
      "postern:group",
      "postern:bucket",
      "postern:revision",
      "aws-crypto-public-key",
    ],
  },
};

const INSTANCE = [
  {
    Sid: "ImdsV2",
    Effect: "Deny",
    Action: "*",
    Resource: "*",
    Condition: { NumericLessThan: { "ec2:RoleDelivery": "2.0" } },
  },
  ...(
    [
      ["SameVpc", "aws:Ec2InstanceSourceVpc", "aws:SourceVpc"],
      ["SameAddress", "aws:Ec2InstanceSourcePrivateIPv4", "aws:VpcSourceIp"],
    ] as const
  ).map(([Sid, of, from]) => ({
    Sid,
    Effect: "Deny",
    Action: ["s3:*", "kms:*"],
    Resource: "*",
    Condition: {
      StringNotEquals: { [of]: `\${${from}, 'none'}` },
      Null: { "ec2:SourceInstanceARN": "false" },
      ...own,
    },
  })),
];

function list(...prefixes: readonly string[]): StatementJson {
  return allow("List", "s3:ListBucket", B, {
    Condition: { StringLike: { "s3:prefix": prefixes } },
  });
}

function role(
  arn: string,
  trust: StatementJson | undefined,
  statements: readonly StatementJson[],
): Deployment["identities"][number] {
  return {
    kind: "role",
    arn,
    trust: trust && policy(trust),
    maxSessionSeconds: undefined,
    hasInstanceProfile: false,
    policies: [{ name: "postern", form: "inline", document: policy(...statements) }],
    foreignPolicies: [],
    boundary: undefined,
  };
}

const assumed = (Principal: object, more: object = {}): StatementJson => ({
  Sid: "Assume",
  Effect: "Allow",
  Principal,
  Action: "sts:AssumeRole",
  ...more,
});
const BY_EC2 = assumed({ Service: "ec2.amazonaws.com" });
const PROVIDER = "token.actions.githubusercontent.com";

const within = (Action: readonly string[], Resource: unknown): PolicyJson =>
  policy({
    Sid: "Own",
    Effect: "Allow",
    Principal: "*",
    Action,
    Resource,
    Condition: {
      StringEquals: {
        "aws:ResourceAccount": "111122223333",
        "aws:PrincipalOrgID": "o-a1b2c3d4e5",
      },
    },
  });

export const PROVED: Deployment = {
  account: "111122223333",
  partition: "aws",
  buckets: [
    {
      name: "acme-secrets",
      region: "us-east-1",
      policy: BUCKET_POLICY,
      settings: {
        publicAccessBlocked: true,
        ownership: "BucketOwnerEnforced",
        versioning: "Enabled",
        encryption: { algorithm: "AES256", key: undefined, bucketKey: false },
      },
    },
  ],
  keys: [
    {
      arn: WEB_KEY,
      policy: keyPolicy(
        allow("Open", "kms:Decrypt", "*", { Principal: { AWS: [WEB, CI] }, Condition: THROUGH_S3 }),
        allow("Seal", "kms:GenerateDataKey", "*", {
          Principal: { AWS: CI },
          Condition: THROUGH_S3,
        }),
      ),
      grants: [],
    },
    {
      arn: DB_KEY,
      policy: keyPolicy(
        allow("Open", "kms:Decrypt", "*", {
          Principal: { AWS: [DATABASE, CI] },
          Condition: SEALED,
        }),
        allow("Seal", "kms:GenerateDataKey", "*", { Principal: { AWS: CI }, Condition: SEALED }),
      ),
      grants: [],
    },
  ],
  identities: [
    role(WEB, BY_EC2, [
      allow("Read", "s3:GetObject", [`${B}/web/*`, `${B}/motd/*`]),
      list("web/", "web/*", "motd/", "motd/*"),
      allow("Decrypt", "kms:Decrypt", WEB_KEY, { Condition: THROUGH_S3 }),
      ...INSTANCE,
    ]),
    role(DATABASE, BY_EC2, [
      allow("Read", "s3:GetObject", [`${B}/db.bundle`, `${B}/motd/*`]),
      list("motd/", "motd/*"),
      allow("Decrypt", "kms:Decrypt", DB_KEY, { Condition: SEALED }),
      ...INSTANCE,
    ]),
    role(
      CI,
      assumed(
        { Federated: `arn:aws:iam::111122223333:oidc-provider/${PROVIDER}` },
        {
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: {
            StringEquals: {
              [`${PROVIDER}:aud`]: "sts.amazonaws.com",
              [`${PROVIDER}:sub`]: "repo:acme/secrets:ref:refs/heads/main",
            },
          },
        },
      ),
      [
        allow(
          "Read",
          ["s3:GetObject", "s3:PutObject"],
          [`${B}/web/*`, `${B}/db.bundle`, `${B}/motd/*`],
        ),
        allow("Remove", "s3:DeleteObject", [`${B}/web/*`, `${B}/db.bundle`]),
        list("web/", "web/*", "db.bundle"),
        allow("Look", LOOKS, B),
        allow("Stored", ["kms:Decrypt", "kms:GenerateDataKey"], WEB_KEY, {
          Condition: THROUGH_S3,
        }),
        allow("Sealed", ["kms:Decrypt", "kms:GenerateDataKey"], DB_KEY, { Condition: SEALED }),
      ],
    ),
    role(
      EMERGENCY,
      assumed(
        { AWS: "arn:aws:iam::111122223333:user/alice" },
        {
          Condition: {
            Bool: { "aws:MultiFactorAuthPresent": "true" },
            NumericLessThan: { "aws:MultiFactorAuthAge": "3600" },
          },
        },
      ),
      [
        ...UNDO,
        allow("ReadAll", ["s3:GetObject", "s3:GetObjectVersion"], `${B}/*`),
        allow("ListAll", ["s3:ListBucket", "s3:ListBucketVersions"], B),
        allow("DecryptAll", "kms:Decrypt", [WEB_KEY, DB_KEY]),
      ],
    ),
    role(INFRA, undefined, [
      ...UNDO,
      allow("PassRole", "iam:PassRole", [WEB, DATABASE], {
        Condition: { StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } },
      }),
    ]),
  ],
  endpoints: [
    {
      id: S3_ENDPOINT,
      service: "s3",
      type: "gateway",
      region: "us-east-1",
      policy: within(["s3:*"], ALL),
    },
    {
      id: KMS_ENDPOINT,
      service: "kms",
      type: "interface",
      region: "us-east-1",
      policy: within(["kms:*"], [WEB_KEY, DB_KEY]),
    },
  ],
};

/** A bucket, a key, an endpoint, or a role's ARN with "trust" or the name of its policy. */
export type Place = string;

/** With one statement changed, or without it. */
export function changed(
  deployment: Deployment,
  place: Place,
  sid: string,
  change: (statement: StatementJson) => StatementJson | undefined,
): Deployment {
  let found = false;
  const within = (at: Place, document: PolicyJson): PolicyJson => {
    if (at !== place) return document;
    const statements = document["Statement"] as readonly StatementJson[];
    found ||= statements.some((one) => one["Sid"] === sid);
    const left = statements.flatMap((one) => (one["Sid"] === sid ? (change(one) ?? []) : one));
    return { ...document, Statement: left };
  };
  const made: Deployment = {
    ...deployment,
    buckets: deployment.buckets.map((one) => ({
      ...one,
      policy: one.policy && within(one.name, one.policy),
    })),
    keys: deployment.keys.map((one) => ({ ...one, policy: within(one.arn, one.policy) })),
    identities: deployment.identities.map((one) => ({
      ...one,
      trust: one.trust && within(`${one.arn} trust`, one.trust),
      policies: one.policies.map((policy) => ({
        ...policy,
        document: within(`${one.arn} ${policy.name}`, policy.document),
      })),
    })),
    endpoints: deployment.endpoints.map((one) => ({ ...one, policy: within(one.id, one.policy) })),
  };
  assert.ok(found, `no statement ${sid} in ${place}`);
  return made;
}
