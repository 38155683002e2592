/**
 * The access map: who may read and publish which groups, and under which guards. Everything else is made from it: the
 * policies, what is proved of them, and what is told of them.
 *
 * As `parse.ts` reads it from YAML: complete, every name resolved, nothing optional left to guess.
 * @module
 */
import type {
  AccountId,
  BucketName,
  GroupName,
  KmsKeyArn,
  Region,
  S3Key,
  S3Prefix,
  SecretName,
} from "../core/names.ts";
import type { PolicyJson } from "../policy/deployment.ts";
import type { Level } from "../policy/rights.ts";

declare const brand: unique symbol;

/**
 * A principal's name in the map: `[a-z0-9][a-z0-9._-]*`, at most 64, as IAM allows for a role's. Those made for hosts
 * have a "+" in them, which no other has.
 */
export type PrincipalName = string & { readonly [brand]: "PrincipalName" };

export const PARTITIONS = ["aws", "aws-cn", "aws-us-gov"] as const;
export type Partition = (typeof PARTITIONS)[number];

export interface AccessMap {
  /** As errors and annotations name it. */
  readonly file: string;
  /** That owns buckets, keys and generated roles. */
  readonly account: AccountId;
  readonly partition: Partition;
  readonly home: Target;
  /** Buckets of the same account and region that have groups of their own; in the order of the file. */
  readonly further: readonly Target[];
  /** Where S3 replicates a bucket to, and hosts read when that is down. */
  readonly replicas: readonly Replica[];
  /** The role by which S3 replicates; undefined without replicas. */
  readonly replication: PrincipalName | undefined;
  /** Of all endpoints of the map, whichever bucket they are for. */
  readonly endpointIds: ReadonlySet<string>;
  /** In the order of the file. */
  readonly groups: readonly Group[];
  /** In the order of the file, then those made for `hosts`. */
  readonly principals: readonly Principal[];
  readonly hosts: readonly Host[];
  /** Who changes buckets, keys and roles; never empty. */
  readonly deployers: readonly PrincipalName[];
  /** Who gets in when all else is locked out; never empty. */
  readonly breakGlass: readonly PrincipalName[];
  /** Who looks at how buckets and keys are protected and does nothing else with them; may be empty. */
  readonly auditors: readonly PrincipalName[];
  readonly guards: Guards;
  readonly expectations: readonly MapExpectation[];
  /** Whether hosts may look at their keys (kms:DescribeKey). */
  readonly doctor: boolean;
  readonly accepted: readonly Waiver[];
  readonly keep: Kept;
  /** Where a thing stands in the file; the line of its nearest parent for what is only implied. */
  readonly lineOf: (path: readonly (string | number)[]) => number;
}

/**
 * Statements that the map does not explain and that stay in the documents as they are, each a plain statement of a
 * document of version 2012-10-17.
 */
export interface Kept {
  /** Of the home bucket. */
  readonly bucket: readonly PolicyJson[];
  readonly further: ReadonlyMap<BucketName, readonly PolicyJson[]>;
  /** Of keys in the home's region. */
  readonly keys: ReadonlyMap<KmsKeyArn, readonly PolicyJson[]>;
  /** Of roles and users. */
  readonly roles: ReadonlyMap<PrincipalName, readonly PolicyJson[]>;
}

/** A bucket with its region's keys and endpoints. */
export interface Target {
  /** Where it stands in the file; empty for the home bucket, which is told of at the top. */
  readonly path: readonly (string | number)[];
  readonly bucket: BucketName;
  readonly region: Region;
  /**
   * S3 Bucket Keys: KMS then sees the bucket's ARN as encryption context, not the object's, and cannot tell groups apart.
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
   */
  readonly bucketKey: boolean;
  readonly defaultEncryption: ServerSide;
  /** Of the groups that lie in it: at a replica by the key of the replicated bucket that of this region, elsewhere each by itself. */
  readonly keys: ReadonlyMap<KmsKeyArn, KmsKeyArn>;
  /** Through which it is reached; several buckets of a region may have the same. */
  readonly endpoints: readonly Endpoint[];
}

export interface Replica extends Target {
  /** The bucket that it is a replica of. */
  readonly of: BucketName;
}

/** A VPC endpoint whose policy is generated. */
export interface Endpoint {
  readonly id: string;
  readonly service: "s3" | "kms";
  readonly type: "gateway" | "interface";
  /** Also the buckets that AWS itself serves packages and agents from. */
  readonly includeAwsOwned: boolean;
}

