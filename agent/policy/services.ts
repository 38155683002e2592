/**
 * Rules of S3, KMS and STS that no document changes.
 * @module
 */
import { accountOf } from "./caller.ts";
import type { Asked } from "./statement.ts";
import { allowed, missing, type Verdict } from "./verdict.ts";

/** What the service itself decides; undefined: the documents do. */
export function decidedByService(asked: Asked): Verdict | undefined {
  const { caller, lowerAction } = asked;
  // "No permissions are required to perform this operation", even where a policy denies it
  // @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
  if (lowerAction === "sts:getcalleridentity" && accountOf(caller) !== undefined)
    return allowed("service", "every caller may ask who it is", []);
  // @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
  if (lowerAction === "sts:assumerole" && caller.kind === "root")
    return missing("service", "an account's root user cannot assume a role");
  // requests to KMS must be signed
  // @see https://docs.aws.amazon.com/kms/latest/APIReference/Welcome.html
  if (lowerAction.startsWith("kms:") && caller.kind === "anonymous")
    return missing("service", "KMS takes no request without a signature");
  const account = accountOf(caller);
  const isForeign = account !== undefined && account !== asked.resourceAccount;
  if (lowerAction.startsWith("kms:") && isForeign && !ACROSS_ACCOUNTS.has(lowerAction.slice(4)))
    return missing("service", "KMS does not offer this action to other accounts");
  return undefined;
}

// @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
const ACROSS_ACCOUNTS: ReadonlySet<string> = new Set([
  "creategrant",
  "decrypt",
  "derivesharedsecret",
  "describekey",
  "encrypt",
  "generatedatakey",
  "generatedatakeypair",
  "generatedatakeypairwithoutplaintext",
  "generatedatakeywithoutplaintext",
  "generatemac",
  "getkeyrotationstatus",
  "getpublickey",
  "listgrants",
  "reencryptfrom",
  "reencryptto",
  "retiregrant",
  "revokegrant",
  "sign",
  "verify",
  "verifymac",
]);

/**
 * Whether nothing is allowed that the resource's own policy does not allow, to somebody or to the account: so it is
 * with keys, and with roles that are assumed.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
 */
export function needsResourcePolicy({ resource, lowerAction }: Asked): boolean {
  const [, , service] = resource?.head ?? [];
  const tail = resource?.tail ?? "";
  return (
    (service === "kms" && tail.startsWith("key/")) ||
    (service === "iam" && tail.startsWith("role/") && lowerAction.startsWith("sts:"))
  );
}

const BUCKET_POLICY: ReadonlySet<string> = new Set([
  "s3:getbucketpolicy",
  "s3:putbucketpolicy",
  "s3:deletebucketpolicy",
]);

/**
 * A bucket policy cannot lock its own account's root user out of the bucket policy; endpoints and organisations can.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
 */
export function isBeyondBucketPolicy({ caller, lowerAction, resourceAccount }: Asked): boolean {
  return (
    caller.kind === "root" && caller.account === resourceAccount && BUCKET_POLICY.has(lowerAction)
  );
}
