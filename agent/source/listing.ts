/** A prefix's whole listing, over all of its pages. @module */
import type { S3 } from "../aws/s3.ts";
import type { ListedObject } from "../aws/s3-list.ts";
import { PosternError } from "../core/errors.ts";
import { type AccountId, type BucketName, quote, type S3Prefix } from "../core/names.ts";

// a group is staged whole in one host's memory: a prefix that holds more is not a group
const MAX_KEYS = 10_000;
// S3 may answer with short or empty pages, but not for ever
const MAX_PAGES = 1000;

export interface ListingRequest {
  readonly s3: S3;
  readonly bucket: BucketName;
  readonly owner: AccountId;
  readonly prefix: S3Prefix;
  readonly signal?: AbortSignal | undefined;
}

export interface Listing {
  /** Keys are distinct, and all below the prefix. */
  readonly objects: readonly ListedObject[];
  /** S3's clock with the last page (epoch milliseconds). */
  readonly serverTime: number | undefined;
}

/** @throws {PosternError} BadData for a key outside the prefix, TooLarge above 10,000 keys */
export async function listAll(request: ListingRequest): Promise<Listing> {
  const { s3, bucket, owner, prefix, signal } = request;
  const byKey = new Map<string, ListedObject>();
  let token: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await s3.list({ bucket, owner, prefix, token, signal });
    for (const object of page.objects) {
      if (!object.key.startsWith(prefix)) throw outside(object.key, prefix);
      byKey.set(object.key, object);
    }
    if (byKey.size > MAX_KEYS) throw tooMany(prefix);
    if (page.next === undefined)
      return { objects: [...byKey.values()], serverTime: page.serverTime };
    token = page.next;
  }
  throw new PosternError("Unavailable", `the listing of ${quote(prefix)} does not end`);
}

/** Whether two listings hold the same keys in the same states. */
export function sameListing(a: Listing, b: Listing): boolean {
  const etags = new Map(a.objects.map(({ key, etag }) => [key, etag]));
  return (
    a.objects.length === b.objects.length &&
    b.objects.every(({ key, etag }) => etags.get(key) === etag)
  );
}

function outside(key: string, prefix: S3Prefix): PosternError {
  return new PosternError(
    "BadData",
    `the listing of ${quote(prefix)} holds ${quote(key)}: expected keys below the prefix`,
  );
}

function tooMany(prefix: S3Prefix): PosternError {
  return new PosternError(
    "TooLarge",
    `${quote(prefix)} holds too many objects: expected at most ${MAX_KEYS}`,
    { hint: "give each group a prefix of its own" },
  );
}
