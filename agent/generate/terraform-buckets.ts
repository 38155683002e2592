/**
 * The policies and settings of buckets, as resources of Terraform.
 * @see https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket_policy
 * @module
 */
import type { BucketDocuments, Deployment, IdentityDocuments } from "../policy/deployment.ts";
import { bucketPath } from "./files.ts";
import { type Block, quoted } from "./hcl.ts";
import { namedIn } from "./holders.ts";
import { terraformName } from "./logical-ids.ts";
import { documentAt, roleAddress } from "./terraform-identities.ts";
import { bucketVariable, keyVariable, variable } from "./terraform-variables.ts";

/** Without it, who removes the module would open what its policies close. */
export const KEPT: Block = { head: ["lifecycle"], attributes: { prevent_destroy: "true" } };

/**
 * One after the other: S3 refuses two changes of one bucket at a time ("OperationAborted").
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export function bucketResources(
  bucket: BucketDocuments,
  deployment: Deployment,
  made: readonly IdentityDocuments[],
): readonly Block[] {
  const steps = [...bucketSettings(bucket, deployment), ...bucketPolicy(bucket)];
  const roles = namedIn(bucket.policy, made).map(roleAddress);
  return steps.map((step, at) => {
    const before = steps[at - 1];
    const waits = before === undefined ? [] : [`${before.head[1]}.${before.head[2]}`];
    const isPolicy = step.head[1] === "aws_s3_bucket_policy";
    return { ...step, dependsOn: isPolicy ? [...roles, ...waits] : waits };
  });
}

function bucketPolicy(bucket: BucketDocuments): readonly Block[] {
  if (bucket.policy === undefined) return [];
  return [
    ofBucket(bucket, "aws_s3_bucket_policy", {
      attributes: { policy: documentAt(bucketPath(bucket.name)) },
      blocks: [KEPT],
    }),
  ];
}

function bucketSettings(bucket: BucketDocuments, deployment: Deployment): readonly Block[] {
  const { publicAccessBlocked, ownership, versioning } = bucket.settings;
  const blocked = String(publicAccessBlocked);
  return [
    ...whenKnown(publicAccessBlocked, () =>
      ofBucket(bucket, "aws_s3_bucket_public_access_block", {
        attributes: {
          block_public_acls: blocked,
          block_public_policy: blocked,
          ignore_public_acls: blocked,
          restrict_public_buckets: blocked,
        },
        blocks: [KEPT],
      }),
    ),
    ...whenKnown(ownership, (known) =>
      ofBucket(bucket, "aws_s3_bucket_ownership_controls", {
        blocks: [{ head: ["rule"], attributes: { object_ownership: quoted(known) } }],
      }),
    ),
    ...whenKnown(versioning, (known) =>
      ofBucket(bucket, "aws_s3_bucket_versioning", {
        blocks: [{ head: ["versioning_configuration"], attributes: { status: quoted(known) } }],
      }),
    ),
    ...encryption(bucket, deployment),
  ];
}

function encryption(bucket: BucketDocuments, { keys }: Deployment): readonly Block[] {
  return whenKnown(bucket.settings.encryption, ({ algorithm, key, bucketKey }) => {
    const isOurs = keys.some(({ arn }) => arn === key);
    const byDefault: Block = {
      head: ["apply_server_side_encryption_by_default"],
      attributes: {
        sse_algorithm: quoted(algorithm),
        kms_master_key_id:
          key === undefined ? undefined : isOurs ? variable(keyVariable(key)) : quoted(key),
      },
    };
    // without SSE-KMS by default it is for requests that ask for that themselves
    const attributes =
      algorithm === "aws:kms" || bucketKey ? { bucket_key_enabled: String(bucketKey) } : undefined;
    const rule: Block = { head: ["rule"], ...(attributes && { attributes }), blocks: [byDefault] };
    return ofBucket(bucket, "aws_s3_bucket_server_side_encryption_configuration", {
      blocks: [rule],
    });
  });
}

function whenKnown<Value>(
  value: Value | undefined,
  encode: (value: Value) => Block,
): readonly Block[] {
  return value === undefined ? [] : [encode(value)];
}

function ofBucket(
  { name, region }: BucketDocuments,
  type: string,
  { attributes, blocks }: Omit<Block, "head">,
): Block {
  return {
    head: ["resource", type, terraformName(name)],
    attributes: { region: quoted(region), bucket: variable(bucketVariable(name)), ...attributes },
    ...(blocks && { blocks }),
  };
}
