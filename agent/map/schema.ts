/**
 * Every key of an access map, with its shape. What a key is when left out, `complete.ts` says;
 * docs/schemas/access-map-v1.json is the same in the words of JSON Schema.
 * @module
 */
import * as v from "valibot";
import { describeValue } from "../config/issue.ts";
import {
  closed,
  flag,
  isMapping,
  listOf,
  mappingOf,
  parsed,
  textThat,
  wordOf,
  type Schema,
} from "../config/shapes.ts";
import {
  parseAccountId,
  parseBucketName,
  parseRegion,
  parseSecretName,
  type AccountId,
  type BucketName,
  type GroupName,
  type Region,
  type S3Key,
  type S3Prefix,
  type SecretName,
} from "../core/names.ts";
import type { PolicyJson } from "../policy/deployment.ts";
import { LEVELS, type Level } from "../policy/rights.ts";
import {
  PARTITIONS,
  WAIVERS,
  type MapExpectation,
  type Partition,
  type PrincipalName,
  type Waiver,
} from "./access-map.ts";
import {
  host,
  principal,
  principalSettings,
  type HostSettings,
  type PrincipalSettings,
} from "./principal-schema.ts";
import {
  parseEndpointId,
  parseExpectation,
  parseKeyReference,
  parseMapGroup,
  parseMapKey,
  parseMapPrefix,
  parsePrincipalName,
} from "./words.ts";

export interface MapSettings {
  readonly version: 1;
  readonly account: AccountId;
  readonly partition?: Partition;
  readonly region: Region;
  readonly bucket: BucketName;
  readonly bucket_key?: boolean;
  readonly default_encryption?: EncryptionSettings;
  readonly keys?: readonly (readonly [string, string])[];
  readonly endpoints?: readonly (readonly [string, EndpointSettings])[];
  readonly further_buckets?: readonly (readonly [BucketName, FurtherSettings])[];
  readonly groups: readonly (readonly [GroupName, GroupSettings])[];
  readonly principals: readonly (readonly [PrincipalName, PrincipalSettings])[];
  readonly hosts?: readonly (readonly [PrincipalName, HostSettings])[];
  readonly deployers: readonly PrincipalName[];
  readonly break_glass: readonly PrincipalName[];
  readonly auditors?: readonly PrincipalName[];
  readonly guards?: GuardSettings;
  readonly replicas?: readonly ReplicaSettings[];
  readonly expect?: readonly Omit<MapExpectation, "line">[];
  readonly doctor?: boolean;
  readonly accept?: readonly Waiver[];
  readonly keep?: KeepSettings;
}

/** Account, region, keys and endpoints are those of the home bucket. */
export interface FurtherSettings {
  readonly bucket_key?: boolean;
  readonly default_encryption?: EncryptionSettings;
}

export interface KeepSettings {
  readonly bucket?: readonly PolicyJson[];
  readonly further_buckets?: readonly (readonly [BucketName, readonly PolicyJson[]])[];
  readonly keys?: readonly (readonly [string, readonly PolicyJson[]])[];
  readonly roles?: readonly (readonly [PrincipalName, readonly PolicyJson[]])[];
}

export interface EncryptionSettings {
  readonly type: "s3" | "kms" | "dsse";
  readonly key?: string;
  readonly old_key?: string;
}

export interface GroupSettings {
  readonly bucket?: BucketName;
  readonly prefix?: S3Prefix;
  readonly only?: readonly SecretName[];
  readonly bundle?: S3Key;
  readonly sse?: EncryptionSettings & { readonly header?: "required" | "default" };
  readonly seal?: SealSettings;
  readonly readers?: readonly PrincipalName[];
  readonly publishers?: readonly (readonly [PrincipalName, Level])[];
}

export interface SealSettings {
  readonly mode: "kms" | "envelope";
  readonly key: string;
  readonly old_key?: string;
  readonly bind?: "key" | "none";
  readonly context?: readonly (readonly [string, string])[];
}

export interface EndpointSettings {
  readonly service: "s3" | "kms";
  readonly type?: "gateway" | "interface";
  readonly include_aws_owned?: boolean;
}

export interface GuardSettings {
  readonly tls?: "1.2" | "1.3";
  readonly org?: string;
  readonly imds_v2?: boolean;
  readonly stolen_credentials?: "off" | "s3+kms" | "all";
  readonly presigned?: "deny" | "allow";
}

export interface ReplicaSettings {
  readonly of?: BucketName;
  readonly bucket: BucketName;
  readonly region: Region;
  readonly bucket_key?: boolean;
  readonly default_encryption?: EncryptionSettings;
  readonly keys?: readonly (readonly [string, string])[];
  readonly endpoints?: readonly (readonly [string, EndpointSettings])[];
}

