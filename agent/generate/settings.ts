/**
 * What of a bucket is no policy: nothing public, no ACLs, every version kept, encrypted by default.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html
 * @module
 */
import type { Target } from "../map/access-map.ts";
import type { BucketSettings } from "../policy/deployment.ts";

export function bucketSettings(target: Target): BucketSettings {
  return {
    publicAccessBlocked: true,
    ownership: "BucketOwnerEnforced",
    versioning: "Enabled",
    encryption: encryptionOf(target),
  };
}

/** A Bucket Key also serves requests that ask for SSE-KMS themselves where the default is another; never DSSE. */
function encryptionOf({ defaultEncryption, bucketKey }: Target): BucketSettings["encryption"] {
  switch (defaultEncryption.type) {
    case "s3":
      return { algorithm: "AES256", key: undefined, bucketKey };
    case "kms":
      return { algorithm: "aws:kms", key: defaultEncryption.key, bucketKey };
    case "dsse":
      return { algorithm: "aws:kms:dsse", key: defaultEncryption.key, bucketKey: false };
    default:
      return defaultEncryption satisfies never;
  }
}