export interface Group {
  readonly name: GroupName;
  /** That it lies in: the home bucket, or one of the further ones. */
  readonly bucket: BucketName;
  readonly reach: Reach;
  readonly sse: ServerSide & {
    /** "required": each PUT names encryption and key; "default": the bucket's default encryption does. */
    readonly header: "required" | "default";
  };
  readonly seal: Seal;
  readonly readers: readonly PrincipalName[];
  readonly publishers: readonly { readonly principal: PrincipalName; readonly level: Level }[];
}

/** What of the bucket is the group's. */
export type Reach =
  | { readonly kind: "prefix"; readonly prefix: S3Prefix }
  /** Exactly these keys; read without the right to list. */
  | { readonly kind: "only"; readonly prefix: S3Prefix; readonly names: readonly SecretName[] }
  | { readonly kind: "bundle"; readonly key: S3Key };

/** What S3 encrypts with. */
export type ServerSide =
  | { readonly type: "s3" }
  | {
      readonly type: "kms" | "dsse";
      readonly key: KmsKeyArn;
      /** That older objects are still under. */
      readonly oldKey: KmsKeyArn | undefined;
    };

/** What publishers encrypt with before S3 sees it. */
export type Seal =
  | { readonly mode: "none" }
  | {
      readonly mode: "kms" | "envelope";
      readonly key: KmsKeyArn;
      readonly oldKey: KmsKeyArn | undefined;
      /** "key": group, bucket and key (of a bundle: revision) are in the encryption context. */
      readonly bind: "key" | "none";
      /** Further pairs, or with bind none all. */
      readonly context: Readonly<Record<string, string>>;
    };

/** Where a principal's requests come from. */
export type Network =
  | { readonly kind: "any" }
  /** Through one of these endpoints or from one of these addresses. */
  | {
      readonly kind: "limited";
      readonly vpces: readonly string[];
      readonly cidrs: readonly string[];
    };

interface Named {
  readonly name: PrincipalName;
  readonly network: Network;
}

export type Principal = Named & PrincipalKind;

/**
 * Generated roles lie below `/postern/`: `arn:PARTITION:iam::ACCOUNT:role/postern/NAME`.
 */
export type PrincipalKind =
  /** A generated role for instances, with its profile. */
  | { readonly kind: "ec2"; readonly arn: string; readonly withPolicies: readonly string[] }
  /** A role of the account that is there already: it gets policies attached. */
  | { readonly kind: "existing"; readonly arn: string; readonly isInstance: boolean }
  /**
   * The roles of a permission set of IAM Identity Center: a pattern, for their names end in random characters.
   * @see https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
   */
  | { readonly kind: "sso"; readonly arnPattern: string; readonly permissionSet: string }
  /** A generated role for who comes with a token of an identity provider. */
  | {
      readonly kind: "oidc";
      readonly arn: string;
      /** The host and path of the provider: "token.actions.githubusercontent.com". */
      readonly provider: string;
      readonly audience: string;
      /** Exact subjects, or patterns with "*" at the end. */
      readonly subjects: readonly string[];
    }
  | { readonly kind: "user"; readonly arn: string }
  /** A generated role that a service of AWS runs its work under: "ecs-tasks.amazonaws.com". */
  | { readonly kind: "service"; readonly arn: string; readonly service: string }
  /** A role of another account. */
  | { readonly kind: "foreign"; readonly arn: string; readonly account: AccountId }
  /** A generated role that people assume with MFA for an hour at most. */
  | { readonly kind: "human"; readonly arn: string; readonly trusted: readonly string[] };

export interface Host {
  readonly name: string;
  readonly groups: readonly GroupName[];
  /** The role that it runs under: its own, or the one made for all with the same needs. */
  readonly principal: PrincipalName;
}

export interface Guards {
  readonly tls: "1.2" | "1.3";
  /** The organisation that every caller must be of. */
  readonly org: string | undefined;
  /** Credentials of an instance must have come over IMDSv2. */
  readonly imdsV2: boolean;
  /**
   * Credentials of an instance work only from the instance: for S3 and KMS, or for all services.
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-ec2instancesourcevpc
   */
  readonly stolenCredentials: "off" | "s3+kms" | "all";
  readonly presigned: "deny" | "allow";
}

/** "web may not read db/*", as a person wrote it. */
export interface MapExpectation {
  readonly text: string;
  readonly principal: PrincipalName;
  readonly allowed: boolean;
  readonly verb: Verb;
  /** An object's key, or a pattern with "*" at its end. */
  readonly pattern: string;
  readonly line: number;
}

/** What a person would say that somebody does, and which is one request of S3 with what KMS must then do. */
export const VERBS = ["read", "list", "put", "remove", "read old versions of"] as const;
export type Verb = (typeof VERBS)[number];

/** Weaknesses that the map's owner has been told of and takes. */
export const WAIVERS = ["fewer-layers", "bucket-key"] as const;
export type Waiver = (typeof WAIVERS)[number];
