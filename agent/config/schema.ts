/**
 * Every key of the config, with its shape and range. What a key is when left out, `host.ts` and `group.ts` say.
 *
 * The interfaces keep the file's spelling; what they hold is parsed already: ms, bytes, mode bits, names.
 * @module
 */
import * as v from "valibot";
import {
  parseAccountId,
  parseBucketName,
  parseKmsKeyArn,
  parseRegion,
  parseS3Key,
  parseS3Prefix,
  parseSecretName,
  type AccountId,
  type BucketName,
  type KmsKeyArn,
  type Region,
  type S3Key,
  type S3Prefix,
  type SecretName,
} from "../core/names.ts";
import type {
  CredentialsConfig,
  DecryptConfig,
  EndpointsConfig,
  ListenConfig,
  OwnerConfig,
  ReloadConfig,
  SseConfig,
} from "./config.ts";
import { describeValue } from "./issue.ts";
import {
  closed,
  duration,
  flag,
  listOf,
  mappingOf,
  parsed,
  size,
  wholeNumber,
  wordOf,
  type Schema,
} from "./shapes.ts";
import {
  absolutePath,
  argv,
  controlGroup,
  credentials,
  decrypt,
  endpoints,
  loopback,
  owner,
  reload,
  secretMode,
  sse,
} from "./values.ts";

export interface BucketSettings {
  readonly bucket: BucketName;
  readonly bucket_owner?: AccountId;
  readonly region?: Region;
}

export interface ReplicaSettings extends BucketSettings {
  readonly region: Region;
  readonly keys?: readonly KmsKeyArn[];
}

/** postern.yaml, its groups still unread: each is read by itself, so that one's fault hides no other's. */
export interface MainSettings extends BucketSettings {
  readonly version: 1;
  readonly failover?: readonly ReplicaSettings[];
  readonly credentials?: CredentialsConfig;
  readonly endpoints?: EndpointsConfig;
  readonly refresh?: {
    readonly every?: number;
    readonly splay?: number;
    readonly max_age?: number;
  };
  readonly paths?: { readonly run?: string; readonly state?: string };
  readonly control?: { readonly group: string };
  readonly metrics?: { readonly listen: ListenConfig };
  readonly limits?: {
    readonly concurrency?: number;
    readonly request_timeout?: number;
    readonly pass_timeout?: number;
    readonly requests_per_minute?: number;
    readonly max_host_size?: number;
  };
  readonly defaults?: GroupDefaults;
  readonly groups?: Readonly<Record<string, unknown>>;
}

/** What a group may set and `defaults` may set for all. */
export interface GroupDefaults {
  readonly owner?: OwnerConfig;
  readonly mode?: number;
  readonly allow_world_readable?: boolean;
  readonly decrypt?: DecryptConfig;
  readonly sse?: SseConfig;
  readonly max_size?: number;
  readonly max_group_size?: number;
  readonly max_bundle?: number;
  readonly settle?: number;
  readonly max_age?: number;
  readonly allow_empty?: boolean;
  readonly on_bad_name?: "refuse" | "skip";
  readonly on_revoked?: "keep" | "remove";
  readonly revoke_after?: number;
  readonly on_expired?: "keep" | "remove";
}

export interface GroupSettings extends GroupDefaults {
  readonly prefix?: S3Prefix;
  readonly only?: readonly SecretName[];
  readonly bundle?: S3Key;
  readonly min_revision?: number;
  readonly files?: readonly (readonly [SecretName, FileSettings])[];
  readonly render?: readonly RenderSettings[];
  readonly on_change?: OnChangeSettings;
}

export interface FileSettings {
  readonly path: string;
  readonly as?: "link" | "copy";
  readonly replace?: boolean;
  readonly on_disk?: boolean;
}

export interface RenderSettings {
  /** Absolute, or the name of a file beside the group's secrets. */
  readonly path: string;
  readonly format: "dotenv" | "json" | "yaml" | "properties" | "template";
  readonly template?: string;
}

export interface OnChangeSettings {
  readonly check?: readonly string[];
  readonly verify?: readonly string[];
  readonly reload?: ReloadConfig;
  readonly on_failure?: "keep" | "rollback";
  readonly on_drift?: boolean;
  readonly timeout?: number;
}

const bucketEntries = {
  bucket: parsed("a bucket's name", parseBucketName),
  bucket_owner: v.exactOptional(parsed("12 digits in quotes", parseAccountId)),
  region: v.exactOptional(parsed("a region's code", parseRegion)),
};

