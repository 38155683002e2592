/**
 * Opens a raw KMS ciphertext: what `aws kms encrypt` makes, at most 4096 bytes of plaintext.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 * @module
 */
import type { Kms } from "../aws/kms.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { createAttempts } from "./attempts.ts";
import type { Pin } from "./pins.ts";

/** Decrypt refuses longer ones, so a longer body was never sealed by KMS itself. */
const MAX_CIPHERTEXT_BYTES = 6144;

export interface KmsSealed {
  /** Of the object, for messages. */
  readonly name: string;
  readonly ciphertext: Buffer;
  /** Tried in turn until one opens. */
  readonly pins: readonly Pin[];
  readonly context: Readonly<Record<string, string>>;
}

/**
 * The plaintext; KMS checks key and context. The caller wipes it.
 *
 * @throws {PosternError} BadData when the size is no ciphertext's, DecryptFailed when no key opens it, or
 * KMS's failure that counts (see `Attempts.failure`)
 */
export async function openKms(
  { name, ciphertext, pins, context }: KmsSealed,
  kms: Pick<Kms, "decrypt">,
  signal?: AbortSignal,
): Promise<SecretBytes> {
  if (ciphertext.length === 0 || ciphertext.length > MAX_CIPHERTEXT_BYTES)
    throw new PosternError(
      "BadData",
      `${quote(name)}: expected a KMS ciphertext of 1 to ${MAX_CIPHERTEXT_BYTES} bytes, got ${ciphertext.length} bytes`,
      { hint: "decrypt.mode kms seals at most 4096 bytes; larger secrets need mode envelope" },
    );
  const attempts = createAttempts(kms);
  for (const pin of pins) {
    if (!attempts.isDue(pin)) continue;
    const { key } = pin;
    try {
      return (await attempts.decrypt({ ciphertext, key, context, signal })).plaintext;
    } catch {
      // kept by `attempts`, which knows the one that counts
    }
  }
  throw (
    attempts.failure(name) ??
    new PosternError("ConfigInvalid", "expected decrypt.keys to name a key")
  );
}
