/** Documents of a bucket with many groups and roles, written by hand, to see that the size is no obstacle. @module */
import { parsePolicy } from "../../agent/policy/document.ts";
import type { Policies } from "../../agent/policy/request.ts";

export const A: string = "111122223333";
export const BUCKET = "arn:aws:s3:::acme-secrets";
export const KEY: string = `arn:aws:kms:us-east-1:${A}:key/1`;
const VIA_S3 = "s3.us-east-1.amazonaws.com";

export const roleArn = (role: number): string => `arn:aws:iam::${A}:role/postern/role-${role}`;
export const groupName = (group: number): string => `group-${group}`;

export interface Deployment {
  readonly roles: number;
  readonly groups: number;
  /** Whether the role reads the group. */
  readonly reads: (role: number, group: number) => boolean;
  readonly bucketPolicy: Policies["resource"];
  readonly keyPolicy: Policies["resource"];
  readonly identityOf: (role: number) => Policies["identity"];
}

/** Each role reads two groups. */
export function deployment(roles: number, groups: number): Deployment {
  const reads = (role: number, group: number): boolean =>
    role % groups === group || (role * 7 + 3) % groups === group;
  const readersOf = (group: number): readonly string[] =>
    Array.from({ length: roles }, (_, role) => role)
      .filter((role) => reads(role, group))
      .map(roleArn);
  const all = Array.from({ length: groups }, (_, group) => group);
  const parse = (kind: "identity" | "resource", Statement: readonly object[]) =>
    parsePolicy({ Version: "2012-10-17", Statement }, kind, kind);
  return {
    roles,
    groups,
    reads,
    bucketPolicy: parse("resource", [
      ...bucketGuards(),
      ...all.map((group) => closedWorld(groupName(group), readersOf(group))),
    ]),
    keyPolicy: parse("resource", [
      administration(),
      ...all.map((group) => ({
        Effect: "Allow",
        Principal: { AWS: readersOf(group) },
        Action: "kms:Decrypt",
        Resource: "*",
        Condition: decryption(groupName(group)),
      })),
    ]),
    identityOf: (role) => [
      parse("identity", roleStatements(all.filter((group) => reads(role, group)).map(groupName))),
    ],
  };
}

function decryption(group: string): object {
  return {
    StringLike: { "kms:EncryptionContext:aws:s3:arn": `${BUCKET}/${group}/*` },
    StringEquals: { "kms:ViaService": VIA_S3 },
  };
}

function administration(): object {
  return {
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${A}:root` },
    Action: ["kms:Describe*", "kms:Get*", "kms:List*", "kms:PutKeyPolicy"],
    Resource: "*",
  };
}

function closedWorld(group: string, readers: readonly string[]): object {
  return {
    Effect: "Deny",
    Principal: "*",
    Action: "s3:GetObject",
    Resource: `${BUCKET}/${group}/*`,
    Condition: { ArnNotEquals: { "aws:PrincipalArn": readers } },
  };
}

function bucketGuards(): readonly object[] {
  const deny = (Condition: object): object => ({
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [BUCKET, `${BUCKET}/*`],
    Condition,
  });
  return [
    deny({ Bool: { "aws:SecureTransport": "false" } }),
    deny({ NumericLessThan: { "s3:TlsVersion": "1.2" } }),
    deny({
      StringNotEquals: { "aws:SourceVpce": ["vpce-1", "vpce-2"] },
      ArnNotEquals: { "aws:PrincipalArn": [`arn:aws:iam::${A}:role/break-glass`] },
      BoolIfExists: { "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false" },
    }),
    deny({ ArnNotLike: { "aws:PrincipalArn": `arn:aws:iam::${A}:role/postern/*` } }),
    deny({ StringNotEquals: { "s3:authType": "REST-HEADER" }, Null: { "s3:authType": "false" } }),
  ];
}

function roleStatements(groups: readonly string[]): readonly object[] {
  const stolen = {
    Null: { "ec2:SourceInstanceARN": "false" },
    BoolIfExists: { "aws:ViaAWSService": "false" },
  };
  return [
    {
      Effect: "Allow",
      Action: "s3:GetObject",
      Resource: groups.map((group) => `${BUCKET}/${group}/*`),
    },
    {
      Effect: "Allow",
      Action: "s3:ListBucket",
      Resource: BUCKET,
      Condition: {
        StringLike: { "s3:prefix": groups.flatMap((group) => [`${group}/`, `${group}/*`]) },
      },
    },
    ...groups.map((group) => ({
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: KEY,
      Condition: decryption(group),
    })),
    {
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: { NumericLessThan: { "ec2:RoleDelivery": "2.0" } },
    },
    {
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: {
        ...stolen,
        StringNotEquals: { "aws:Ec2InstanceSourceVpc": "${aws:SourceVpc, 'none'}" },
      },
    },
    {
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: {
        ...stolen,
        StringNotEquals: { "aws:Ec2InstanceSourcePrivateIPv4": "${aws:VpcSourceIp, 'none'}" },
      },
    },
  ];
}
