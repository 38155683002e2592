/**
 * The operations of KMS that use a key: Encrypt, Decrypt, ReEncrypt, data keys and random bytes.
 * @see AWS KMS API Reference
 * @module
 */
import * as v from "valibot";
import { type EncryptionContext, open, parseSealed, seal } from "./ciphertext.ts";
import type { Key } from "./keys.ts";
import {
  admit,
  authorise,
  type Call,
  done,
  fault,
  type KeyUse,
  type KmsFault,
  type Outcome,
} from "./kms-access.ts";
import {
  algorithm,
  blob,
  encryptionContext,
  integer,
  keyId,
  operation,
  type Operation,
} from "./kms-input.ts";

/** KMS encrypts passwords and keys, not files. */
const MAX_PLAINTEXT_BYTES = 4096;
/** `CiphertextType` of the API. */
const MAX_CIPHERTEXT_BYTES = 6144;

const dryRun = v.optional(v.boolean(), false);

const dataKeyInput = v.object({
  KeyId: keyId,
  EncryptionContext: encryptionContext,
  NumberOfBytes: v.optional(integer(1, 1024)),
  KeySpec: v.optional(v.picklist(["AES_256", "AES_128"])),
  DryRun: dryRun,
});
type DataKeyInput = v.InferOutput<typeof dataKeyInput>;

/** By their names in `X-Amz-Target`. */
export const CRYPTO_OPERATIONS: Readonly<Record<string, Operation>> = {
  Encrypt: operation(
    v.object({
      KeyId: keyId,
      Plaintext: blob(MAX_PLAINTEXT_BYTES),
      EncryptionContext: encryptionContext,
      EncryptionAlgorithm: algorithm,
      DryRun: dryRun,
    }),
    (input, call) => {
      const use = symmetric("kms:Encrypt", input.EncryptionContext, input.EncryptionAlgorithm);
      const admitted = use.kind === "fault" ? use : admit(call, input.KeyId, use);
      if (admitted.kind === "fault") return admitted;
      if (input.DryRun) return DRY_RUN;
      const { key } = admitted;
      return done({
        CiphertextBlob: sealUnder(call, key, input.Plaintext, input.EncryptionContext),
        KeyId: key.arn,
        EncryptionAlgorithm: input.EncryptionAlgorithm,
      });
    },
  ),
  Decrypt: operation(
    v.object({
      KeyId: v.optional(keyId),
      CiphertextBlob: blob(MAX_CIPHERTEXT_BYTES),
      EncryptionContext: encryptionContext,
      EncryptionAlgorithm: algorithm,
      DryRun: dryRun,
    }),
    (input, call) => {
      const use = symmetric("kms:Decrypt", input.EncryptionContext, input.EncryptionAlgorithm);
      if (use.kind === "fault") return use;
      const opened = openBlob(call, input.KeyId, input.CiphertextBlob, use);
      if (opened.kind === "fault") return opened;
      if (input.DryRun) return DRY_RUN;
      return done({
        KeyId: opened.key.arn,
        Plaintext: opened.plaintext.toString("base64"),
        EncryptionAlgorithm: input.EncryptionAlgorithm,
      });
    },
  ),
  ReEncrypt: operation(
    v.object({
      CiphertextBlob: blob(MAX_CIPHERTEXT_BYTES),
      SourceKeyId: v.optional(keyId),
      SourceEncryptionContext: encryptionContext,
      SourceEncryptionAlgorithm: algorithm,
      DestinationKeyId: keyId,
      DestinationEncryptionContext: encryptionContext,
      DestinationEncryptionAlgorithm: algorithm,
      DryRun: dryRun,
    }),
    reEncrypt,
  ),
  GenerateDataKey: operation(dataKeyInput, (input, call) =>
    generateDataKey("kms:GenerateDataKey", input, call),
  ),
  GenerateDataKeyWithoutPlaintext: operation(dataKeyInput, (input, call) =>
    generateDataKey("kms:GenerateDataKeyWithoutPlaintext", input, call),
  ),
  GenerateRandom: operation(
    v.object({ NumberOfBytes: v.optional(integer(1, 1024)) }),
    ({ NumberOfBytes: length }, call) => {
      if (length === undefined) return fault("ValidationException", "NumberOfBytes is required.");
      const refusal = authorise(call, "kms:GenerateRandom", "*");
      return refusal ?? done({ Plaintext: call.chance.bytes(length).toString("base64") });
    },
  ),
};

const DRY_RUN: KmsFault = fault(
  "DryRunOperationException",
  "The request would have succeeded, but the DryRun option is set.",
);

