/**
 * The configuration after parsing: complete, with every default filled in and every unit converted.
 *
 * Milliseconds and bytes throughout. Optional is only what this host cannot know before it asks IMDS.
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
import type { TellingSignal } from "../core/signals.ts";

export interface Config {
  /** The files it was read from, in order. */
  readonly files: readonly string[];
  readonly home: BucketConfig;
  /** Replicas in other regions, in the order to try them. */
  readonly failover: readonly ReplicaConfig[];
  readonly refresh: RefreshConfig;
  readonly credentials: CredentialsConfig;
  readonly endpoints: EndpointsConfig;
  readonly paths: PathsConfig;
  /** The group whose members may ask the daemon, beside the running user: a name or number. */
  readonly controlGroup: string;
  /** A loopback port that serves the daemon's metrics; undefined for none. */
  readonly metricsListen: ListenConfig | undefined;
  readonly limits: LimitsConfig;
  /** In the order of the files. */
  readonly groups: readonly GroupConfig[];
}

export interface BucketConfig {
  readonly bucket: BucketName;
  /** Undefined: the instance's own region. */
  readonly region: Region | undefined;
  /** Undefined: the instance's own account. */
  readonly owner: AccountId | undefined;
}

/** A copy of the home bucket in another region, read while the home is out. */
export interface ReplicaConfig {
  readonly bucket: BucketName;
  readonly region: Region;
  /** Undefined: the account that owns the home bucket. */
  readonly owner: AccountId | undefined;
  /** In its region, pinned beside each sealed group's own. */
  readonly keys: readonly KmsKeyArn[];
}

export interface RefreshConfig {
  readonly everyMs: number;
  readonly splayMs: number;
}

/** Where credentials come from; `instance` is the default and never falls back to another. */
export type CredentialsConfig =
  | { readonly from: "instance" }
  | { readonly from: "environment" }
  | { readonly from: "profile"; readonly profile: string }
  | { readonly from: "container" }
  | { readonly from: "web-identity" };

/**
 * - `aws`: the public endpoints of the region; endpoint variables and shared config files are ignored.
 * - `environment`: the SDK's own variables (AWS_ENDPOINT_URL_S3 …) count.
 * - `explicit`: these URLs; plain `http:` only to loopback or link-local unless `insecure`.
 */
export type EndpointsConfig =
  | { readonly kind: "aws" }
  | { readonly kind: "environment"; readonly pathStyle: boolean }
  | {
      readonly kind: "explicit";
      readonly s3: URL | undefined;
      readonly kms: URL | undefined;
      readonly imds: URL | undefined;
      readonly pathStyle: boolean;
    };

/** Absolute, normalised. */
export interface PathsConfig {
  readonly run: string;
  readonly state: string;
}

export interface ListenConfig {
  readonly host: string;
  readonly port: number;
}

export interface LimitsConfig {
  /** Requests under way at once, over all groups. */
  readonly concurrency: number;
  readonly requestTimeoutMs: number;
  readonly passTimeoutMs: number;
  /** What lasts; ten minutes of it may be asked at once. */
  readonly requestsPerMinute: number;
  /** Plaintext of all groups' newest generations together. */
  readonly maxHostBytes: number;
}

export interface GroupConfig {
  readonly name: GroupName;
  readonly layout: LayoutConfig;
  readonly owner: OwnerConfig;
  /** Permission bits of every secret, such as 0o440. */
  readonly mode: number;
  readonly decrypt: DecryptConfig;
  /** What a publisher asks S3 to encrypt with; undefined leaves it to the bucket. Hosts need not know. */
  readonly sse: SseConfig | undefined;
  /** Largest object, as it lies in S3. */
  readonly maxObjectBytes: number;
  /** Plaintext of one generation. */
  readonly maxGroupBytes: number;
  /** Secrets younger than this wait for the next pass. */
  readonly settleMs: number;
  readonly maxAgeMs: number;
  readonly allowEmpty: boolean;
  readonly onBadName: "refuse" | "skip";
  readonly onRevoked: "keep" | "remove";
  readonly revokeAfterMs: number;
  readonly onExpired: "keep" | "remove";
  readonly files: readonly FileConfig[];
  readonly render: readonly RenderConfig[];
  readonly onChange: OnChangeConfig;
}

export type LayoutConfig =
  | { readonly kind: "prefix"; readonly prefix: S3Prefix }
  | { readonly kind: "only"; readonly prefix: S3Prefix; readonly names: readonly SecretName[] }
  | { readonly kind: "bundle"; readonly key: S3Key; readonly minRevision: number };

/** Names or numbers as written; the store asks the system's database. */
export interface OwnerConfig {
  readonly user: string;
  readonly group: string;
}

/**
 * `bind: key` requires `postern:group`, `postern:bucket` and `postern:key` beside the declared context (for a
 * bundle `postern:revision` in place of `postern:key`); `bind: none` requires the declared context alone.
 */
export type DecryptConfig =
  | { readonly mode: "none" }
  | {
      readonly mode: "kms" | "envelope";
      readonly keys: readonly KmsKeyArn[];
      readonly bind: "key" | "none";
      readonly context: Readonly<Record<string, string>>;
    };

/** S3's own encryption of an object, beside whatever the publisher sealed. */
export type SseConfig =
  | { readonly type: "s3" }
  | { readonly type: "kms" | "dsse"; readonly key: KmsKeyArn };

/** A further fixed path of one secret. */
export interface FileConfig {
  readonly secret: SecretName;
  readonly path: string;
  readonly as: "link" | "copy";
  readonly replace: boolean;
  readonly onDisk: boolean;
}

/** One file made from the whole group. */
export interface RenderConfig {
  /** Absolute and normalised, or a name beside the group's secrets. */
  readonly path: string;
  /** Of the file in the generation: `path` itself if that lies beside the secrets. */
  readonly name: SecretName;
  readonly format: "dotenv" | "json" | "yaml" | "properties" | "template";
  readonly template: string | undefined;
}

export interface OnChangeConfig {
  readonly check: readonly string[] | undefined;
  readonly verify: readonly string[] | undefined;
  readonly reload: ReloadConfig | undefined;
  readonly onFailure: "keep" | "rollback";
  /** Whether those who use the group are told after anything on the disk was put right, and not of content alone. */
  readonly onDrift: boolean;
  /** For each of the three. */
  readonly timeoutMs: number;
}

export type ReloadConfig =
  | { readonly kind: "unit"; readonly unit: string; readonly action: "reload" | "restart" }
  | { readonly kind: "signal"; readonly signal: TellingSignal; readonly pidfile: string }
  | { readonly kind: "command"; readonly argv: readonly string[] };
