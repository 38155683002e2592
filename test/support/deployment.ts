/** A small deployment written by hand: two hosts and a publisher, guarded as the generated documents are. @module */
import type {
  BucketSettings,
  Deployment,
  IdentityDocuments,
  PolicyJson,
} from "../../agent/policy/deployment.ts";

export const ACCOUNT = "111122223333";
export const BUCKET = "acme-secrets";
export const REGION = "eu-central-1";
export const VPC = "vpc-0aaaaaaaaaaaaaaa1";
export const VPCE = "vpce-0bbbbbbbbbbbbbbb2";
export const KEY: string = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd-12ab-44cd-86ef-1234567890ab`;

const ARN = `arn:aws:s3:::${BUCKET}`;
const roleArn = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/postern/${name}`;

export function documentOf(...statements: readonly object[]): PolicyJson {
  return { Version: "2012-10-17", Statement: statements };
}

const settings: BucketSettings = {
  publicAccessBlocked: true,
  ownership: "BucketOwnerEnforced",
  versioning: "Enabled",
  encryption: { algorithm: "aws:kms", key: KEY, bucketKey: false },
};

function identity(
  kind: IdentityDocuments["kind"],
  arn: string,
  ...statements: readonly object[]
): IdentityDocuments {
  return {
    kind,
    arn,
    trust: undefined,
    maxSessionSeconds: undefined,
    hasInstanceProfile: kind === "role",
    policies: [{ name: "read", form: "inline", document: documentOf(...statements) }],
    foreignPolicies: [],
    boundary: undefined,
  };
}

const isInstance = { "ec2:SourceInstanceARN": "false" };
const guards = [
  {
    Sid: "ImdsV2Only",
    Effect: "Deny",
    Action: "*",
    Resource: "*",
    Condition: { NumericLessThan: { "ec2:RoleDelivery": "2.0" } },
  },
  {
    Sid: "SameVpc",
    Effect: "Deny",
    Action: "*",
    Resource: "*",
    Condition: {
      StringNotEquals: { "aws:Ec2InstanceSourceVpc": "${aws:SourceVpc, 'none'}" },
      Null: isInstance,
      BoolIfExists: { "aws:ViaAWSService": "false" },
    },
  },
  {
    Sid: "SameIp",
    Effect: "Deny",
    Action: "*",
    Resource: "*",
    Condition: {
      StringNotEquals: { "aws:Ec2InstanceSourcePrivateIPv4": "${aws:VpcSourceIp, 'none'}" },
      Null: isInstance,
      BoolIfExists: { "aws:ViaAWSService": "false" },
    },
  },
];

const host = (name: string): IdentityDocuments =>
  identity(
    "role",
    roleArn(name),
    { Sid: "Read", Effect: "Allow", Action: "s3:GetObject", Resource: `${ARN}/${name}/*` },
    {
      Sid: "List",
      Effect: "Allow",
      Action: "s3:ListBucket",
      Resource: ARN,
      Condition: { StringLike: { "s3:prefix": [`${name}/`, `${name}/*`] } },
    },
    ...guards,
  );

const closed = (name: string): object => ({
  Sid: `Closed${name}`,
  Effect: "Deny",
  Principal: "*",
  Action: "s3:GetObject",
  Resource: `${ARN}/${name}/*`,
  Condition: { ArnNotEquals: { "aws:PrincipalArn": roleArn(name) } },
});

const opens = (name: string): object => ({
  Sid: `Decrypt${name}`,
  Effect: "Allow",
  Principal: { AWS: roleArn(name) },
  Action: "kms:Decrypt",
  Resource: "*",
  Condition: {
    StringEquals: { "kms:ViaService": `s3.${REGION}.amazonaws.com` },
    StringLike: { "kms:EncryptionContext:aws:s3:arn": `${ARN}/${name}/*` },
    Null: { "aws:SourceIp": "true", "aws:SourceVpc": "true" },
    Bool: { "aws:ViaAWSService": "true" },
  },
});

const ci = `arn:aws:iam::${ACCOUNT}:user/ci/writer`;

export const DEPLOYMENT: Deployment = {
  account: ACCOUNT,
  partition: "aws",
  buckets: [
    {
      name: BUCKET,
      region: REGION,
      settings,
      policy: documentOf(
        {
          Sid: "Transport",
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: [ARN, `${ARN}/*`],
          Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } },
        },
        closed("web"),
        closed("db"),
      ),
    },
  ],
  keys: [
    {
      arn: KEY,
      grants: [],
      policy: documentOf(opens("web"), opens("db"), {
        Sid: "Seal",
        Effect: "Allow",
        Principal: { AWS: ci },
        Action: "kms:GenerateDataKey",
        Resource: "*",
      }),
    },
  ],
  identities: [
    host("web"),
    host("db"),
    identity("user", ci, {
      Sid: "Write",
      Effect: "Allow",
      Action: "s3:PutObject",
      Resource: `${ARN}/web/*`,
      Condition: { StringEquals: { "s3:if-none-match": "*" } },
    }),
  ],
  endpoints: [
    {
      id: VPCE,
      service: "s3",
      type: "gateway",
      region: REGION,
      policy: documentOf({
        Sid: "OwnBucket",
        Effect: "Allow",
        Principal: "*",
        Action: ["s3:GetObject", "s3:ListBucket"],
        Resource: [ARN, `${ARN}/*`],
      }),
    },
  ],
};