function reEncrypt(
  input: {
    readonly CiphertextBlob: Buffer;
    readonly SourceKeyId?: string | undefined;
    readonly SourceEncryptionContext: EncryptionContext;
    readonly SourceEncryptionAlgorithm: string;
    readonly DestinationKeyId: string;
    readonly DestinationEncryptionContext: EncryptionContext;
    readonly DestinationEncryptionAlgorithm: string;
    readonly DryRun: boolean;
  },
  call: Call,
): Outcome {
  const { SourceEncryptionContext: before, DestinationEncryptionContext: after } = input;
  const from = symmetric("kms:ReEncryptFrom", before, input.SourceEncryptionAlgorithm);
  if (from.kind === "fault") return from;
  const to = symmetric("kms:ReEncryptTo", after, input.DestinationEncryptionAlgorithm);
  if (to.kind === "fault") return to;
  const opened = openBlob(call, input.SourceKeyId, input.CiphertextBlob, from);
  if (opened.kind === "fault") return opened;
  const admitted = admit(call, input.DestinationKeyId, to);
  if (admitted.kind === "fault") return admitted;
  if (input.DryRun) return DRY_RUN;
  return done({
    CiphertextBlob: sealUnder(call, admitted.key, opened.plaintext, after),
    SourceKeyId: opened.key.arn,
    KeyId: admitted.key.arn,
    SourceEncryptionAlgorithm: input.SourceEncryptionAlgorithm,
    DestinationEncryptionAlgorithm: input.DestinationEncryptionAlgorithm,
  });
}

function generateDataKey(action: string, input: DataKeyInput, call: Call): Outcome {
  const { KeySpec: spec, NumberOfBytes: count, EncryptionContext: context } = input;
  if ((spec === undefined) === (count === undefined))
    return fault("ValidationException", "Please specify either number of bytes or key spec.");
  const use = symmetric(action, context, "SYMMETRIC_DEFAULT");
  const admitted = use.kind === "fault" ? use : admit(call, input.KeyId, use);
  if (admitted.kind === "fault") return admitted;
  if (input.DryRun) return DRY_RUN;
  const plaintext = call.chance.bytes(count ?? (spec === "AES_256" ? 32 : 16));
  return done({
    CiphertextBlob: sealUnder(call, admitted.key, plaintext, context),
    KeyId: admitted.key.arn,
    ...(action === "kms:GenerateDataKey" ? { Plaintext: plaintext.toString("base64") } : {}),
  });
}

function symmetric(
  action: string,
  context: EncryptionContext,
  algorithm: string,
): (KeyUse & { readonly kind: "use" }) | KmsFault {
  return algorithm === "SYMMETRIC_DEFAULT"
    ? { kind: "use", action, context, conditions: { "kms:EncryptionAlgorithm": [algorithm] } }
    : fault(
        "InvalidKeyUsageException",
        `Algorithm ${algorithm} is incompatible with key spec SYMMETRIC_DEFAULT.`,
      );
}

/**
 * Opens a blob under the key that the request names, or else under the one that the blob names.
 *
 * A blob that names a key of nowhere is denied rather than not found: KMS does not tell strangers which keys
 * there are.
 */
function openBlob(
  call: Call,
  reference: string | undefined,
  bytes: Buffer,
  use: KeyUse,
): { readonly kind: "opened"; readonly key: Key; readonly plaintext: Buffer } | KmsFault {
  const sealed = parseSealed(bytes);
  const backing = sealed && call.keys.backing(sealed.keyId);
  if (reference === undefined) {
    if (sealed === undefined || backing === undefined) return INVALID_CIPHERTEXT;
    if (call.keys.find(call.region, sealed.keyId).kind !== "key") return UNKNOWN_KEY;
  }
  const admitted = admit(call, reference ?? sealed?.keyId ?? "", use);
  if (admitted.kind === "fault") return admitted;
  if (sealed === undefined || backing === undefined) return INVALID_CIPHERTEXT;
  if (sealed.keyId !== admitted.key.id) return INCORRECT_KEY;
  const plaintext = backing.id.equals(sealed.backingId)
    ? open(sealed, backing, use.context ?? {})
    : undefined;
  return plaintext === undefined
    ? INVALID_CIPHERTEXT
    : { kind: "opened", key: admitted.key, plaintext };
}

const INVALID_CIPHERTEXT: KmsFault = fault("InvalidCiphertextException");
const INCORRECT_KEY: KmsFault = fault(
  "IncorrectKeyException",
  "The key ID in the request does not identify a CMK that can perform this operation.",
);
const UNKNOWN_KEY: KmsFault = fault(
  "AccessDeniedException",
  "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
);

function sealUnder(call: Call, key: Key, plaintext: Buffer, context: EncryptionContext): string {
  const backing = call.keys.backing(key.id);
  if (backing === undefined) throw new TypeError("a key without its backing material");
  return seal(key.id, backing, plaintext, context, call.chance.bytes(12)).toString("base64");
}
