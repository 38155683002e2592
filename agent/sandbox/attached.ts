/**
 * The policies of buckets and keys: read once, kept as they were put.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 * @module
 */
import type { Condition } from "../policy/condition.ts";
import type { KeyDocuments, PolicyJson } from "../policy/deployment.ts";
import { parsePolicy, type Policy } from "../policy/document.ts";
import { grantsOf } from "../policy/bindings.ts";
import type { Attached } from "./authorise.ts";

/** A document as it was put, and as it is evaluated. */
export interface AttachedPolicy {
  readonly text: string;
  readonly policy: Policy;
}

/** @throws {PosternError} BadData when the documents are none */
export function parseKeyDocuments({ arn, policy, grants }: KeyDocuments): Attached & {
  readonly policy: Policy;
} {
  return {
    policy: parsePolicy(policy, "resource", arn),
    grants: grantsOf(arn, grants),
  };
}

/** @throws {PosternError} BadData when it is none */
export function attachedOf(document: PolicyJson, name: string): AttachedPolicy {
  return { text: JSON.stringify(document), policy: parsePolicy(document, "resource", name) };
}

/**
 * The document, or undefined where it is none: AWS's own words for what is wrong are not known well enough to repeat.
 * @param name what it is called where a decision tells of it
 */
export function readAttached(text: string, name: string): AttachedPolicy | undefined {
  try {
    return { text, policy: parsePolicy(JSON.parse(text), "resource", name) };
  } catch {
    return undefined;
  }
}

/**
 * Whether S3 calls a policy public: a statement of it allows anyone, and no condition holds them to callers or networks
 * that are named.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html (the meaning of public)
 */
export function isPublic({ statements }: Policy): boolean {
  return statements.some(
    ({ effect, principal, conditions }) =>
      effect === "Allow" && principal?.set.everyone === true && !conditions.some(isFixed),
  );
}

const FIXED: ReadonlySet<string> = new Set(
  [
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIp",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:userid",
    "s3:DataAccessPointAccount",
    "s3:DataAccessPointArn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
  ].map((key) => key.toLowerCase()),
);

/** A fixed value has no wildcard and no variable in it. */
function isFixed({ lowerKey, operator, values }: Condition): boolean {
  return (
    FIXED.has(lowerKey) &&
    !operator.negated &&
    !operator.ifExists &&
    operator.name !== "Null" &&
    values.every((value) => !/[*?]|\$\{|^(?:0\.0\.0\.0|::)\/0$/.test(value))
  );
}

/** What a key has that was made without a policy: the account's own policies decide. */
export function defaultKeyPolicy(account: string, arn: string): AttachedPolicy {
  const document = {
    Version: "2012-10-17",
    Id: "key-default-1",
    Statement: [
      {
        Sid: "Enable IAM User Permissions",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: "kms:*",
        Resource: "*",
      },
    ],
  };
  return {
    text: JSON.stringify(document, null, 2),
    policy: parsePolicy(document, "resource", arn),
  };
}
