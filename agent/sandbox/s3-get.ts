/**
 * Reading objects: GetObject, HeadObject and what they have in common.
 * @see AWS "GetObject", "HeadObject"; RFC 9110 section 13 (conditions), section 14 (ranges)
 * @module
 */
import { checksumHeader } from "./checksums.ts";
import type { Encryption, StoredObject, Version } from "./objects.ts";
import {
  arnOf,
  authorise,
  authoriseKey,
  inputOf,
  reply,
  type BucketCall,
  type S3Outcome,
} from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import { headerOf } from "./service.ts";

export type Found = { readonly kind: "found"; readonly object: StoredObject } | S3Refusal;

interface Span {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/** In these steps: (1) find, (2) judge the conditions, (3) ask for the key, (4) cut the range, (5) answer. */
export function getObject(call: BucketCall): S3Outcome {
  const { key, query } = call.route;
  // (1)
  const found = findObject(call, key, query.get("versionId"));
  if (found.kind === "refused") return found;
  const { object } = found;
  // (2)
  const unmet = judgeReadConditions(call, object);
  if (unmet !== undefined) return unmet;
  // (3) HEAD decrypts nothing, unless it is asked for the checksum
  const wantsChecksum = inputOf(call, "x-amz-checksum-mode")?.toUpperCase() === "ENABLED";
  if (call.request.method === "GET" || wantsChecksum) {
    const denied = authoriseKey(call, "kms:Decrypt", key, object.encryption);
    if (denied !== undefined) return denied;
  }
  // (4)
  const span = parseRange(headerOf(call.request, "range"), object.body.length);
  if (span === "unsatisfiable")
    return refuse("InvalidRange", {
      details: {
        RangeRequested: headerOf(call.request, "range") ?? "",
        ActualObjectSize: String(object.body.length),
      },
    });
  // (5)
  const checksum = wantsChecksum && span === undefined ? checksumHeaders(object) : {};
  const headers = { ...describeObject(call, object), ...checksum, ...overrides(call) };
  if (span === undefined) return reply(200, headers, object.body);
  const { start, end } = span;
  const range = `bytes ${start}-${end}/${object.body.length}`;
  return reply(206, { ...headers, "Content-Range": range }, object.body.subarray(start, end + 1));
}

/**
 * The object that a key, or a version of it, names, for a caller who may read it. Who may not list the
 * bucket learns nothing of what is missing: 403 stands for 404.
 * @param what of the object is read, as the action's name has it: its bytes when empty
 */
export function findObject(
  call: BucketCall,
  key: string,
  versionId: string | undefined,
  what: "" | "Tagging" | "Acl" = "",
): Found {
  const { bucket } = call;
  const versioned = versionId === undefined ? {} : { "s3:VersionId": [versionId] };
  const denied = authorise(
    call,
    `s3:GetObject${versionId === undefined ? "" : "Version"}${what}`,
    arnOf(bucket.name, key),
    versioned,
  );
  if (denied !== undefined) return denied;
  const version =
    versionId === undefined
      ? bucket.current(key)
      : bucket.versions(key).find((version) => version.versionId === versionId);
  if (version?.kind === "object") return { kind: "found", object: version };
  // AWS compares the key itself with the policy's s3:prefix here
  const mayNotList = authorise(call, "s3:ListBucket", arnOf(bucket.name), { "s3:prefix": [key] });
  return mayNotList ?? missing(key, versionId, version);
}

/** Headers that say how an object was encrypted. */
export function encryptionHeaders(encryption: Encryption): Readonly<Record<string, string>> {
  if (encryption.kind === "AES256") return { "x-amz-server-side-encryption": "AES256" };
  return {
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": encryption.keyArn,
    ...(encryption.bucketKey ? { "x-amz-server-side-encryption-bucket-key-enabled": "true" } : {}),
  };
}

function checksumHeaders({ checksum }: StoredObject): Readonly<Record<string, string>> {
  return {
    [checksumHeader(checksum.algorithm)]: checksum.value,
    "x-amz-checksum-type": checksum.type,
  };
}

/** The version's id as a header, unless the bucket has never had versions. */
export function versionHeader(
  call: BucketCall,
  { versionId }: Version,
): Readonly<Record<string, string>> {
  return call.bucket.versioning() === "Unversioned" && versionId === "null"
    ? {}
    : { "x-amz-version-id": versionId };
}

/** Whether an If-Match or If-None-Match header names the ETag; quotes may be missing, as S3 has it. */
export function namesEtag(header: string, etag: string): boolean {
  const bare = (text: string): string => text.trim().replace(/^W\//, "").replaceAll('"', "");
  return header.trim() === "*" || header.split(",").some((each) => bare(each) === bare(etag));
}

function missing(
  key: string,
  versionId: string | undefined,
  version: Version | undefined,
): S3Refusal {
  if (version === undefined && versionId !== undefined)
    return refuse("NoSuchVersion", { details: { Key: key, VersionId: versionId } });
  if (version === undefined) return refuse("NoSuchKey", { details: { Key: key } });
  const marker = { "x-amz-delete-marker": "true", "x-amz-version-id": version.versionId };
  if (versionId === undefined)
    return refuse("NoSuchKey", { details: { Key: key }, headers: marker });
  return refuse("MethodNotAllowed", {
    details: { Method: "GET", ResourceType: "DeleteMarker" },
    headers: {
      ...marker,
      Allow: "DELETE",
      "Last-Modified": new Date(version.lastModified).toUTCString(),
    },
  });
}

// RFC 9110 section 13.2.2: a condition on the ETag makes the one on the date moot
function judgeReadConditions(call: BucketCall, object: StoredObject): S3Refusal | undefined {
  const { request } = call;
  const ifMatch = headerOf(request, "if-match");
  if (ifMatch !== undefined && !namesEtag(ifMatch, object.etag)) return unmet("If-Match");
  const unmodifiedSince = Date.parse(headerOf(request, "if-unmodified-since") ?? "");
  if (ifMatch === undefined && object.lastModified > unmodifiedSince)
    return unmet("If-Unmodified-Since");
  const ifNoneMatch = headerOf(request, "if-none-match");
  const modifiedSince = Date.parse(headerOf(request, "if-modified-since") ?? "");
  const notModified =
    ifNoneMatch === undefined
      ? object.lastModified <= modifiedSince
      : namesEtag(ifNoneMatch, object.etag);
  if (!notModified) return undefined;
  const headers = {
    ETag: object.etag,
    "Last-Modified": new Date(object.lastModified).toUTCString(),
    ...versionHeader(call, object),
  };
  return { kind: "refused", code: "NotModified", status: 304, message: "Not Modified", headers };
}

function unmet(condition: string): S3Refusal {
  return refuse("PreconditionFailed", { details: { Condition: condition } });
}

function describeObject(call: BucketCall, object: StoredObject): Readonly<Record<string, string>> {
  const metadata = Object.entries(object.metadata).map(([name, value]) => [
    `x-amz-meta-${name}`,
    Buffer.from(value).toString("latin1"),
  ]);
  return {
    "Last-Modified": new Date(object.lastModified).toUTCString(),
    ETag: object.etag,
    "Accept-Ranges": "bytes",
    "Content-Type": "binary/octet-stream",
    ...Object.fromEntries(
      Object.entries(object.headers).map(([name, value]) => [titled(name), value]),
    ),
    ...Object.fromEntries(metadata),
    ...encryptionHeaders(object.encryption),
    ...versionHeader(call, object),
  };
}

// response-content-type=… and its like
function overrides({ route }: BucketCall): Readonly<Record<string, string>> {
  const names = ["type", "language", "disposition", "encoding"].map((name) => `content-${name}`);
  return Object.fromEntries(
    [...names, "cache-control", "expires"].flatMap((name) => {
      const value = route.query.get(`response-${name}`);
      return value === undefined ? [] : [[titled(name), value]];
    }),
  );
}

function titled(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

// one range only: S3 serves no multipart/byteranges, and ignores what it cannot read
function parseRange(header: string | undefined, size: number): Span | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < start) return undefined;
  if (start >= size || (first === "" && Number(last) === 0)) return "unsatisfiable";
  return { start, end };
}
