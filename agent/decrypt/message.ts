/**
 * The outside of an AWS Encryption SDK message (format 2), read before anything is asked of KMS.
 *
 *     02 | suite 2 | message id 32 | context length 2, context | data keys | content type 1 | frame length 4
 *        | commitment 32 | header tag 16
 *     frames: sequence 4 | iv 12 | content | tag 16     the last: ffffffff | sequence 4 | iv 12 | length 4 | …
 *     footer, in signing suites: length 2 | signature
 *
 * The SDK's decryption uses the same parser, but on a stream: it asks KMS before it knows whether the body is
 * whole, and ignores whatever follows an unsigned message.
 *
 * @see https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html
 * @module
 */
import { NodeAlgorithmSuite } from "@aws-crypto/material-management-node";
import { decodeBodyHeader, deserializeFactory, type HeaderInfo } from "@aws-crypto/serialize";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";

/** As the message claims; nothing here is authenticated yet. */
export interface Message {
  readonly context: Readonly<Record<string, string>>;
  readonly dataKeys: readonly {
    /** "aws-kms" for a KMS key. */
    readonly provider: string;
    /** The key's ARN when the provider is KMS. */
    readonly key: string;
  }[];
}

/**
 * The header of a message that is whole: header, every frame in order, footer, and not a byte more.
 *
 * @param name of the object, for messages
 * @throws {PosternError} BadData
 */
export function parseMessage(bytes: Buffer, name: string): Message {
  refuseOtherFormats(bytes, name);
  try {
    const header = deserializeMessageHeader(bytes);
    const fault = header === false ? CUT_SHORT : findBodyFault(bytes, header);
    if (header === false || fault !== undefined) throw malformed(name, fault ?? CUT_SHORT);
    const { encryptionContext, encryptedDataKeys } = header.messageHeader;
    return {
      context: encryptionContext,
      dataKeys: encryptedDataKeys.map(({ providerId, providerInfo }) => ({
        provider: providerId,
        key: providerInfo,
      })),
    };
  } catch (error) {
    if (error instanceof PosternError) throw error;
    throw malformed(name, "a malformed one", error);
  }
}

const CUT_SHORT = "one that is cut short";
const FORMAT_2 = 2;
// with its type; KMS's own ciphertexts start with 01, too
const FORMAT_1 = [1, 0x80];

const { deserializeMessageHeader } = deserializeFactory(
  (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"),
  NodeAlgorithmSuite,
);

function refuseOtherFormats(bytes: Buffer, name: string): void {
  if (bytes[0] === FORMAT_2) return;
  // format 1 exists only without key commitment: one such message can open to two plaintexts
  if (FORMAT_1.every((byte, at) => bytes[at] === byte))
    throw malformed(name, "message format 1, whose algorithm suites do not commit to their key");
  throw new PosternError(
    "BadData",
    `${quote(name)}: expected an AWS Encryption SDK message (decrypt.mode envelope), got something else: a plain object is refused`,
    bytes.subarray(0, 2).toString("latin1") === "Ag"
      ? { hint: "it looks base64-encoded: store the message's own bytes" }
      : {},
  );
}

function findBodyFault(bytes: Buffer, header: HeaderInfo): string | undefined {
  let end = header.headerLength + header.headerAuth.headerAuthLength;
  for (let sequence = 1, last = false; !last; sequence += 1) {
    const frame = decodeBodyHeader(bytes, header, end);
    if (frame === false) return CUT_SHORT;
    if (frame.sequenceNumber !== sequence) return "one with its frames out of order";
    end = frame.readPos + frame.contentLength + frame.tagLength / 8;
    if (end > bytes.length) return CUT_SHORT;
    last = frame.isFinalFrame;
  }
  if (header.algorithmSuite.signatureCurve !== undefined) {
    if (end + 2 > bytes.length) return CUT_SHORT;
    end += 2 + bytes.readUInt16BE(end);
  }
  if (end > bytes.length) return CUT_SHORT;
  return end < bytes.length ? "one with further bytes after its end" : undefined;
}

function malformed(name: string, got: string, cause?: unknown): PosternError {
  return new PosternError(
    "BadData",
    `${quote(name)}: expected a whole AWS Encryption SDK message with key commitment, got ${got}`,
    cause === undefined ? {} : { cause },
  );
}