const keyReference = parsed("a key ARN, or a name of keys", parseKeyReference);
const text = (form: string): Schema<string> => textThat(form, (value) => value !== "");

const encryptionEntries = {
  type: wordOf(["s3", "kms", "dsse"]),
  key: v.exactOptional(keyReference),
  old_key: v.exactOptional(keyReference),
};

const encryption: Schema<EncryptionSettings> = closed(encryptionEntries);

const seal: Schema<SealSettings> = closed({
  mode: wordOf(["kms", "envelope"]),
  key: keyReference,
  old_key: v.exactOptional(keyReference),
  bind: v.exactOptional(wordOf(["key", "none"])),
  context: v.exactOptional(mappingOf((name) => name, text("a string"))),
});

const bucketName = parsed("a bucket's name", parseBucketName);

const group: Schema<GroupSettings> = closed({
  bucket: v.exactOptional(bucketName),
  prefix: v.exactOptional(parsed("a prefix", parseMapPrefix)),
  only: v.exactOptional(
    listOf(parsed("a secret's name", (name) => parseSecretName(parseMapKey(name)))),
  ),
  bundle: v.exactOptional(parsed("an object's key", parseMapKey)),
  sse: v.exactOptional(
    closed({ ...encryptionEntries, header: v.exactOptional(wordOf(["required", "default"])) }),
  ),
  seal: v.exactOptional(seal),
  readers: v.exactOptional(listOf(principal)),
  publishers: v.exactOptional(mappingOf(parsePrincipalName, wordOf(LEVELS))),
});

const endpoints = mappingOf(
  parseEndpointId,
  closed({
    service: wordOf(["s3", "kms"]),
    type: v.exactOptional(wordOf(["gateway", "interface"])),
    include_aws_owned: v.exactOptional(flag()),
  }),
);

const guards: Schema<GuardSettings> = closed({
  tls: v.exactOptional(wordOf(["1.2", "1.3"])),
  org: v.exactOptional(
    textThat("an organisation's id (o-...)", (id) => /^o-[a-z0-9]{10,32}$/.test(id)),
  ),
  imds_v2: v.exactOptional(flag()),
  stolen_credentials: v.exactOptional(wordOf(["off", "s3+kms", "all"])),
  presigned: v.exactOptional(wordOf(["deny", "allow"])),
});

/** Names of `keys`, or at a replica the home's key by name or ARN; then the ARN. */
const keys = mappingOf(parseKeyReference, parsed("a key ARN", parseKeyReference));

/** What is in it, `keep.ts` judges. */
const statements: Schema<PolicyJson[]> = listOf(
  v.custom<PolicyJson>(
    isMapping,
    ({ input }) => `expected a statement of a policy, got ${describeValue(input)}`,
  ),
);

const keep: Schema<KeepSettings> = closed({
  bucket: v.exactOptional(statements),
  further_buckets: v.exactOptional(mappingOf(parseBucketName, statements)),
  keys: v.exactOptional(mappingOf(parseKeyReference, statements)),
  roles: v.exactOptional(mappingOf(parsePrincipalName, statements)),
});

const furtherEntries = {
  bucket_key: v.exactOptional(flag()),
  default_encryption: v.exactOptional(encryption),
};

const placeEntries = {
  region: parsed("a region's code", parseRegion),
  bucket: bucketName,
  ...furtherEntries,
  keys: v.exactOptional(keys),
  endpoints: v.exactOptional(endpoints),
};

export const mapSchema: Schema<MapSettings> = closed({
  version: v.literal(1, ({ input }) => `expected 1, got ${describeValue(input)}`),
  account: parsed("12 digits in quotes", parseAccountId),
  partition: v.exactOptional(wordOf(PARTITIONS)),
  ...placeEntries,
  further_buckets: v.exactOptional(mappingOf(parseBucketName, closed(furtherEntries))),
  groups: mappingOf(parseMapGroup, group),
  principals: mappingOf(parsePrincipalName, principalSettings),
  hosts: v.exactOptional(mappingOf(parsePrincipalName, host)),
  deployers: listOf(principal),
  break_glass: listOf(principal),
  auditors: v.exactOptional(listOf(principal)),
  guards: v.exactOptional(guards),
  replicas: v.exactOptional(listOf(closed({ of: v.exactOptional(bucketName), ...placeEntries }))),
  expect: v.exactOptional(listOf(parsed("a sentence", parseExpectation))),
  doctor: v.exactOptional(flag()),
  accept: v.exactOptional(listOf(wordOf(WAIVERS))),
  keep: v.exactOptional(keep),
});
