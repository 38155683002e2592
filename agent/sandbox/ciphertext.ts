/**
 * The blob that Encrypt returns and Decrypt takes: AES-256-GCM under a key's backing material.
 *
 * ```
 * offset  0   1        version, 1
 *         1   1        n, length of the key id
 *         2   n        key id, ASCII
 *       n+2  16        id of the backing material
 *      n+18  12        IV
 *      n+30  16        tag
 *      n+46   …        ciphertext, as long as the plaintext
 * ```
 *
 * Authenticated with it, though not inside: everything before the IV, and the encryption context, sorted by
 * the bytes of its names, each name and value after its length in bytes (32 bits, big endian). The layout is
 * the sandbox's own: to clients of KMS a blob is opaque.
 * @see AWS KMS Cryptographic Details, "Encrypt"
 * @module
 */
import { createCipheriv, createDecipheriv } from "node:crypto";

const VERSION = 1;
const BACKING_LENGTH = 16;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

export type EncryptionContext = Readonly<Record<string, string>>;

/** One generation of a key's secret, the same in every region of a multi-Region key. */
export interface BackingKey {
  /** 16 bytes. */
  readonly id: Buffer;
  /** 32 bytes. */
  readonly secret: Buffer;
}

/** A blob taken apart, nothing of it verified. */
export interface Sealed {
  readonly keyId: string;
  readonly backingId: Buffer;
  /** Version, key id and backing id as they were written. */
  readonly header: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly data: Buffer;
}

/**
 * @param keyId at most 255 ASCII characters
 * @param iv 12 bytes that were never used with this backing key before
 */
export function seal(
  keyId: string,
  backing: BackingKey,
  plaintext: Buffer,
  context: EncryptionContext,
  iv: Buffer,
): Buffer {
  const id = Buffer.from(keyId, "ascii");
  const header = Buffer.concat([Buffer.of(VERSION, id.length), id, backing.id]);
  const cipher = createCipheriv("aes-256-gcm", backing.secret, iv);
  cipher.setAAD(Buffer.concat([header, encodeContext(context)]));
  const data = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([header, iv, cipher.getAuthTag(), data]);
}

/** Undefined when `blob` has not the layout of one. */
export function parseSealed(blob: Buffer): Sealed | undefined {
  const idEnd = 2 + (blob[1] ?? 0);
  const headerEnd = idEnd + BACKING_LENGTH;
  const ivEnd = headerEnd + IV_LENGTH;
  const tagEnd = ivEnd + TAG_LENGTH;
  if (blob[0] !== VERSION || blob.length < tagEnd) return undefined;
  return {
    keyId: blob.toString("ascii", 2, idEnd),
    backingId: blob.subarray(idEnd, headerEnd),
    header: blob.subarray(0, headerEnd),
    iv: blob.subarray(headerEnd, ivEnd),
    tag: blob.subarray(ivEnd, tagEnd),
    data: blob.subarray(tagEnd),
  };
}

/** The plaintext, or undefined when a bit of the blob or of the context is another. */
export function open(
  sealed: Sealed,
  backing: BackingKey,
  context: EncryptionContext,
): Buffer | undefined {
  const decipher = createDecipheriv("aes-256-gcm", backing.secret, sealed.iv);
  decipher.setAAD(Buffer.concat([sealed.header, encodeContext(context)]));
  decipher.setAuthTag(sealed.tag);
  const plaintext = decipher.update(sealed.data);
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Equal for two contexts only if their pairs are equal, whatever the order. */
export function encodeContext(context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).map(
    ([name, value]) => [Buffer.from(name), Buffer.from(value)] as const,
  );
  pairs.sort(([left], [right]) => Buffer.compare(left, right));
  return Buffer.concat(pairs.flat().flatMap((bytes) => [lengthOf(bytes), bytes]));
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}
