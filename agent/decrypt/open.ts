/**
 * Opens what a group fetched, in the one way that its config says: never by what the bytes look like.
 *
 * @module
 */
import type { Kms } from "../aws/kms.ts";
import { PosternError } from "../core/errors.ts";
import type { BucketName, GroupName, KmsKeyArn, S3Key } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { judgeContext, requiredContext, revisionOf, type Subject } from "./context.ts";
import type { EnvelopeOpened } from "./envelope.ts";
import { openKms } from "./kms.ts";
import { type KeyReach, pinKeys } from "./pins.ts";

/** How a group's objects are sealed, as the config says. */
export type Sealing = { readonly mode: "none" } | SealedWith<"kms"> | SealedWith<"envelope">;

interface SealedWith<Mode extends string> {
  readonly mode: Mode;
  readonly keys: readonly KmsKeyArn[];
  readonly bind: "key" | "none";
  readonly context: Readonly<Record<string, string>>;
}

export interface OpenerOptions {
  readonly decrypt: Sealing;
  readonly group: GroupName;
  /** The home bucket, also when a replica is read. */
  readonly bucket: BucketName;
  /** Where keys are to be had beside the regions in `decrypt`; by default nowhere. */
  readonly keyReach?: KeyReach | undefined;
  /** Called only when something sealed is opened. */
  readonly kms: () => Promise<Pick<Kms, "decrypt">>;
  /** The pass's deadline. */
  readonly signal?: AbortSignal | undefined;
}

/** Both take the body over: it is wiped, or it is what they return. */
export interface Opener {
  /**
   * One secret's plaintext, which the caller wipes.
   * @throws {PosternError} BadData, DecryptFailed, or KMS's failure
   */
  object(key: S3Key, body: SecretBytes): Promise<SecretBytes>;
  /**
   * A whole group's plaintext (a tar), which the caller wipes, and the publisher's number for it.
   * @throws {PosternError} ConfigInvalid unless the mode is envelope, BadData, DecryptFailed, or KMS's failure
   */
  bundle(key: S3Key, body: SecretBytes): Promise<OpenedBundle>;
}

export interface OpenedBundle {
  readonly plaintext: SecretBytes;
  readonly revision: number;
}

export function createOpener(options: OpenerOptions): Opener {
  return {
    object: (key, body) => openObject(options, key, body),
    bundle: (key, body) => consuming(body, (message) => openBundle(options, key, message)),
  };
}

async function openObject(
  options: OpenerOptions,
  key: S3Key,
  body: SecretBytes,
): Promise<SecretBytes> {
  const { decrypt, signal } = options;
  const subject: Subject = { kind: "object", key };
  switch (decrypt.mode) {
    case "none":
      return body;
    case "kms": {
      const pins = pinKeys(decrypt.keys, options.keyReach);
      const context = requiredContext({ ...options, ...decrypt }, subject);
      return consuming(body, async (ciphertext) =>
        openKms({ name: key, ciphertext, pins, context }, await options.kms(), signal),
      );
    }
    case "envelope":
      return consuming(body, async (message) => {
        const { plaintext } = await openMessage(options, decrypt, { key, subject, message });
        return plaintext;
      });
    default:
      return decrypt satisfies never;
  }
}

async function openBundle(
  options: OpenerOptions,
  key: S3Key,
  message: Buffer,
): Promise<OpenedBundle> {
  const { decrypt } = options;
  // a raw ciphertext does not tell its context, and a plain object has none: neither carries a revision
  if (decrypt.mode !== "envelope")
    throw new PosternError("ConfigInvalid", `expected decrypt.mode envelope, got ${decrypt.mode}`);
  const sealed: Sealed = { key, subject: { kind: "bundle" }, message };
  const { plaintext, context } = await openMessage(options, decrypt, sealed);
  const revision = revisionOf(context);
  if (revision !== undefined) return { plaintext, revision };
  plaintext.wipe();
  throw new PosternError("Internal", "a bundle passed without its revision");
}

interface Sealed {
  readonly key: S3Key;
  readonly subject: Subject;
  readonly message: Buffer;
}

async function openMessage(
  options: OpenerOptions,
  decrypt: Exclude<Sealing, { mode: "none" }>,
  { key, subject, message }: Sealed,
): Promise<EnvelopeOpened> {
  const required = requiredContext({ ...options, ...decrypt }, subject);
  const { openEnvelope } = await import("./envelope.ts");
  return openEnvelope(
    {
      name: key,
      message,
      pins: pinKeys(decrypt.keys, options.keyReach),
      judge: (context) => judgeContext(required, context, subject),
    },
    await options.kms(),
    options.signal,
  );
}

async function consuming<T>(body: SecretBytes, open: (bytes: Buffer) => Promise<T>): Promise<T> {
  try {
    return await open(body.expose());
  } finally {
    body.wipe();
  }
}
