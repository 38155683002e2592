/**
 * What the objects of a group are encrypted with: by S3 under which key, and by the client in which context.
 * @module
 */
import type { KmsKeyArn } from "../core/names.ts";
import type { AccessMap, Group, Target } from "../map/access-map.ts";
import type { Keys } from "./caller-facts.ts";
import type { Values } from "./request-class.ts";

export function sseKeys(target: Target, { sse }: Group): readonly string[] {
  return sse.type === "s3" ? [] : keysAt(target, [sse.key, sse.oldKey]);
}

export function sealKeys(target: Target, { seal }: Group): readonly string[] {
  return seal.mode === "none" ? [] : keysAt(target, [seal.key, seal.oldKey]);
}

function keysAt({ keys }: Target, home: readonly (KmsKeyArn | undefined)[]): readonly string[] {
  return home.flatMap((key) => (key === undefined ? [] : [keys.get(key) ?? key]));
}

export interface SealContext {
  readonly pairs: Keys;
  /** The names of the pairs, with those that the Encryption SDK may add. */
  readonly names: readonly Values[];
}

/** What a publisher's client sealed with; a replica's objects bear the home bucket's name. */
export function sealContext(map: AccessMap, group: Group, key: string): SealContext {
  const { seal, reach, name } = group;
  if (seal.mode === "none") return { pairs: {}, names: [[]] };
  const isBundle = reach.kind === "bundle";
  const bound: Readonly<Record<string, string | undefined>> = {
    "postern:group": seal.bind === "key" ? name : undefined,
    "postern:bucket": seal.bind === "key" ? map.home.bucket : undefined,
    "postern:key": seal.bind === "key" && !isBundle ? key : undefined,
    "postern:revision": isBundle ? "42" : undefined,
    ...seal.context,
  };
  const pairs = Object.entries(bound).filter(([, value]) => value !== undefined);
  const names = pairs.map(([one]) => one);
  const signed = seal.mode === "envelope" ? [[...names, SIGNATURE]] : [];
  return {
    pairs: {
      ...Object.fromEntries(
        pairs.map(([one, value]) => [`kms:EncryptionContext:${one}`, value ?? ""]),
      ),
      ...(seal.mode === "envelope" ? { [`kms:EncryptionContext:${SIGNATURE}`]: "free" } : {}),
    },
    names: [names, ...signed],
  };
}

// @see https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/concepts.html#encryption-context
const SIGNATURE = "aws-crypto-public-key";

/** What a publisher may say of encryption when it puts. */
export function headersOf(
  map: AccessMap,
  target: Target,
  { sse }: Group,
): readonly Readonly<Record<string, string>>[] {
  const isPlainByDefault = map.home.defaultEncryption.type === "s3" && sse.header === "default";
  if (sse.type === "s3") return [{ [HEADER]: "AES256" }, ...(isPlainByDefault ? [{}] : [])];
  const said = { [HEADER]: nameOfSse(sse.type), [KEY_HEADER]: target.keys.get(sse.key) ?? sse.key };
  return sse.header === "required" ? [said] : [said, {}];
}

export const HEADER = "s3:x-amz-server-side-encryption";
export const KEY_HEADER = "s3:x-amz-server-side-encryption-aws-kms-key-id";

export function nameOfSse(type: "kms" | "dsse"): string {
  return type === "kms" ? "aws:kms" : "aws:kms:dsse";
}
