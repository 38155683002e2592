/** The documents that guard a bucket of three groups, its key and two roles, as they should be. @module */
export const ACCOUNT = "111122223333";
export const BUCKET = "arn:aws:s3:::acme-secrets";
export const KEY: string = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const GROUPS = ["web", "db", "db-admin"];
const ADMIN = `arn:aws:iam::${ACCOUNT}:role/break-glass`;
const ALL = [BUCKET, `${BUCKET}/*`];

export function roleArn(name: string): string {
  return `arn:aws:iam::${ACCOUNT}:role/postern/${name}`;
}

type Statement = Readonly<Record<string, unknown>>;
type Document = Readonly<Record<string, unknown>>;

function documentOf(statements: readonly Statement[]): Document {
  return { Version: "2012-10-17", Statement: statements };
}

function deny(Sid: string, Action: unknown, Resource: unknown, Condition: unknown): Statement {
  return { Sid, Effect: "Deny", Principal: "*", Action, Resource, Condition };
}

const OBJECTS = ["s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*", "s3:ListBucket*"];
export const SSE = "s3:x-amz-server-side-encryption";
const notFrom = (...arns: readonly string[]): object => ({
  ArnNotEquals: { "aws:PrincipalArn": arns },
});

/** Seventeen statements. */
export const bucketPolicy: Document = documentOf([
  deny("DenyInsecureTransport", "s3:*", ALL, { Bool: { "aws:SecureTransport": "false" } }),
  deny("DenyOldTls", "s3:*", ALL, { NumericLessThan: { "s3:TlsVersion": "1.2" } }),
  deny("DenyOutsideVpce", OBJECTS, ALL, {
    StringNotEquals: { "aws:SourceVpce": ["vpce-1a2b3c4d", "vpce-5e6f7a8b"] },
    ArnNotEquals: { "aws:PrincipalArn": [ADMIN, roleArn("publisher")] },
    BoolIfExists: { "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false" },
  }),
  deny("DenyOutsideOrg", "s3:*", ALL, {
    StringNotEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" },
    BoolIfExists: { "aws:PrincipalIsAWSService": "false" },
  }),
  deny("DenyNotSseKms", "s3:PutObject", `${BUCKET}/*`, { StringNotEquals: { [SSE]: "aws:kms" } }),
  deny("DenyWrongKey", "s3:PutObject", `${BUCKET}/*`, {
    ArnNotEquals: { [`${SSE}-aws-kms-key-id`]: KEY },
  }),
  deny("DenyNoKeyId", "s3:PutObject", `${BUCKET}/*`, {
    StringEquals: { [SSE]: "aws:kms" },
    Null: { [`${SSE}-aws-kms-key-id`]: "true" },
  }),
  deny("DenySseC", "s3:PutObject", `${BUCKET}/*`, {
    Null: { [`${SSE}-customer-algorithm`]: "false" },
  }),
  deny("DenyAcl", ["s3:PutObjectAcl", "s3:PutObjectVersionAcl"], `${BUCKET}/*`, notFrom(ADMIN)),
  deny(
    "DenyHistory",
    ["s3:GetObjectVersion", "s3:DeleteObjectVersion", "s3:ListBucketVersions"],
    ALL,
    notFrom(ADMIN),
  ),
  deny(
    "DenyConfig",
    ["s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutBucketVersioning", "s3:DeleteBucket"],
    BUCKET,
    notFrom(ADMIN),
  ),
  deny("DenyPresigned", "s3:*", ALL, {
    StringNotEquals: { "s3:authType": "REST-HEADER" },
    Null: { "s3:authType": "false" },
  }),
  ...GROUPS.map((group) =>
    deny(
      `Read${group.replace("-", "")}`,
      "s3:GetObject",
      `${BUCKET}/${group}/*`,
      notFrom(roleArn(group), ADMIN),
    ),
  ),
  deny(
    "Write",
    ["s3:PutObject", "s3:DeleteObject"],
    `${BUCKET}/*`,
    notFrom(roleArn("publisher"), ADMIN),
  ),
  deny("Rest", OBJECTS, ALL, {
    ArnNotLike: { "aws:PrincipalArn": [`arn:aws:iam::${ACCOUNT}:role/postern/*`, ADMIN] },
  }),
]);

const keyStatement = (group: string, name: string, Action: readonly string[]): Statement => ({
  Sid: `${name}${group.replace("-", "")}`,
  Effect: "Allow",
  Principal: { AWS: roleArn(name === "Read" ? group : "publisher") },
  Action,
  Resource: "*",
  Condition: {
    StringLike: { "kms:EncryptionContext:aws:s3:arn": `${BUCKET}/${group}/*` },
    StringEquals: { "kms:ViaService": "s3.us-east-1.amazonaws.com" },
  },
});

export const keyPolicy: Document = documentOf([
  {
    Sid: "Administer",
    Effect: "Allow",
    Principal: { AWS: ADMIN },
    Action: ["kms:Describe*", "kms:Get*", "kms:List*", "kms:PutKeyPolicy", "kms:EnableKeyRotation"],
    Resource: "*",
  },
  ...GROUPS.map((group) => keyStatement(group, "Read", ["kms:Decrypt"])),
  ...GROUPS.map((group) => keyStatement(group, "Publish", ["kms:GenerateDataKey", "kms:Decrypt"])),
]);

const stolen = { "ec2:SourceInstanceARN": "false" };
const guard = (Sid: string, key: string, value: string): Statement => ({
  Sid,
  Effect: "Deny",
  Action: ["s3:*", "kms:*"],
  Resource: "*",
  Condition: {
    StringNotEquals: { [key]: value },
    Null: stolen,
    BoolIfExists: { "aws:ViaAWSService": "false" },
  },
});

export const reader: Document = documentOf([
  { Sid: "Read", Effect: "Allow", Action: "s3:GetObject", Resource: `${BUCKET}/web/*` },
  {
    Sid: "List",
    Effect: "Allow",
    Action: "s3:ListBucket",
    Resource: BUCKET,
    Condition: { StringLike: { "s3:prefix": ["web/", "web/*"] } },
  },
  {
    Sid: "Decrypt",
    Effect: "Allow",
    Action: "kms:Decrypt",
    Resource: KEY,
    Condition: { StringLike: { "kms:EncryptionContext:aws:s3:arn": `${BUCKET}/web/*` } },
  },
  {
    Sid: "ImdsV2Only",
    Effect: "Deny",
    Action: "*",
    Resource: "*",
    Condition: { NumericLessThan: { "ec2:RoleDelivery": "2.0" } },
  },
  guard("SameVpc", "aws:Ec2InstanceSourceVpc", "${aws:SourceVpc, 'none'}"),
  guard("SameIp", "aws:Ec2InstanceSourcePrivateIPv4", "${aws:VpcSourceIp, 'none'}"),
]);

export const publisher: Document = documentOf([
  { Sid: "Put", Effect: "Allow", Action: "s3:PutObject", Resource: `${BUCKET}/*` },
]);
