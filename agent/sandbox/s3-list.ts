/**
 * Listing objects: ListObjects, ListObjectsV2, and what ListObjectVersions shares with them.
 * @see AWS "ListObjectsV2", "ListObjects"
 * @module
 */
import { createHash } from "node:crypto";
import { uriEncode } from "./canonical-request.ts";
import type { StoredObject } from "./objects.ts";
import { arnOf, authorise, replyXml, type BucketCall, type S3Outcome } from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import {
  currentRows,
  encodeToken,
  nameOf,
  pageOf,
  parseToken,
  type Page,
  type PageRequest,
} from "./s3-page.ts";
import type { Element } from "./s3-xml.ts";

/** S3 gives at most so many keys a page, whatever is asked for. */
const MAX_KEYS = 1000;

export interface Listing extends PageRequest {
  readonly kind: "listing";
  readonly encode: (text: string) => string;
  readonly encoding: Element;
}

export function listObjectsV2(call: BucketCall): S3Outcome {
  const listing = readListing(call, "s3:ListBucket");
  if (listing.kind === "refused") return listing;
  const { query } = call.route;
  const token = query.get("continuation-token");
  const after = token === undefined ? undefined : parseToken(token);
  if (token !== undefined && after === undefined)
    return refuse("InvalidArgument", {
      message: "The continuation token provided is incorrect",
      details: { ArgumentName: "continuation-token" },
    });
  const startAfter = query.get("start-after");
  const page = pageOf(currentRows(call.bucket), listing, {
    key: after ?? startAfter ?? "",
    fresh: after === undefined,
  });
  const last = page.rows.at(-1);
  const next = page.truncated && last !== undefined ? encodeToken(nameOf(last)) : undefined;
  const owned = query.get("fetch-owner") === "true";
  return replyXml([
    "ListBucketResult",
    [
      ["Name", call.bucket.name],
      ["Prefix", listing.encode(listing.prefix)],
      ["StartAfter", startAfter === undefined ? undefined : listing.encode(startAfter)],
      ["ContinuationToken", token],
      ["NextContinuationToken", next],
      ["KeyCount", String(page.rows.length)],
      ...commonElements(listing, page),
      ...contentElements(call, listing, page, owned),
      ...prefixElements(listing, page),
    ],
  ]);
}

export function listObjects(call: BucketCall): S3Outcome {
  const listing = readListing(call, "s3:ListBucket");
  if (listing.kind === "refused") return listing;
  const marker = call.route.query.get("marker") ?? "";
  const page = pageOf(currentRows(call.bucket), listing, { key: marker });
  const last = page.rows.at(-1);
  // without a delimiter the client takes the last key for the next marker
  const next = page.truncated && listing.delimiter !== "" && last !== undefined;
  return replyXml([
    "ListBucketResult",
    [
      ["Name", call.bucket.name],
      ["Prefix", listing.encode(listing.prefix)],
      ["Marker", listing.encode(marker)],
      ["NextMarker", next ? listing.encode(nameOf(last)) : undefined],
      ...commonElements(listing, page),
      ...contentElements(call, listing, page, true),
      ...prefixElements(listing, page),
    ],
  ]);
}

/** The account as S3 names an owner: 64 hexadecimal digits. */
export function ownerElement(account: string): Element {
  const id = createHash("sha256").update(account).digest("hex");
  return [
    "Owner",
    [
      ["ID", id],
      ["DisplayName", account],
    ],
  ];
}

export function readListing(call: BucketCall, action: string): Listing | S3Refusal {
  const { query } = call.route;
  const [prefix, delimiter] = [query.get("prefix"), query.get("delimiter")];
  const asked = query.get("max-keys");
  const given = (name: string, value: string | undefined): Record<string, readonly string[]> =>
    value === undefined ? {} : { [name]: [value] };
  const denied = authorise(call, action, arnOf(call.bucket.name), {
    ...given("s3:prefix", prefix),
    ...given("s3:delimiter", delimiter),
    ...given("s3:max-keys", asked),
  });
  if (denied !== undefined) return denied;
  if (asked !== undefined && !/^\d{1,10}$/.test(asked))
    return refuse("InvalidArgument", {
      message: "Provided max-keys not an integer or within integer range",
      details: { ArgumentName: "max-keys", ArgumentValue: asked },
    });
  const encoding = query.get("encoding-type");
  if (encoding !== undefined && encoding !== "url")
    return refuse("InvalidArgument", {
      message: "Invalid Encoding Method specified in Request",
      details: { ArgumentName: "encoding-type", ArgumentValue: encoding },
    });
  return {
    kind: "listing",
    prefix: prefix ?? "",
    delimiter: delimiter ?? "",
    maxKeys: Math.min(asked === undefined ? MAX_KEYS : Number(asked), MAX_KEYS),
    encode: encoding === "url" ? encodeKey : (text) => text,
    encoding: ["EncodingType", encoding],
  };
}

// as Java's URLEncoder does it, but for the slash
function encodeKey(key: string): string {
  return uriEncode(Buffer.from(key)).replaceAll("%2F", "/").replaceAll("%20", "+");
}

export function commonElements(listing: Listing, page: Page): readonly Element[] {
  const { delimiter, maxKeys, encode, encoding } = listing;
  return [
    ["MaxKeys", String(maxKeys)],
    ["Delimiter", delimiter === "" ? undefined : encode(delimiter)],
    encoding,
    ["IsTruncated", String(page.truncated)],
  ];
}

function contentElements(
  call: BucketCall,
  { encode }: Listing,
  { rows }: Page,
  owned: boolean,
): readonly Element[] {
  return rows.flatMap((row): Element[] => {
    if (row.kind !== "version" || row.version.kind !== "object") return [];
    const { key } = row.version;
    const owner = owned ? [ownerElement(call.bucket.owner)] : [];
    return [
      ["Contents", [["Key", encode(key)], ...objectElements(row.version), ...owner, STORAGE]],
    ];
  });
}

export const STORAGE: Element = ["StorageClass", "STANDARD"];

export function objectElements({
  lastModified,
  etag,
  checksum,
  body,
}: StoredObject): readonly Element[] {
  return [
    ["LastModified", new Date(lastModified).toISOString()],
    ["ETag", etag],
    ["ChecksumAlgorithm", checksum.algorithm],
    ["ChecksumType", checksum.type],
    ["Size", String(body.length)],
  ];
}

export function prefixElements({ encode }: Listing, { rows }: Page): readonly Element[] {
  return rows.flatMap((row): Element[] =>
    row.kind === "prefix" ? [["CommonPrefixes", [["Prefix", encode(row.prefix)]]]] : [],
  );
}
