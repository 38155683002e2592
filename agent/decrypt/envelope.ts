/**
 * Opens an AWS Encryption SDK message, with the library of that name and key commitment required.
 *
 * Heavy to load: only `open.ts` imports it, when a group needs it.
 * @see https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/javascript.html
 * @module
 */
import { buildDecrypt } from "@aws-crypto/decrypt-node";
import { AwsKmsMrkAwareSymmetricKeyringNode, KmsKeyringNode } from "@aws-crypto/kms-keyring-node";
import {
  CommitmentPolicy,
  type KeyringNode,
  MultiKeyringNode,
} from "@aws-crypto/material-management-node";
import type { Kms } from "../aws/kms.ts";
import { PosternError } from "../core/errors.ts";
import { type KmsKeyArn, quote, regionOfKey } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import { type Attempts, createAttempts } from "./attempts.ts";
import { type Message, parseMessage } from "./message.ts";
import { isMultiRegion, type Pin } from "./pins.ts";

/** Each may cost a request to KMS, so a hostile message must not name thousands. Publishers use one to three. */
const MAX_DATA_KEYS = 16;

export interface EnvelopeSealed {
  /** Of the object, for messages. */
  readonly name: string;
  readonly message: Buffer;
  /** No other key is asked, whatever the message names. */
  readonly pins: readonly Pin[];
  /** Why a context is wrong, or undefined when it is right. */
  readonly judge: (context: Readonly<Record<string, string>>) => string | undefined;
}

export interface EnvelopeOpened {
  /** The caller wipes it. */
  readonly plaintext: SecretBytes;
  /** Authenticated. */
  readonly context: Readonly<Record<string, string>>;
}

/**
 * Opens `message` under any of the pinned keys; a multi-Region key opens what its replicas sealed.
 *
 * The context is judged before KMS is asked: key policies may demand a context too, and a message moved from
 * elsewhere must count as bad data, not as this host's role denied.
 *
 * @throws {PosternError} BadData when it is no whole message, DecryptFailed when context, keys or
 * authentication are wrong, or KMS's failure that counts (see `Attempts.failure`)
 */
export async function openEnvelope(
  sealed: EnvelopeSealed,
  kms: Pick<Kms, "decrypt">,
  signal?: AbortSignal,
): Promise<EnvelopeOpened> {
  const claimed = parseMessage(sealed.message, sealed.name);
  refuseContext(sealed, claimed.context);
  refuseKeys(sealed, claimed);
  const attempts = createAttempts(kms);
  const opened = await decryptMessage(sealed, attempts, signal);
  try {
    refuseContext(sealed, opened.context);
  } catch (error) {
    opened.plaintext.wipe();
    throw error;
  }
  return opened;
}

function refuseContext(
  { name, judge }: EnvelopeSealed,
  context: Readonly<Record<string, string>>,
): void {
  const fault = judge(context);
  if (fault === undefined) return;
  throw new PosternError("DecryptFailed", `wrong encryption context in ${quote(name)}: ${fault}`, {
    hint: "it was sealed for another group, bucket or key, or without binding: see bind and context in decrypt",
  });
}

function refuseKeys({ name, pins }: EnvelopeSealed, { dataKeys }: Message): void {
  if (dataKeys.length > MAX_DATA_KEYS)
    throw new PosternError(
      "BadData",
      `${quote(name)}: expected at most ${MAX_DATA_KEYS} data keys, got ${dataKeys.length}`,
    );
  const ours = dataKeys.some(
    (dataKey) => dataKey.provider === "aws-kms" && pins.some(({ key }) => opens(key, dataKey.key)),
  );
  if (ours) return;
  const named = dataKeys.map(({ key }) => quote(key)).join(", ");
  throw new PosternError(
    "DecryptFailed",
    `cannot open ${quote(name)}: expected it to be sealed under a key in decrypt.keys, got ${named}`,
    { hint: "reseal it under one of them, or add its key to decrypt.keys" },
  );
}

async function decryptMessage(
  { name, message, pins }: EnvelopeSealed,
  attempts: Attempts,
  signal: AbortSignal | undefined,
): Promise<EnvelopeOpened> {
  const { decrypt } = buildDecrypt({
    commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
    maxEncryptedDataKeys: MAX_DATA_KEYS,
  });
  const keyring = new MultiKeyringNode({
    children: pins.map((pin) => keyringFor(pin, attempts, signal)),
  });
  try {
    const { plaintext, messageHeader } = await decrypt(keyring, message);
    return { plaintext: new SecretBytes(plaintext), context: messageHeader.encryptionContext };
  } catch (error) {
    throw attempts.failure(name) ?? unauthentic(name, error);
  }
}

/** Asks KMS through `attempts`: the SDK would hide an outage or a denial in the text of its own error. */
function keyringFor(pin: Pin, attempts: Attempts, signal: AbortSignal | undefined): KeyringNode {
  const { key } = pin;
  const client = {
    decrypt: async (request: {
      CiphertextBlob: Uint8Array;
      EncryptionContext?: Readonly<Record<string, string>>;
    }) => {
      const { CiphertextBlob: ciphertext, EncryptionContext: context = {} } = request;
      if (!attempts.isDue(pin)) throw notNeeded(key);
      const decrypted = await attempts.decrypt({ ciphertext, key, context, signal });
      // the keyring copies the data key out and zeroes these bytes
      return { KeyId: decrypted.key, Plaintext: decrypted.plaintext.expose() };
    },
    encrypt: refuseToSeal,
    generateDataKey: refuseToSeal,
  };
  return isMultiRegion(key)
    ? new AwsKmsMrkAwareSymmetricKeyringNode({ keyId: key, client })
    : new KmsKeyringNode({ keyIds: [key], clientProvider: () => client });
}

// the keyring goes on to the next one
function notNeeded(key: KmsKeyArn): PosternError {
  return new PosternError("Internal", `KMS in ${regionOfKey(key)} is not needed`);
}

function refuseToSeal(): Promise<never> {
  return Promise.reject(new PosternError("Internal", "this keyring only opens"));
}

function opens(key: KmsKeyArn, sealedUnder: string): boolean {
  return (
    key === sealedUnder || (isMultiRegion(key) && inAnyRegion(key) === inAnyRegion(sealedUnder))
  );
}

function inAnyRegion(key: string): string {
  return key.split(":").toSpliced(3, 1).join(":");
}

function unauthentic(name: string, cause: unknown): PosternError {
  return new PosternError(
    "DecryptFailed",
    `cannot open ${quote(name)}: expected an authentic message, got one that was altered or damaged`,
    { cause },
  );
}
