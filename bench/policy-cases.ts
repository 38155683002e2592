/** Requests of an instance, a thief and a publisher under those documents, a mix of allowed and denied. @module */
import type { Answer, Asked } from "../test/differential/oracle.ts";
import {
  ACCOUNT,
  BUCKET,
  bucketPolicy,
  KEY,
  keyPolicy,
  publisher,
  reader,
  roleArn,
  SSE,
} from "./policy-documents.ts";

type Keys = Readonly<Record<string, string | undefined>>;

/** What S3 says of a request of an instance in the VPC. */
const inside: Keys = {
  "aws:PrincipalArn": roleArn("web"),
  "aws:PrincipalOrgID": "o-a1b2c3d4e5",
  "aws:SecureTransport": "true",
  "aws:ViaAWSService": "false",
  "aws:PrincipalIsAWSService": "false",
  "aws:SourceVpce": "vpce-1a2b3c4d",
  "aws:SourceVpc": "vpc-1a2b3c4d",
  "aws:VpcSourceIp": "10.0.1.17",
  "aws:Ec2InstanceSourceVpc": "vpc-1a2b3c4d",
  "aws:Ec2InstanceSourcePrivateIPv4": "10.0.1.17",
  "ec2:SourceInstanceARN": `arn:aws:ec2:us-east-1:${ACCOUNT}:instance/i-0abc`,
  "ec2:RoleDelivery": "2.0",
  "s3:TlsVersion": "1.3",
  "s3:authType": "REST-HEADER",
};
const outside: Keys = {
  ...inside,
  "aws:SourceVpce": undefined,
  "aws:SourceVpc": undefined,
  "aws:VpcSourceIp": undefined,
};
/** What KMS is told by S3 on the instance's behalf. */
const viaS3 = (group: string): Keys => ({
  "aws:PrincipalArn": roleArn("web"),
  "aws:PrincipalOrgID": "o-a1b2c3d4e5",
  "aws:ViaAWSService": "true",
  "ec2:SourceInstanceARN": `arn:aws:ec2:us-east-1:${ACCOUNT}:instance/i-0abc`,
  "ec2:RoleDelivery": "2.0",
  "kms:ViaService": "s3.us-east-1.amazonaws.com",
  "kms:EncryptionContext:aws:s3:arn": `${BUCKET}/${group}/password`,
});
const put: Keys = {
  ...outside,
  "aws:PrincipalArn": roleArn("publisher"),
  "ec2:SourceInstanceARN": undefined,
  "ec2:RoleDelivery": undefined,
  [SSE]: "aws:kms",
  [`${SSE}-aws-kms-key-id`]: KEY,
};

const session = (name: string): string => `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/i-0abc`;

/** Of the form that `policy simulate` takes, but for keys without a value. */
interface PolicyCase extends Asked {
  readonly expect: Answer;
}

function caseOf(expect: Answer, action: string, arn: string, context: Keys): PolicyCase {
  const isPublisher = context["aws:PrincipalArn"] === roleArn("publisher");
  return {
    principal: { arn: session(isPublisher ? "publisher" : "web") },
    action,
    resource: { arn, account: ACCOUNT },
    context,
    policies: {
      identity: [isPublisher ? publisher : reader],
      resource: action.startsWith("kms:") ? keyPolicy : bucketPolicy,
    },
    expect,
  };
}

export const CASES: readonly PolicyCase[] = [
  caseOf("allow", "s3:GetObject", `${BUCKET}/web/password`, inside),
  caseOf("explicit deny", "s3:GetObject", `${BUCKET}/db/password`, inside),
  caseOf("explicit deny", "s3:GetObject", `${BUCKET}/web/password`, outside),
  caseOf("explicit deny", "s3:GetObject", `${BUCKET}/web/password`, {
    ...inside,
    "ec2:RoleDelivery": "1.0",
  }),
  caseOf("explicit deny", "s3:GetObjectVersion", `${BUCKET}/web/password`, inside),
  caseOf("allow", "s3:ListBucket", BUCKET, { ...inside, "s3:prefix": "web/" }),
  caseOf("implicit deny", "s3:ListBucket", BUCKET, { ...inside, "s3:prefix": "db/" }),
  caseOf("allow", "kms:Decrypt", KEY, viaS3("web")),
  caseOf("implicit deny", "kms:Decrypt", KEY, viaS3("db")),
  caseOf("allow", "s3:PutObject", `${BUCKET}/web/password`, put),
  caseOf("explicit deny", "s3:PutObject", `${BUCKET}/web/password`, { ...put, [SSE]: "AES256" }),
];
