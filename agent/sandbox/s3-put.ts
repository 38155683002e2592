/**
 * Writing objects: PutObject, and what it shares with CopyObject and multipart uploads.
 * @see AWS "PutObject", "Conditional requests"
 * @module
 */
import type { ContextKeys } from "./request-context.ts";
import { checksumHeader } from "./checksums.ts";
import type { NewObject } from "./objects.ts";
import {
  arnOf,
  authorise,
  authoriseKey,
  inputOf,
  reply,
  type BucketCall,
  type S3Call,
  type S3Outcome,
} from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import { judgeWriteConditions } from "./s3-conditions.ts";
import { readEncryption } from "./s3-encryption.ts";
import { encryptionHeaders, versionHeader } from "./s3-get.ts";
import { verifyPayload } from "./s3-integrity.ts";
import { headerOf } from "./service.ts";

/** S3's limits, in bytes: of a key, and of all user metadata. */
const MAX_KEY_BYTES = 1024;
const MAX_METADATA_BYTES = 2048;

/** What S3 would honour and this sandbox would have to ignore: refused, so that nobody relies on it. */
const UNSUPPORTED = [
  "x-amz-tagging",
  "x-amz-server-side-encryption-customer-algorithm",
  "x-amz-copy-source-server-side-encryption-customer-algorithm",
  "x-amz-server-side-encryption-context",
  "x-amz-object-lock-mode",
  "x-amz-object-lock-legal-hold",
  "x-amz-website-redirect-location",
  "x-amz-write-offset-bytes",
];

const KEPT_HEADERS = [
  "content-type",
  "content-encoding",
  "content-language",
  "content-disposition",
  "cache-control",
  "expires",
];

/** A write that may go ahead. */
export type Admission =
  | {
      readonly kind: "admitted";
      readonly object: Pick<NewObject, "headers" | "metadata" | "encryption">;
    }
  | S3Refusal;

export async function putObject(call: BucketCall): Promise<S3Outcome> {
  const admission = admitWrite(call);
  if (admission.kind === "refused") return admission;
  const verified = await verifyPayload(call);
  if (verified.kind === "refused") return verified;
  const { key } = call.route;
  const unmet = judgeWriteConditions(call, key);
  if (unmet !== undefined) return unmet;
  const { checksum } = verified;
  const stored = call.bucket.put({ ...admission.object, key, body: call.body, checksum });
  return reply(200, {
    ETag: stored.etag,
    [checksumHeader(checksum.algorithm)]: checksum.value,
    "x-amz-checksum-type": checksum.type,
    ...encryptionHeaders(stored.encryption),
    ...versionHeader(call, stored),
  });
}

/**
 * Whether the caller may write the key as it asks to, and how the object is to be kept.
 * @param creates whether the request makes an object, rather than the beginning of one
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
 */
export function admitWrite(call: BucketCall, creates = true): Admission {
  const { key } = call.route;
  const unsupported = UNSUPPORTED.find((name) => inputOf(call, name) !== undefined);
  if (unsupported !== undefined)
    return refuse("NotImplemented", { details: { Header: unsupported } });
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    return refuse("KeyTooLongError", {
      details: { Size: String(Buffer.byteLength(key)), MaxSizeAllowed: String(MAX_KEY_BYTES) },
    });
  const metadata = readMetadata(call);
  if (metadataBytes(metadata) > MAX_METADATA_BYTES)
    return refuse("MetadataTooLarge", {
      details: {
        Size: String(metadataBytes(metadata)),
        MaxSizeAllowed: String(MAX_METADATA_BYTES),
      },
    });
  const denied = authorise(call, "s3:PutObject", arnOf(call.bucket.name, key), {
    ...writeContext(call),
    "s3:ObjectCreationOperation": [String(creates)],
  });
  if (denied !== undefined) return denied;
  const unwanted = judgeAcl(call);
  if (unwanted !== undefined) return unwanted;
  const encryption = readEncryption(call);
  if (encryption.kind === "refused") return encryption;
  const keyDenied = authoriseKey(call, "kms:GenerateDataKey", key, encryption);
  if (keyDenied !== undefined) return keyDenied;
  return { kind: "admitted", object: { headers: readHeaders(call), metadata, encryption } };
}

// the owner alone has grants here: where ACLs are on, S3 would keep others
function judgeAcl(call: BucketCall): S3Refusal | undefined {
  const acl = inputOf(call, "x-amz-acl");
  const grant = [...call.request.headers.keys()].find((name) => name.startsWith("x-amz-grant-"));
  if (grant === undefined && (acl === undefined || acl === "bucket-owner-full-control"))
    return undefined;
  if (call.bucket.settings().ownership === "BucketOwnerEnforced")
    return refuse("AccessControlListNotSupported");
  return grant === undefined && acl === "private"
    ? undefined
    : refuse("NotImplemented", { details: { Header: grant ?? "x-amz-acl" } });
}

export function writeContext(call: S3Call): ContextKeys {
  const names = [
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-acl",
    "x-amz-storage-class",
    "x-amz-copy-source",
    "if-match",
    "if-none-match",
  ];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = inputOf(call, name);
      return value === undefined ? [] : [[`s3:${name}`, [value]]];
    }),
  );
}

function readHeaders(call: S3Call): Readonly<Record<string, string>> {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = headerOf(call.request, name);
      if (name !== "content-encoding") return value === undefined ? [] : [[name, value]];
      // aws-chunked is how the body travelled, not what it is
      const kept = (value ?? "").split(",").map((each) => each.trim());
      const encoding = kept.filter((each) => each !== "" && each !== "aws-chunked").join(",");
      return encoding === "" ? [] : [[name, encoding]];
    }),
  );
}

function readMetadata(call: S3Call): Readonly<Record<string, string>> {
  const names = new Set([...call.request.headers.keys(), ...call.route.query.keys()]);
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const [, short] = /^x-amz-meta-(.+)$/i.exec(name) ?? [];
      const value = inputOf(call, name.toLowerCase());
      return short === undefined || value === undefined ? [] : [[short.toLowerCase(), value]];
    }),
  );
}

function metadataBytes(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
}
