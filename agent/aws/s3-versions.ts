/**
 * ListObjectVersions, all pages of it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 * @module
 */
import { type AccountId, type BucketName, quote, type Region } from "../core/names.ts";
import { readBody } from "./body.ts";
import type { Call } from "./call.ts";
import { type Asked, failureOf, toFailure, unreadable } from "./failure.ts";
import { s3Arn } from "./partition.ts";
import type { AskS3 } from "./s3-ask.ts";
import { readS3Error } from "./s3-error.ts";
import { decodeKey, parseTimestamp } from "./s3-list.ts";
import type { WireAnswer } from "./wire.ts";
import { childText, parseXml, type XmlElement } from "./xml.ts";

/** One state of a key, also that of having been deleted. */
export interface ObjectVersion {
  /** As it came: judge it before use. */
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  /** Epoch milliseconds, whole seconds. */
  readonly lastModified: number;
  /** Undefined for a delete marker. */
  readonly object: { readonly etag: string; readonly size: number } | undefined;
}

export interface VersionsRequest {
  readonly bucket: BucketName;
  /** The account that must own the bucket; any other is denied. */
  readonly owner: AccountId;
  /** Of keys: a group's prefix, or a whole key. */
  readonly prefix: string;
}

export interface VersionsTools {
  readonly ask: AskS3;
  readonly call: Call;
  readonly region: Region;
  readonly now: () => number;
}

/**
 * All states of all keys that begin with the prefix: by key, and of each key the newest first.
 * @throws {PosternError} whatever `toFailure` makes of the answer
 */
export async function listVersions(
  { bucket, owner, prefix }: VersionsRequest,
  { ask, call, region, now }: VersionsTools,
): Promise<readonly ObjectVersion[]> {
  const asked: Asked = {
    operation: "ListObjectVersions",
    subject: `s3://${bucket}/${prefix}`,
    needs: `s3:ListBucketVersions on ${quote(s3Arn(region, bucket))} with s3:prefix ${quote(prefix)}`,
  };
  const found: ObjectVersion[] = [];
  let marker: Marker | undefined;
  do {
    const query = { versions: "", prefix, "encoding-type": "url", ...marker };
    const page = await call(async (signal) => {
      try {
        const answer = await ask({ bucket, owner, path: "", query, headers: {} }, signal);
        return await readAnswer(answer, bucket, asked, now());
      } catch (error) {
        throw toFailure(error, asked, now());
      }
    });
    found.push(...page.versions);
    marker = page.next;
  } while (marker !== undefined);
  return inOrder(found);
}

/** S3 lists them so; others put every delete marker after all versions. Of one second, those of a kind stay in order. */
function inOrder(versions: readonly ObjectVersion[]): readonly ObjectVersion[] {
  const byKey = new Map<string, ObjectVersion[]>();
  for (const version of versions) {
    const states = byKey.get(version.key);
    if (states === undefined) byKey.set(version.key, [version]);
    else states.push(version);
  }
  return [...byKey.values()].flatMap((states) =>
    states.sort(
      (one, other) =>
        Number(other.isLatest) - Number(one.isLatest) || other.lastModified - one.lastModified,
    ),
  );
}

interface Marker {
  readonly "key-marker": string;
  readonly "version-id-marker": string;
}

interface Page {
  readonly versions: readonly ObjectVersion[];
  readonly next: Marker | undefined;
}

// a thousand of the longest keys, each byte of them escaped, with the owner's name and a long version id each
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

async function readAnswer(
  { status, headers, body }: WireAnswer,
  bucket: BucketName,
  asked: Asked,
  now: number,
): Promise<Page> {
  if (status !== 200) throw failureOf(await readS3Error(status, headers, body), asked, now);
  const { "content-length": length } = headers;
  const announced = length === undefined ? undefined : Number(length);
  const read = await readBody(body, announced, MAX_PAGE_BYTES);
  const root = read.kind === "whole" ? parseXml(read.bytes.toString("utf8")) : undefined;
  const isListing = root?.name === "ListVersionsResult" && childText(root, "Name") === bucket;
  const page = isListing ? readPage(root) : undefined;
  if (page === undefined) throw unreadable(asked, "expected a whole listing of this bucket");
  return page;
}

function readPage(root: XmlElement): Page | undefined {
  const isEncoded = childText(root, "EncodingType") === "url";
  const decoded = (text: string | undefined): string | undefined =>
    text !== undefined && isEncoded ? decodeKey(text) : text;
  const versions: ObjectVersion[] = [];
  for (const element of root.children) {
    if (element.name !== "Version" && element.name !== "DeleteMarker") continue;
    const key = decoded(childText(element, "Key"));
    const version = key === undefined ? undefined : readVersion(element, key);
    if (version === undefined) return undefined;
    versions.push(version);
  }
  if (childText(root, "IsTruncated") !== "true") return { versions, next: undefined };
  const key = decoded(childText(root, "NextKeyMarker"));
  const versionId = childText(root, "NextVersionIdMarker");
  return key === undefined || versionId === undefined
    ? undefined
    : { versions, next: { "key-marker": key, "version-id-marker": versionId } };
}

function readVersion(element: XmlElement, key: string): ObjectVersion | undefined {
  const versionId = childText(element, "VersionId");
  const lastModified = parseTimestamp(childText(element, "LastModified"));
  if (versionId === undefined || lastModified === undefined) return undefined;
  const state = {
    key,
    versionId,
    isLatest: childText(element, "IsLatest") === "true",
    lastModified,
  };
  if (element.name === "DeleteMarker") return { ...state, object: undefined };
  const etag = childText(element, "ETag");
  const size = childText(element, "Size");
  return etag !== undefined && size !== undefined && /^\d{1,15}$/.test(size)
    ? { ...state, object: { etag, size: Number(size) } }
    : undefined;
}
