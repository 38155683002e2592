/**
 * GetObject, of one object and all of it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * @module
 */
import type { Readable } from "node:stream";
import { PosternError } from "../core/errors.ts";
import { type AccountId, type BucketName, quote, type Region, type S3Key } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import { readBody } from "./body.ts";
import { findChecksumMismatch } from "./checksum.ts";
import { type Asked, failureOf, toFailure, unreadable } from "./failure.ts";
import { parseHttpDate } from "./http-date.ts";
import { s3Arn } from "./partition.ts";
import { type AskS3, encodeKey } from "./s3-ask.ts";
import { readS3Error } from "./s3-error.ts";
import type { WireAnswer } from "./wire.ts";

export interface GetRequest {
  readonly bucket: BucketName;
  /** The account that must own the bucket; any other is denied. */
  readonly owner: AccountId;
  readonly key: S3Key;
  /** A state of the past; by default the current one. */
  readonly versionId?: string | undefined;
  /** Only this state of the object; any other is `changed`. */
  readonly ifMatch?: string | undefined;
  /** Only another state of the object; this one is `unchanged`. */
  readonly ifNoneMatch?: string | undefined;
  /** Reading stops above this. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * - `object`: all of its bytes, their number and S3's checksum verified.
 * - `unchanged`: 304, it still is `ifNoneMatch`.
 * - `changed`: 412, it no longer is `ifMatch`.
 */
export type GetAnswer =
  | {
      readonly kind: "object";
      /** The caller wipes it. */
      readonly body: SecretBytes;
      readonly etag: string;
      readonly versionId: string | undefined;
      /** Epoch milliseconds. */
      readonly lastModified: number;
      /** S3's own clock when it answered (epoch milliseconds), or undefined if it did not say. */
      readonly serverTime: number | undefined;
      /** The key that SSE-KMS used, as S3 names it. */
      readonly kmsKey: string | undefined;
    }
  | { readonly kind: "unchanged" }
  | { readonly kind: "changed" };

export interface GetTools {
  readonly ask: AskS3;
  readonly region: Region;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** One attempt at one object. @throws {PosternError} */
export async function getObject(request: GetRequest, tools: GetTools): Promise<GetAnswer> {
  const { bucket, owner, key, versionId, ifMatch, ifNoneMatch } = request;
  const action = versionId === undefined ? "s3:GetObject" : "s3:GetObjectVersion";
  const asked = {
    operation: "GetObject",
    subject: `s3://${bucket}/${key}`,
    needs: `${action} on ${quote(s3Arn(tools.region, bucket, key))}`,
  };
  const query = versionId === undefined ? {} : { versionId };
  const headers = {
    "x-amz-checksum-mode": "ENABLED",
    ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch }),
  };
  try {
    const question = { bucket, owner, path: encodeKey(key), query, headers };
    const answer = await tools.ask(question, tools.signal);
    return await readAnswer(answer, request, asked, tools.now());
  } catch (error) {
    throw toFailure(error, asked, tools.now());
  }
}

async function readAnswer(
  { status, headers, body }: WireAnswer,
  request: GetRequest,
  asked: Asked,
  now: number,
): Promise<GetAnswer> {
  if (status === 200) return readObject(body, headers, request, asked);
  if (status === 304) {
    body.resume();
    return { kind: "unchanged" };
  }
  const error = await readS3Error(status, headers, body);
  if (status === 412) return { kind: "changed" };
  throw failureOf(error, asked, now);
}

async function readObject(
  body: Readable,
  headers: Readonly<Record<string, string>>,
  request: GetRequest,
  asked: Asked,
): Promise<GetAnswer> {
  const { etag, "last-modified": modified, "content-length": length } = headers;
  const lastModified = parseHttpDate(modified);
  if (etag === undefined || lastModified === undefined) {
    body.destroy();
    throw unreadable(asked, "an answer without ETag or Last-Modified");
  }
  // S3 has decided these already; a store that ignores conditions has not
  const early = judgeETag(etag, request);
  if (early !== undefined) {
    body.destroy();
    return early;
  }
  const announced = length === undefined ? undefined : Number(length);
  const read = await readBody(body, announced, request.maxBytes);
  if (read.kind === "large") throw tooLarge(asked, request.maxBytes, read.got);
  if (read.kind === "short")
    throw unreadable(asked, `expected ${read.announced} bytes, got ${read.got}`);
  const mismatch = await findChecksumMismatch(read.bytes, headers);
  if (mismatch !== undefined) {
    read.bytes.fill(0);
    throw unreadable(asked, `the body does not match its ${mismatch}`);
  }
  return {
    kind: "object",
    body: new SecretBytes(read.bytes),
    etag,
    versionId: headers["x-amz-version-id"],
    lastModified,
    serverTime: parseHttpDate(headers["date"]),
    kmsKey: headers["x-amz-server-side-encryption-aws-kms-key-id"],
  };
}

function judgeETag(etag: string, { ifMatch, ifNoneMatch }: GetRequest): GetAnswer | undefined {
  if (ifNoneMatch !== undefined && etag === ifNoneMatch) return { kind: "unchanged" };
  if (ifMatch !== undefined && etag !== ifMatch) return { kind: "changed" };
  return undefined;
}

function tooLarge(asked: Asked, maxBytes: number, got: number): PosternError {
  return new PosternError(
    "TooLarge",
    `${quote(asked.subject)} is too large: expected at most ${maxBytes} bytes, got ${got} or more`,
    { hint: "raise max_size if it is meant to be this large" },
  );
}