const groupDefaultEntries = {
  owner: v.exactOptional(owner()),
  mode: v.exactOptional(secretMode()),
  allow_world_readable: v.exactOptional(flag()),
  decrypt: v.exactOptional(decrypt()),
  sse: v.exactOptional(sse()),
  max_size: v.exactOptional(size("1B", "64MiB")),
  max_group_size: v.exactOptional(size("1B", "1GiB")),
  max_bundle: v.exactOptional(size("1B", "2GiB")),
  settle: v.exactOptional(duration("0s", "1h")),
  max_age: v.exactOptional(duration("1s", "365d")),
  allow_empty: v.exactOptional(flag()),
  on_bad_name: v.exactOptional(wordOf(["refuse", "skip"])),
  on_revoked: v.exactOptional(wordOf(["keep", "remove"])),
  revoke_after: v.exactOptional(duration("0s", "30d")),
  on_expired: v.exactOptional(wordOf(["keep", "remove"])),
};

export const defaultsSchema: Schema<GroupDefaults> = closed(groupDefaultEntries);

const fileSchema = closed({
  path: absolutePath(),
  as: v.exactOptional(wordOf(["link", "copy"])),
  replace: v.exactOptional(flag()),
  on_disk: v.exactOptional(flag()),
});

const renderSchema = closed({
  path: v.lazy((input): Schema<string> =>
    typeof input === "string" && input.startsWith("/")
      ? absolutePath()
      : parsed("an absolute path, or a file name beside the secrets", parseSecretName),
  ),
  format: wordOf(["dotenv", "json", "yaml", "properties", "template"]),
  template: v.exactOptional(absolutePath()),
});

const onChangeSchema = closed({
  check: v.exactOptional(argv()),
  verify: v.exactOptional(argv()),
  reload: v.exactOptional(reload()),
  on_failure: v.exactOptional(wordOf(["keep", "rollback"])),
  on_drift: v.exactOptional(flag()),
  timeout: v.exactOptional(duration("1s", "15m")),
});

const groupsSchema = v.pipe(
  mappingOf((name) => name, v.unknown()),
  v.transform((pairs): Readonly<Record<string, unknown>> => Object.fromEntries(pairs)),
);

export const groupSchema: Schema<GroupSettings> = closed({
  ...groupDefaultEntries,
  prefix: v.exactOptional(parsed("a prefix", parseS3Prefix)),
  only: v.exactOptional(listOf(parsed("a secret's name", parseSecretName))),
  bundle: v.exactOptional(parsed("an object's key", parseS3Key)),
  min_revision: v.exactOptional(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
  files: v.exactOptional(mappingOf(parseSecretName, fileSchema)),
  render: v.exactOptional(listOf(renderSchema)),
  on_change: v.exactOptional(onChangeSchema),
});

export const mainSchema: Schema<MainSettings> = closed({
  version: v.literal(1, ({ input }) => `expected 1, got ${describeValue(input)}`),
  ...bucketEntries,
  failover: v.exactOptional(
    listOf(
      closed({
        ...bucketEntries,
        region: parsed("a region's code", parseRegion),
        keys: v.exactOptional(listOf(parsed("a key ARN", parseKmsKeyArn))),
      }),
    ),
  ),
  credentials: v.exactOptional(credentials()),
  endpoints: v.exactOptional(endpoints()),
  refresh: v.exactOptional(
    closed({
      every: v.exactOptional(duration("1s", "1d")),
      splay: v.exactOptional(duration("0s", "1d")),
      max_age: v.exactOptional(duration("1s", "365d")),
    }),
  ),
  paths: v.exactOptional(
    closed({ run: v.exactOptional(absolutePath()), state: v.exactOptional(absolutePath()) }),
  ),
  control: v.exactOptional(closed({ group: controlGroup() })),
  metrics: v.exactOptional(closed({ listen: loopback() })),
  limits: v.exactOptional(
    closed({
      concurrency: v.exactOptional(wholeNumber(1, 1024)),
      request_timeout: v.exactOptional(duration("100ms", "5m")),
      pass_timeout: v.exactOptional(duration("1s", "1h")),
      requests_per_minute: v.exactOptional(wholeNumber(60, 1_000_000)),
      max_host_size: v.exactOptional(size("1B", "64GiB")),
    }),
  ),
  defaults: v.exactOptional(defaultsSchema),
  groups: v.exactOptional(groupsSchema),
});

/** A file of conf.d: one recipe's groups and nothing else. */
export const addedSchema: Schema<{ readonly groups: Readonly<Record<string, unknown>> }> = closed({
  groups: groupsSchema,
});
