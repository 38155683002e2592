/** A group whose secrets are objects of their own: reading and writing one, and listing all. @module */
import type { ObjectHead } from "../aws/object-store.ts";
import { isMissingKey } from "../aws/failure.ts";
import { PosternError } from "../core/errors.ts";
import {
  judgeNames,
  keyIn,
  quote,
  type S3Key,
  type S3Prefix,
  type SecretName,
} from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { type Base, conditionOf, conflict } from "./conflict.ts";
import { type Group, keyOf } from "./group.ts";

/** One secret as it lies in S3. */
export interface Entry {
  readonly name: SecretName;
  readonly key: S3Key;
  readonly etag: string;
  /** Of the object, in bytes: sealed ones are longer than their value. */
  readonly size: number;
  /** Epoch milliseconds. */
  readonly lastModified: number;
}

export interface Listed {
  /** In the order of the names. */
  readonly entries: readonly Entry[];
  /** Keys that hosts refuse, as they came. */
  readonly refused: readonly { readonly key: string; readonly why: string }[];
}

/**
 * - `found`, `missing`: as S3 says.
 * - `unknown`: S3 does not say which, to a caller who may not list; `error` is its denial.
 */
export type Look =
  | { readonly kind: "found"; readonly head: ObjectHead }
  | { readonly kind: "missing" }
  | { readonly kind: "unknown"; readonly error: PosternError };

export async function look({ publisher }: Group, key: S3Key): Promise<Look> {
  try {
    const head = await publisher.store.head(key);
    return head === undefined ? { kind: "missing" } : { kind: "found", head };
  } catch (error) {
    if (error instanceof PosternError && error.code === "MissingOrDenied")
      return { kind: "unknown", error };
    throw error;
  }
}

export interface Value {
  /** The caller wipes it. */
  readonly bytes: SecretBytes;
  readonly etag: string;
  readonly versionId: string | undefined;
  /** Epoch milliseconds. */
  readonly lastModified: number;
}

/** An object's own bytes, as they are sealed. */
export interface Sealed {
  /** The caller wipes it. */
  readonly body: SecretBytes;
  readonly etag: string;
  readonly versionId: string | undefined;
  /** Epoch milliseconds. */
  readonly lastModified: number;
}

/**
 * The whole object; undefined when there is none, said to someone who may list.
 * @param versionId of a state of the past
 * @throws {PosternError} Denied, TooLarge
 */
export async function readSealed(
  { publisher, config }: Group,
  key: S3Key,
  versionId?: string,
): Promise<Sealed | undefined> {
  const { bucket, owner, s3 } = publisher;
  const maxBytes = config.maxObjectBytes;
  try {
    const answer = await s3.get({ bucket, owner, key, versionId, maxBytes });
    if (answer.kind === "object") return answer;
  } catch (error) {
    if (error instanceof PosternError && isMissingKey(error)) return undefined;
    throw error;
  }
  throw new PosternError("Internal", "a conditional answer to an unconditional GET");
}

/**
 * The secret's value, opened; undefined when there is none.
 * @param versionId of a state of the past
 * @throws {PosternError} Denied, or whatever opening fails with
 */
export async function readValue(
  group: Group,
  name: SecretName,
  versionId?: string,
): Promise<Value | undefined> {
  const key = keyOf(group, name);
  const found = await readSealed(group, key, versionId);
  if (found === undefined) return undefined;
  const { body, ...rest } = found;
  return { ...rest, bytes: await group.opener.object(key, body) };
}

/** The names of a group's secrets, and the keys below its prefix that hosts refuse. */
export async function listNames(
  group: Group,
): Promise<{ readonly names: readonly SecretName[]; readonly refused: Listed["refused"] }> {
  const { layout } = group.config;
  if (layout.kind === "bundle") throw new PosternError("Internal", "a bundle is one object");
  if (layout.kind === "only") return { names: layout.names, refused: [] };
  const { entries, refused } = await listEntries(group, layout.prefix);
  return { names: entries.map(({ name }) => name), refused };
}

/** Every secret below the prefix, without its value. */
export async function listEntries({ publisher }: Group, prefix: S3Prefix): Promise<Listed> {
  const { bucket, owner, s3 } = publisher;
  const found: { name: string; entry: Omit<Entry, "name" | "key"> }[] = [];
  let token: string | undefined;
  do {
    const page = await s3.list({ bucket, owner, prefix, token });
    for (const { key, ...entry } of page.objects)
      found.push({ name: key.slice(prefix.length), entry });
    token = page.next;
  } while (token !== undefined);
  const { accepted, refused } = judgeNames(found);
  const entries = accepted.map(({ name, entry }) => ({
    ...entry,
    name,
    key: keyIn(prefix, name),
  }));
  return { entries: entries.sort(byName), refused };
}

export interface Written {
  readonly name: SecretName;
  readonly etag: string;
  readonly versionId: string | undefined;
}

/**
 * Writes sealed bytes where `base` is.
 * @throws {PosternError} TooLarge for what no host would take, Conflict when something else is there by now
 */
export async function writeSealed(
  group: Group,
  name: SecretName,
  sealed: Uint8Array,
  base: Base,
): Promise<Written> {
  const { publisher, config } = group;
  if (sealed.length > config.maxObjectBytes)
    throw new PosternError(
      "TooLarge",
      `${quote(`${config.name}/${name}`)} is too large: expected an object of at most ${config.maxObjectBytes} bytes, got ${sealed.length}`,
      { hint: "raise max_size, for the hosts as well, if it is meant to be this large" },
    );
  const outcome = await publisher.store.put({
    key: keyOf(group, name),
    body: sealed,
    condition: conditionOf(base),
    sse: config.sse,
  });
  if (outcome.kind === "conflict") throw conflict(`${config.name}/${name}`, base, outcome.current);
  return { name, etag: outcome.etag, versionId: outcome.versionId };
}

/**
 * Deletes it, only if it is what `base` says. Undefined in a bucket without versions.
 * @throws {PosternError} Conflict
 */
export async function removeObject(
  group: Group,
  name: SecretName,
  base: { readonly etag: string; readonly versionId: string | undefined },
): Promise<string | undefined> {
  const { publisher, config } = group;
  const outcome = await publisher.store.remove(keyOf(group, name), base.etag);
  if (outcome.kind === "conflict")
    throw conflict(`${config.name}/${name}`, { kind: "version", ...base }, outcome.current);
  return outcome.versionId;
}

function byName(one: Entry, other: Entry): number {
  return one.name < other.name ? -1 : 1;
}
