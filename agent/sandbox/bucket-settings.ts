/**
 * What a bucket is set to beside versioning: who may reach it, who owns what is in it, how it is encrypted.
 * @see AWS "Blocking public access to your Amazon S3 storage", "Controlling ownership of objects", "Setting
 *   default server-side encryption behavior"
 * @module
 */
import type { AttachedPolicy } from "./attached.ts";

export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

export const OBJECT_OWNERSHIPS = [
  "BucketOwnerEnforced",
  "BucketOwnerPreferred",
  "ObjectWriter",
] as const;

export type ObjectOwnership = (typeof OBJECT_OWNERSHIPS)[number];

/** How objects are encrypted whose writers do not say. */
export interface DefaultEncryption {
  readonly kind: "AES256" | "aws:kms";
  /** Id, ARN or alias of a KMS key, as it was given: S3 looks it up when it writes. Default its own key. */
  readonly keyId?: string | undefined;
  /** Of objects under KMS keys whose writers do not say. */
  readonly bucketKey: boolean;
}

export interface BucketSettings {
  /** Undefined once it was deleted. */
  readonly publicAccessBlock: PublicAccessBlock | undefined;
  /** Undefined once they were deleted. */
  readonly ownership: ObjectOwnership | undefined;
  readonly encryption: DefaultEncryption;
  readonly policy: AttachedPolicy | undefined;
  /** What S3 thinks of the bucket's policy; undefined when it has none. */
  readonly policyIsPublic: boolean | undefined;
}

export const BLOCKED: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
};

/** S3 encrypts with its own keys where nothing else is set, and when that is deleted. */
export const OWN_ENCRYPTION: DefaultEncryption = { kind: "AES256", bucketKey: false };

/** A new bucket, as AWS has made them since April 2023. */
export const NEW_BUCKET: BucketSettings = {
  publicAccessBlock: BLOCKED,
  ownership: "BucketOwnerEnforced",
  encryption: OWN_ENCRYPTION,
  policy: undefined,
  policyIsPublic: undefined,
};
