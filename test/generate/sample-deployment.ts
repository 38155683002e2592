/** A deployment with something of everything, and text that templates of other languages would take for their own. @module */
import type {
  BucketSettings,
  Deployment,
  IdentityDocuments,
  PolicyJson,
} from "../../agent/policy/deployment.ts";

const ACCOUNT = "111122223333";
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const REPLICA_KEY = KEY.replace("us-east-1", "us-west-2");

/** Variables of policies, directives of Terraform, escapes, and what encoders of JSON like to escape. */
const HOSTILE = [
  "${aws:SourceVpc, 'none'}",
  "$${aws:username}",
  "${*}",
  "%{ if true }",
  '"quoted" \\ back',
  "<&>",
  "grüße\u2028",
];

export const sample: Deployment = {
  account: ACCOUNT,
  partition: "aws",
  buckets: [
    bucket("acme-secrets", "us-east-1", KEY),
    bucket("acme-secrets-west", "us-west-2", REPLICA_KEY),
  ],
  keys: [KEY, REPLICA_KEY].map((arn) => ({
    arn,
    policy: naming(`role/postern/web+db`, "kms:Decrypt", "*"),
    grants: [],
  })),
  identities: [
    {
      ...role("postern/web+db"),
      hasInstanceProfile: true,
      foreignPolicies: ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
      policies: [{ name: "postern", form: "inline", document: granting("s3:GetObject") }],
    },
    {
      ...role("postern/web_db"),
      maxSessionSeconds: 3600,
      policies: ["postern-web_db-1", "postern-web_db-2"].map((name) => ({
        name,
        form: "managed",
        document: granting("s3:PutObject"),
      })),
    },
    {
      ...role("postern/people"),
      maxSessionSeconds: 3600,
      trust: naming("role/postern/web_db", "sts:AssumeRole"),
      boundary: granting("s3:*"),
      policies: [{ name: "postern", form: "inline", document: granting("s3:ListBucket", "") }],
    },
    found("role", `arn:aws:iam::${ACCOUNT}:role/legacy`, "managed", "postern-legacy"),
    found("role", `arn:aws:iam::${ACCOUNT}:role/app/older`, "inline", "postern"),
    found("user", `arn:aws:iam::${ACCOUNT}:user/people/alice`, "managed", "postern-alice"),
    found("user", `arn:aws:iam::${ACCOUNT}:user/bob`, "inline", "postern"),
    found("permission set", setOf("Ops"), "inline", "postern"),
    found("permission set", setOf("Audit"), "managed", "postern-Audit"),
    found("role", "arn:aws:iam::444455556666:role/partner", "inline", "postern"),
  ],
  endpoints: [
    {
      id: "vpce-1a2b3c4d",
      service: "s3",
      type: "gateway",
      region: "us-east-1",
      policy: reaching(),
    },
    {
      id: "vpce-5e6f7a8b",
      service: "kms",
      type: "interface",
      region: "us-west-2",
      policy: reaching(),
    },
  ],
};

/** Every document of `deployment` that is of its own account, as text, sorted: found by other code than what is judged. */
export function documentsOf({
  account,
  buckets,
  keys,
  identities,
  endpoints,
}: Deployment): readonly string[] {
  const own = identities.filter(({ arn }) => arn.includes(`::${account}:`));
  const documents = [
    ...[...buckets, ...keys, ...endpoints].map(({ policy }) => policy),
    ...own.flatMap(({ trust, boundary, policies }) => [
      trust,
      boundary,
      ...policies.map(({ document }) => document),
    ]),
  ];
  return documents.flatMap((one) => (one === undefined ? [] : [JSON.stringify(one)])).toSorted();
}

function bucket(name: string, region: string, key: string): Deployment["buckets"][number] {
  const settings: BucketSettings = {
    publicAccessBlocked: true,
    ownership: "BucketOwnerEnforced",
    versioning: "Enabled",
    encryption: { algorithm: "aws:kms", key, bucketKey: false },
  };
  const policy = naming("role/postern/web+db", "s3:GetObject", `arn:aws:s3:::${name}/web/*`);
  return { name, region, policy, settings };
}

function role(path: string): IdentityDocuments {
  return {
    kind: "role",
    arn: `arn:aws:iam::${ACCOUNT}:role/${path}`,
    trust: statement({ Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }),
    maxSessionSeconds: undefined,
    hasInstanceProfile: false,
    policies: [],
    foreignPolicies: [],
    boundary: undefined,
  };
}

function found(
  kind: IdentityDocuments["kind"],
  arn: string,
  form: "inline" | "managed",
  name: string,
): IdentityDocuments {
  const policies = [{ name, form, document: granting("s3:GetObject") }];
  return { ...role(""), kind, arn, trust: undefined, policies };
}

function setOf(name: string): string {
  return `arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_${name}_*`;
}

function granting(Action: string, key = "/*"): PolicyJson {
  const Condition = { StringNotEquals: { "aws:PrincipalTag/team": HOSTILE } };
  return statement({ Action, Resource: `arn:aws:s3:::acme-secrets${key}`, Condition });
}

function naming(principal: string, Action: string, Resource?: string): PolicyJson {
  const Condition = { StringNotEquals: { "aws:PrincipalTag/team": HOSTILE } };
  const Principal = { AWS: `arn:aws:iam::${ACCOUNT}:${principal}` };
  return statement({ Principal, Action, ...(Resource !== undefined && { Resource }), Condition });
}

function reaching(): PolicyJson {
  const Condition = { StringEquals: { "aws:PrincipalAccount": ACCOUNT } };
  return statement({ Principal: "*", Action: "*", Resource: "*", Condition });
}

function statement(members: PolicyJson): PolicyJson {
  return { Version: "2012-10-17", Statement: [{ Sid: "One", Effect: "Allow", ...members }] };
}
