/**
 * KMS Decrypt, and the clients that the Encryption SDK's keyrings use.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 * @module
 */
import type { KMS } from "@aws-sdk/client-kms";
import type { KmsKeyArn, Region } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";

/** KMS in every region that a key names, with retries, deadlines and the bound on concurrency already inside. */
export interface Kms {
  /**
   * Opens a ciphertext of at most 6144 bytes in the region of `key`, under exactly that key and context.
   * @throws {PosternError} DecryptFailed when it does not open, else whatever `toFailure` makes of the answer
   */
  decrypt(request: DecryptRequest): Promise<Decrypted>;
  /** The region's one client, for a keyring: its `send` rejects with `PosternError` alone. */
  clientFor(region: Region): KMS;
}

export interface DecryptRequest {
  readonly ciphertext: Uint8Array;
  readonly key: KmsKeyArn;
  readonly context: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface Decrypted {
  /** The caller wipes it. */
  readonly plaintext: SecretBytes;
  /** The ARN of the key that KMS says it used. */
  readonly key: string;
}
