/**
 * Reading and changing a bucket's policy.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
 * @module
 */
import { isRecord } from "../policy/issues.ts";
import { isPublic, readAttached } from "./attached.ts";
import { arnOf, authorise, reply, type BucketCall, type S3Outcome } from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import { verifyPayload } from "./s3-integrity.ts";

/** 20 KB, of which white space is no part. */
const MAX_POLICY_BYTES = 20_480;

export function getBucketPolicy(call: BucketCall): S3Outcome {
  const { bucket } = call;
  const denied = authorise(call, "s3:GetBucketPolicy", arnOf(bucket.name));
  if (denied !== undefined) return denied;
  const { policy } = bucket.settings();
  return policy === undefined
    ? refuse("NoSuchBucketPolicy", { details: { BucketName: bucket.name } })
    : reply(200, { "Content-Type": "application/json" }, Buffer.from(policy.text));
}

export async function putBucketPolicy(call: BucketCall): Promise<S3Outcome> {
  const { bucket } = call;
  const action = "s3:PutBucketPolicy";
  const denied = authorise(call, action, arnOf(bucket.name));
  if (denied !== undefined) return denied;
  const verified = await verifyPayload(call);
  if (verified.kind === "refused") return verified;
  const text = call.body.toString("utf8");
  const document = parseObject(text);
  if (document === undefined)
    return malformed("Policies must be valid JSON and the first byte must be '{'");
  const policy = readAttached(text, bucket.name);
  if (policy === undefined) return malformed("This policy contains invalid Json");
  if (!resourcesOf(document).every((resource) => isOfBucket(resource, bucket.name)))
    return malformed("Policy has invalid resource");
  if (Buffer.byteLength(JSON.stringify(document)) > MAX_POLICY_BYTES)
    return malformed("Policy exceeds the maximum allowed document size.");
  const policyIsPublic = isPublic(policy.policy);
  // AWS: it "causes Amazon S3 to reject calls to PutBucketPolicy if the specified bucket policy allows public access"
  if (policyIsPublic && bucket.settings().publicAccessBlock?.blockPublicPolicy === true)
    return refuse("AccessDenied", {
      message: `User: ${whoIs(call)} is not authorized to perform: ${action} on resource: "${arnOf(bucket.name)}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
    });
  bucket.configure({ policy, policyIsPublic });
  return reply(204);
}

/** As S3 does, also where there is none. */
export function deleteBucketPolicy(call: BucketCall): S3Outcome {
  const { bucket } = call;
  const denied = authorise(call, "s3:DeleteBucketPolicy", arnOf(bucket.name));
  if (denied !== undefined) return denied;
  bucket.configure({ policy: undefined, policyIsPublic: undefined });
  return reply(204);
}

function malformed(message: string): S3Refusal {
  return refuse("MalformedPolicy", { message });
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const document: unknown = JSON.parse(text);
    return text.startsWith("{") && isRecord(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

/** What the statements of a document that is one are about. */
function resourcesOf({
  Statement: statement,
}: Readonly<Record<string, unknown>>): readonly unknown[] {
  return [statement]
    .flat()
    .filter(isRecord)
    .flatMap(({ Resource: resource, NotResource: other }) => [resource ?? other].flat());
}

/** A bucket's policy speaks of the bucket and what is in it, by name: "*" stands for no bucket. */
function isOfBucket(resource: unknown, name: string): boolean {
  return resource === arnOf(name) || String(resource).startsWith(`${arnOf(name)}/`);
}

function whoIs({ principal }: BucketCall): string {
  if (principal.kind === "anonymous") return principal.kind;
  return principal.kind === "role" ? principal.sessionArn : principal.arn;
}
