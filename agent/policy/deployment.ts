/**
 * The documents and settings that lie in an account: generated, exported, or read from files, whichever it is.
 * What proves, compares and enforces takes them in this form alone.
 * @module
 */

/** A policy document as parsed JSON, which `parsePolicy` judges. */
export type PolicyJson = Readonly<Record<string, unknown>>;

export interface Deployment {
  /** That owns the buckets and keys. */
  readonly account: string;
  readonly partition: string;
  readonly buckets: readonly BucketDocuments[];
  readonly keys: readonly KeyDocuments[];
  readonly identities: readonly IdentityDocuments[];
  readonly endpoints: readonly EndpointDocuments[];
}

export interface BucketDocuments {
  readonly name: string;
  readonly region: string;
  readonly policy: PolicyJson | undefined;
  readonly settings: BucketSettings;
}

/** What of a bucket is no policy. Undefined: not known, or never set. */
export interface BucketSettings {
  /** All four. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html */
  readonly publicAccessBlocked: boolean | undefined;
  readonly ownership: "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter" | undefined;
  readonly versioning: "Enabled" | "Suspended" | undefined;
  readonly encryption:
    | {
        readonly algorithm: "AES256" | "aws:kms" | "aws:kms:dsse";
        readonly key: string | undefined;
        readonly bucketKey: boolean;
      }
    | undefined;
}

export interface KeyDocuments {
  readonly arn: string;
  readonly policy: PolicyJson;
  /** As `aws kms list-grants` tells of them. */
  readonly grants: readonly unknown[];
}

/** A role, a user, or the roles of a permission set. */
export interface IdentityDocuments {
  readonly kind: "role" | "user" | "permission set";
  /** With "*" in it for the roles of a permission set. */
  readonly arn: string;
  /** Of a role: who may assume it. */
  readonly trust: PolicyJson | undefined;
  readonly maxSessionSeconds: number | undefined;
  readonly hasInstanceProfile: boolean;
  readonly policies: readonly NamedPolicy[];
  /** ARNs of policies that others keep, whose text is not known here. */
  readonly foreignPolicies: readonly string[];
  readonly boundary: PolicyJson | undefined;
}

export interface NamedPolicy {
  readonly name: string;
  readonly form: "inline" | "managed";
  readonly document: PolicyJson;
}

/** Of a VPC endpoint. */
export interface EndpointDocuments {
  readonly id: string;
  readonly service: "s3" | "kms";
  readonly type: "gateway" | "interface";
  readonly region: string;
  readonly policy: PolicyJson;
}
