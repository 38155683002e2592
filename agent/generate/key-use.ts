/**
 * How KMS knows that a key is used for a group: by the encryption context, and by who asks, S3 or the caller itself.
 *
 * - SSE-KMS: S3 asks, with the object's ARN as context, or the bucket's where it has a Bucket Key.
 * - Client-side: the caller asks, with the context that postern seals with, and no other name in it. ForAllValues alone
 *   would pass an empty context, so that the names must be there.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
 * @module
 */
import type { KmsKeyArn } from "../core/names.ts";
import type { AccessMap, Group } from "../map/access-map.ts";
import type { Values } from "./fill.ts";
import { keyAt, keysOf, objectsOf, type Place } from "./place.ts";

/** A way to use keys, as the templates that end in its shape say it. */
export interface KeyUse {
  readonly shape:
    | "sse-objects"
    | "sealed-objects"
    | "sealed-bundle"
    | "declared-objects"
    | "declared-bundle";
  readonly values: Values;
}

/** The keys of a use, in the place's region. */
export interface Keys {
  readonly current: KmsKeyArn;
  /** The current one, and the one before while objects are under it. */
  readonly all: readonly KmsKeyArn[];
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html (the bucket's ARN; not with DSSE) */
export function sseContexts(group: Group, place: Place): readonly string[] {
  const hasBucketKey = place.target.bucketKey && group.sse.type === "kms";
  return hasBucketKey ? [place.bucket] : objectsOf(group, place);
}

export function sseUse(contexts: readonly string[], { service }: Place): KeyUse {
  return { shape: "sse-objects", values: { objects: { pattern: contexts }, service } };
}

/** Undefined where S3 encrypts with keys of its own. */
export function sseKeys({ sse }: Group, place: Place): Keys | undefined {
  return sse.type === "s3" ? undefined : keysFor(sse, place);
}

/** Undefined for what is not sealed. */
export function sealKeys({ seal }: Group, place: Place): Keys | undefined {
  return seal.mode === "none" ? undefined : keysFor(seal, place);
}

function keysFor(
  { key, oldKey }: { readonly key: KmsKeyArn; readonly oldKey: KmsKeyArn | undefined },
  place: Place,
): Keys {
  const current = keyAt(place, key);
  const all = oldKey === undefined ? [current] : [current, keyAt(place, oldKey)];
  return { current, all: [...new Set(all)].toSorted() };
}

// the Encryption SDK's signing suites put their verification key there
const PUBLIC_KEY = "aws-crypto-public-key";

/** The home bucket stands in the context also where a replica is read. Undefined for what is not sealed. */
export function sealUse({ name, reach, seal }: Group, { home }: AccessMap): KeyUse | undefined {
  if (seal.mode === "none") return undefined;
  const { context } = seal;
  const own = Object.keys(context).toSorted();
  const isBundle = reach.kind === "bundle";
  const revision = isBundle ? ["postern:revision"] : [];
  if (seal.bind === "none") {
    const names = [...own, ...revision, PUBLIC_KEY];
    const pairs = { context: { pairs: context }, names };
    return isBundle
      ? { shape: "declared-bundle", values: pairs }
      : {
          shape: "declared-objects",
          // of an empty context there is no name to ask for
          values: { ...pairs, present: own.length === 0 ? undefined : "false" },
        };
  }
  const bound = { group: name, home: home.bucket, context: { pairs: context } };
  const names = (third: string): readonly string[] => [
    ...own,
    "postern:group",
    "postern:bucket",
    third,
    PUBLIC_KEY,
  ];
  return isBundle
    ? { shape: "sealed-bundle", values: { ...bound, names: names("postern:revision") } }
    : {
        shape: "sealed-objects",
        values: { ...bound, keys: { pattern: keysOf(reach) }, names: names("postern:key") },
      };
}

/**
 * Whether the two are one multi-Region key, by whose data keys each other opens.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
 */
export function isRelated(one: KmsKeyArn, other: KmsKeyArn): boolean {
  const id = one.split("/")[1] ?? "";
  return one === other || (id.startsWith("mrk-") && other.split("/")[1] === id);
}
