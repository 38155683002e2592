/**
 * Seals what `decrypt/` opens: the same modes, keys and context, from the same configuration.
 *
 * The first key in `decrypt.keys` seals; the others are for opening, while a set moves from one key to another.
 * @module
 */
import type { KMS } from "@aws-sdk/client-kms";
import { buildEncrypt } from "@aws-crypto/encrypt-node";
import { AwsKmsMrkAwareSymmetricKeyringNode, KmsKeyringNode } from "@aws-crypto/kms-keyring-node";
import {
  CommitmentPolicy,
  type KeyringNode,
  MultiKeyringNode,
} from "@aws-crypto/material-management-node";
import { PosternError } from "../core/errors.ts";
import {
  type BucketName,
  type GroupName,
  type KmsKeyArn,
  quote,
  type Region,
  regionOfKey,
  type S3Key,
} from "../core/names.ts";
import { requiredContext } from "../decrypt/context.ts";
import type { Sealing } from "../decrypt/open.ts";

export interface SealerOptions {
  readonly decrypt: Sealing;
  readonly group: GroupName;
  /** The home bucket. */
  readonly bucket: BucketName;
  /** In the regions of the replicas: each envelope also opens there. */
  readonly replicaKeys: readonly KmsKeyArn[];
  readonly client: (region: Region) => KMS;
}

export interface Sealer {
  /** @param plaintext stays the caller's @throws {PosternError} TooLarge for mode kms, or KMS's failure */
  object(key: S3Key, plaintext: Buffer): Promise<Buffer>;
  /** @param archive a tar, which stays the caller's @throws {PosternError} ConfigInvalid unless the mode is envelope */
  bundle(archive: Buffer, revision: number): Promise<Buffer>;
}

/** What KMS encrypts at most without a data key. */
const MAX_KMS_BYTES = 4096;

export function createSealer(options: SealerOptions): Sealer {
  const { decrypt } = options;
  return {
    object: async (key, plaintext) => {
      const subject = { kind: "object", key } as const;
      switch (decrypt.mode) {
        case "none":
          return Buffer.from(plaintext);
        case "kms":
          return sealByKms(key, plaintext, requiredContext({ ...options, ...decrypt }, subject), {
            key: firstKey(decrypt.keys),
            client: options.client,
          });
        case "envelope":
          return sealEnvelope(
            plaintext,
            requiredContext({ ...options, ...decrypt }, subject),
            decrypt.keys,
            options,
          );
        default:
          return decrypt satisfies never;
      }
    },
    bundle: (archive, revision) => {
      if (decrypt.mode !== "envelope")
        throw new PosternError(
          "ConfigInvalid",
          `expected decrypt.mode envelope with a bundle, got ${decrypt.mode}`,
        );
      const required = requiredContext({ ...options, ...decrypt }, { kind: "bundle" });
      const context = { ...required, "postern:revision": String(revision) };
      return sealEnvelope(archive, context, decrypt.keys, options);
    },
  };
}

async function sealByKms(
  name: string,
  plaintext: Buffer,
  context: Readonly<Record<string, string>>,
  { key, client }: { readonly key: KmsKeyArn; readonly client: SealerOptions["client"] },
): Promise<Buffer> {
  if (plaintext.length > MAX_KMS_BYTES)
    throw new PosternError(
      "TooLarge",
      `${quote(name)}: expected at most ${MAX_KMS_BYTES} bytes with decrypt.mode kms, got ${plaintext.length}`,
      { hint: "use mode envelope for what is longer" },
    );
  if (plaintext.length === 0)
    throw new PosternError("BadData", `${quote(name)}: expected a value, KMS seals no empty one`, {
      hint: "remove the secret, or use mode envelope",
    });
  const { CiphertextBlob } = await client(regionOfKey(key)).encrypt({
    KeyId: key,
    Plaintext: plaintext,
    EncryptionContext: { ...context },
  });
  if (CiphertextBlob === undefined) throw incomplete();
  return Buffer.from(CiphertextBlob);
}

/** Under the signing, committing suite, which is the SDK's own choice. */
async function sealEnvelope(
  plaintext: Buffer,
  context: Readonly<Record<string, string>>,
  keys: readonly KmsKeyArn[],
  { replicaKeys, client }: SealerOptions,
): Promise<Buffer> {
  const first = firstKey(keys);
  const others = replicaKeys.filter((key) => !isRelated(key, first));
  const { encrypt } = buildEncrypt(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const keyring = new MultiKeyringNode({
    generator: keyringFor(first, client),
    children: others.map((key) => keyringFor(key, client)),
  });
  try {
    const { result } = await encrypt(keyring, plaintext, { encryptionContext: { ...context } });
    return result;
  } catch (error) {
    throw failureIn(error) ?? error;
  }
}

function keyringFor(key: KmsKeyArn, client: SealerOptions["client"]): KeyringNode {
  const own = sealingOnly(client(regionOfKey(key)));
  return key.includes(":key/mrk-")
    ? new AwsKmsMrkAwareSymmetricKeyringNode({ keyId: key, client: own })
    : new KmsKeyringNode({ generatorKeyId: key, clientProvider: () => own });
}

type KeyringClient = ConstructorParameters<typeof AwsKmsMrkAwareSymmetricKeyringNode>[0]["client"];

/** What a keyring asks of KMS to seal. */
function sealingOnly(kms: KMS): KeyringClient {
  return {
    generateDataKey: async (request) => {
      const { CiphertextBlob, Plaintext, KeyId } = await kms.generateDataKey(request);
      if (CiphertextBlob === undefined || Plaintext === undefined || KeyId === undefined)
        throw incomplete();
      return { CiphertextBlob, Plaintext, KeyId };
    },
    encrypt: async (request) => {
      const { CiphertextBlob, KeyId } = await kms.encrypt(request);
      if (CiphertextBlob === undefined || KeyId === undefined) throw incomplete();
      return { CiphertextBlob, KeyId };
    },
    decrypt: () => Promise.reject(new PosternError("Internal", "this keyring only seals")),
  };
}

function incomplete(): PosternError {
  return new PosternError("Unavailable", "KMS answered without what was asked for");
}

/** A multi-Region key's relatives open what it sealed. */
function isRelated(one: KmsKeyArn, other: KmsKeyArn): boolean {
  if (one === other) return true;
  const inAnyRegion = (key: string): string => key.split(":").toSpliced(3, 1).join(":");
  return one.includes(":key/mrk-") && inAnyRegion(one) === inAnyRegion(other);
}

function firstKey([key]: readonly KmsKeyArn[]): KmsKeyArn {
  if (key !== undefined) return key;
  throw new PosternError("ConfigInvalid", "expected a key in decrypt.keys, got none");
}

// the SDK may wrap what a keyring failed with
function failureIn(error: unknown): PosternError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof PosternError) return cause;
  return undefined;
}
