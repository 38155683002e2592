/** Listing what a bucket keeps: ListObjectVersions. @see AWS "ListObjectVersions" @module */
import { replyXml, type BucketCall, type S3Outcome } from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import {
  commonElements,
  objectElements,
  ownerElement,
  prefixElements,
  readListing,
  STORAGE,
  type Listing,
} from "./s3-list.ts";
import { nameOf, pageOf, versionRows, type Row } from "./s3-page.ts";
import type { Element } from "./s3-xml.ts";

interface VersionMarker {
  readonly kind: "marker";
  /** Empty for the beginning. */
  readonly key: string;
  /** Empty when the whole key has been given. */
  readonly versionId: string;
  /** How old the version is; 0 is older than any. */
  readonly rank: number;
}

export function listObjectVersions(call: BucketCall): S3Outcome {
  const listing = readListing(call, "s3:ListBucketVersions");
  if (listing.kind === "refused") return listing;
  const { bucket } = call;
  const marker = readVersionMarker(call);
  if (marker.kind === "refused") return marker;
  const { key: keyMarker, versionId, rank } = marker;
  const page = pageOf(versionRows(bucket), listing, {
    key: keyMarker,
    // by age, since the version that the marker names may be gone
    hasGiven: (version) => (bucket.ageRank(version.key, version.versionId) ?? 0) >= rank,
  });
  const last = page.rows.at(-1);
  const next = page.truncated ? last : undefined;
  const nextVersion = next?.kind === "version" ? next.version.versionId : undefined;
  return replyXml([
    "ListVersionsResult",
    [
      ["Name", call.bucket.name],
      ["Prefix", listing.encode(listing.prefix)],
      ["KeyMarker", listing.encode(keyMarker)],
      ["VersionIdMarker", versionId],
      ["NextKeyMarker", next === undefined ? undefined : listing.encode(nameOf(next))],
      ["NextVersionIdMarker", nextVersion],
      ...commonElements(listing, page),
      ...page.rows.flatMap((row) =>
        row.kind === "version" ? [versionElement(call, listing, row)] : [],
      ),
      ...prefixElements(listing, page),
    ],
  ]);
}

// a page may begin in the middle of a key's history
function readVersionMarker({ bucket, route }: BucketCall): VersionMarker | S3Refusal {
  const key = route.query.get("key-marker") ?? "";
  const versionId = route.query.get("version-id-marker");
  if (versionId === undefined) return { kind: "marker", key, versionId: "", rank: 0 };
  const rank = bucket.ageRank(key, versionId) ?? (versionId === "null" ? 0 : undefined);
  const fault =
    versionId === ""
      ? "A version-id marker cannot be empty."
      : key === ""
        ? "A version-id marker cannot be specified without a key marker."
        : "Invalid version id specified";
  return key === "" || rank === undefined
    ? refuse("InvalidArgument", {
        message: fault,
        details: { ArgumentName: "version-id-marker", ArgumentValue: versionId },
      })
    : { kind: "marker", key, versionId, rank };
}

function versionElement(
  call: BucketCall,
  { encode }: Listing,
  { version, latest }: Row & { readonly kind: "version" },
): Element {
  const { key, versionId, lastModified } = version;
  const identity: readonly Element[] = [
    ["Key", encode(key)],
    ["VersionId", versionId],
    ["IsLatest", String(latest)],
  ];
  const owner = ownerElement(call.bucket.owner);
  if (version.kind === "object")
    return ["Version", [...identity, ...objectElements(version), owner, STORAGE]];
  return [
    "DeleteMarker",
    [...identity, ["LastModified", new Date(lastModified).toISOString()], owner],
  ];
}
