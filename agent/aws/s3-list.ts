/**
 * ListObjectsV2, one page a call.
 *
 * `encoding-type=url` lets keys with control characters through XML, which cannot hold them.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * @module
 */
import {
  type AccountId,
  type BucketName,
  quote,
  type Region,
  type S3Prefix,
} from "../core/names.ts";
import { readBody } from "./body.ts";
import { type Asked, failureOf, toFailure, unreadable } from "./failure.ts";
import { parseHttpDate } from "./http-date.ts";
import { s3Arn } from "./partition.ts";
import type { AskS3 } from "./s3-ask.ts";
import { readS3Error } from "./s3-error.ts";
import type { WireAnswer } from "./wire.ts";
import { childText, parseXml, type XmlElement } from "./xml.ts";

export interface ListRequest {
  readonly bucket: BucketName;
  /** The account that must own the bucket; any other is denied. */
  readonly owner: AccountId;
  readonly prefix: S3Prefix;
  /** `next` of the page before. */
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListPage {
  readonly objects: readonly ListedObject[];
  /** The token of the next page, or undefined on the last. */
  readonly next: string | undefined;
  /** S3's own clock when it answered (epoch milliseconds), or undefined if it did not say. */
  readonly serverTime: number | undefined;
}

export interface ListedObject {
  /** As it came: judge it before use. */
  readonly key: string;
  /** With its quotes, as `If-Match` wants it. */
  readonly etag: string;
  /** In bytes. */
  readonly size: number;
  /** Epoch milliseconds, whole seconds. */
  readonly lastModified: number;
}

export interface ListTools {
  readonly ask: AskS3;
  readonly region: Region;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

// a thousand of the longest keys, each byte of them escaped, take 4 MiB
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

/** One attempt at one page. @throws {PosternError} */
export async function listPage(request: ListRequest, tools: ListTools): Promise<ListPage> {
  const { bucket, owner, prefix, token } = request;
  const asked = {
    operation: "ListObjectsV2",
    subject: `s3://${bucket}/${prefix}`,
    needs: `s3:ListBucket on ${quote(s3Arn(tools.region, bucket))} with s3:prefix ${quote(prefix)}`,
  };
  const query = {
    "list-type": "2",
    prefix,
    "encoding-type": "url",
    ...(token === undefined ? {} : { "continuation-token": token }),
  };
  try {
    const question = { bucket, owner, path: "", query, headers: {} };
    const answer = await tools.ask(question, tools.signal);
    return await readAnswer(answer, bucket, asked, tools.now());
  } catch (error) {
    throw toFailure(error, asked, tools.now());
  }
}

async function readAnswer(
  { status, headers, body }: WireAnswer,
  bucket: BucketName,
  asked: Asked,
  now: number,
): Promise<ListPage> {
  if (status !== 200) throw failureOf(await readS3Error(status, headers, body), asked, now);
  const { "content-length": length, date } = headers;
  const announced = length === undefined ? undefined : Number(length);
  const read = await readBody(body, announced, MAX_PAGE_BYTES);
  const root = read.kind === "whole" ? parseXml(read.bytes.toString("utf8")) : undefined;
  // any page of some proxy may be XML, but S3 names the bucket
  const isListing = root?.name === "ListBucketResult" && childText(root, "Name") === bucket;
  const page = isListing ? readPage(root, parseHttpDate(date)) : undefined;
  if (page === undefined) throw unreadable(asked, "expected a whole listing of this bucket");
  return page;
}

function readPage(root: XmlElement, serverTime: number | undefined): ListPage | undefined {
  const isEncoded = childText(root, "EncodingType") === "url";
  const objects: ListedObject[] = [];
  for (const element of root.children) {
    if (element.name !== "Contents") continue;
    const object = readObject(element, isEncoded);
    if (object === undefined) return undefined;
    objects.push(object);
  }
  const more = childText(root, "IsTruncated") ?? "false";
  if (more === "false") return { objects, next: undefined, serverTime };
  const next = childText(root, "NextContinuationToken");
  return more === "true" && next !== undefined ? { objects, next, serverTime } : undefined;
}

function readObject(element: XmlElement, isEncoded: boolean): ListedObject | undefined {
  const text = childText(element, "Key");
  const key = text !== undefined && isEncoded ? decodeKey(text) : text;
  const etag = childText(element, "ETag");
  const size = childText(element, "Size");
  const lastModified = parseTimestamp(childText(element, "LastModified"));
  if (key === undefined || etag === undefined || lastModified === undefined) return undefined;
  return size !== undefined && /^\d{1,15}$/.test(size)
    ? { key, etag, size: Number(size), lastModified }
    : undefined;
}

/** Epoch milliseconds; undefined for what is none. @see https://www.rfc-editor.org/rfc/rfc3339#section-5.6 */
export function parseTimestamp(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\dT[\d:.]{8,}(Z|[+-]\d\d:\d\d)$/.test(text))
    return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** A key in `encoding-type=url`: S3 writes a space as "+" and a plus as "%2B". */
export function decodeKey(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", "%20"));
  } catch {
    return undefined;
  }
}
