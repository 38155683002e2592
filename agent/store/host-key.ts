/**
 * The key of this host, under which digests of secrets are kept and shown.
 *
 * A plain hash of a short password can be guessed offline by whoever sees it; an HMAC under a key that never
 * leaves the host cannot. It also tells apart equal values: group and name are part of what is digested.
 * @see RFC 2104
 * @module
 */
import { createHmac } from "node:crypto";
import { PosternError } from "../core/errors.ts";
import { type GroupName, quote, type SecretName } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import { createFile, type Effects, readOwnFile, temporaryName } from "./durable-file.ts";
import { attempt, unless } from "./fault.ts";
import { HOST_KEY } from "./layout.ts";
import { childOf, type Directory } from "./target.ts";

// as long as the hash's output: RFC 2104 section 3 advises no less, and more gains nothing
const KEY_BYTES = 32;

/**
 * The host's key, made on first use. Two processes that both make it end up with the same one.
 * @throws {PosternError} UnsafeTree when it is not this user's own private file of 32 bytes
 */
export function makeHostKey(effects: Effects, state: Directory, uid: number): SecretBytes {
  const { fs, chance } = effects;
  const existing = readHostKey(effects, state, uid);
  if (existing !== undefined) return existing;
  const temporary = childOf(state, temporaryName(chance, HOST_KEY));
  try {
    createFile(fs, temporary, chance.bytes(KEY_BYTES), undefined);
    // unlike rename, link never replaces: who comes second uses the first one's key
    unless(["EEXIST"], () => fs.link(temporary, childOf(state, HOST_KEY)));
  } catch (error) {
    attempt(() => fs.unlink(temporary));
    throw error;
  }
  fs.unlink(temporary);
  fs.sync(state.fd);
  const made = readHostKey(effects, state, uid);
  if (made === undefined) throw new PosternError("CannotWrite", `${quote(HOST_KEY)} went away`);
  return made;
}

/** The host's key, or undefined when none was made yet. Throws as `makeHostKey` does. */
export function readHostKey(
  effects: Pick<Effects, "fs">,
  state: Directory,
  uid: number,
): SecretBytes | undefined {
  const bytes = readOwnFile(effects.fs, state, HOST_KEY, {
    uid,
    maxBytes: KEY_BYTES,
    readable: "by owner",
  });
  if (bytes === undefined || bytes.length === KEY_BYTES)
    return bytes === undefined ? undefined : new SecretBytes(bytes);
  const path = `${state.path}/${HOST_KEY}`;
  throw new PosternError(
    "UnsafeTree",
    `${quote(path)} is no host key: expected ${KEY_BYTES} bytes, got ${bytes.length}`,
    { hint: "remove it: the next postern fetch makes another, and fetches all secrets anew" },
  );
}

/** HMAC-SHA256 of a secret's content, bound to its group and name: 64 hex digits. */
export function keyedDigest(
  hostKey: SecretBytes,
  group: GroupName,
  name: SecretName,
  bytes: Buffer,
): string {
  // no name holds a NUL, so no two triples are digested as the same bytes
  return createHmac("sha256", hostKey.expose())
    .update(`postern content\0${group}\0${name}\0`)
    .update(bytes)
    .digest("hex");
}

/** What tells one host key from another, without being of use to guess anything. */
export function keyId(hostKey: SecretBytes): string {
  return createHmac("sha256", hostKey.expose()).update("postern key id").digest("hex").slice(0, 12);
}

/** A digest as people compare it. */
export function fingerprint(digest: string): string {
  return digest.slice(0, 12);
}
