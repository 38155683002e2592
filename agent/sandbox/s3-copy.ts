/** CopyObject. @see AWS "CopyObject" @module */
import {
  checksumElements,
  computeChecksum,
  parseChecksumAlgorithm,
  type Checksum,
} from "./checksums.ts";
import { percentDecode } from "./canonical-request.ts";
import type { StoredObject } from "./objects.ts";
import { authoriseKey, inputOf, replyXml, type BucketCall, type S3Outcome } from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import { encryptionHeaders, findObject, namesEtag, versionHeader, type Found } from "./s3-get.ts";
import { judgeWriteConditions } from "./s3-conditions.ts";
import { admitWrite } from "./s3-put.ts";
import type { Element } from "./s3-xml.ts";

interface Source {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

/** In these steps: (1) find and unlock the source, (2) admit the write, (3) judge its conditions and write. */
export async function copyObject(call: BucketCall): Promise<S3Outcome> {
  // (1)
  const found = unlockSource(call);
  if (found.kind === "refused") return found;
  const original = found.object;
  // (2)
  const admission = admitWrite(call);
  if (admission.kind === "refused") return admission;
  const { headers, metadata } = replaces(call) ? admission.object : original;
  const { encryption } = admission.object;
  const checksum = await checksumOf(call, original);
  // (3)
  const { key } = call.route;
  const unmet = judgeWriteConditions(call, key);
  if (unmet !== undefined) return unmet;
  const { body, versionId } = original;
  const stored = call.bucket.put({ key, body, checksum, encryption, headers, metadata });
  const result: readonly Element[] = [
    ["LastModified", new Date(stored.lastModified).toISOString()],
    ["ETag", stored.etag],
    ...checksumElements(checksum),
  ];
  return replyXml(["CopyObjectResult", result], {
    ...encryptionHeaders(encryption),
    ...versionHeader(call, stored),
    ...(versionId === "null" ? {} : { "x-amz-copy-source-version-id": versionId }),
  });
}

function unlockSource(call: BucketCall): Found {
  const source = parseSource(inputOf(call, "x-amz-copy-source") ?? "");
  if (source === undefined)
    return refuse("InvalidArgument", {
      message: "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
      details: { ArgumentName: "x-amz-copy-source" },
    });
  const bucket = call.buckets.get(source.bucket);
  if (bucket === undefined)
    return refuse("NoSuchBucket", { details: { BucketName: source.bucket } });
  const expectedOwner = inputOf(call, "x-amz-source-expected-bucket-owner");
  if (expectedOwner !== undefined && expectedOwner !== bucket.owner) return refuse("AccessDenied");
  const found = findObject({ ...call, bucket }, source.key, source.versionId);
  if (found.kind === "refused") return found;
  const { object } = found;
  return (
    judgeSourceConditions(call, object) ??
    judgeSelfCopy(call, source) ??
    authoriseKey({ ...call, bucket }, "kms:Decrypt", source.key, object.encryption) ??
    found
  );
}

function parseSource(header: string): Source | undefined {
  const [path = "", query = ""] = header.split("?", 2);
  const decoded = percentDecode(path).toString("utf8").replace(/^\//, "");
  const slash = decoded.indexOf("/");
  if (slash <= 0 || slash === decoded.length - 1) return undefined;
  const [, versionId] = /^versionId=(.+)$/.exec(query) ?? [];
  return { bucket: decoded.slice(0, slash), key: decoded.slice(slash + 1), versionId };
}

// as of a read: a condition on the ETag makes the one on the date moot; what is not modified is 412, not 304
function judgeSourceConditions(call: BucketCall, source: StoredObject): S3Refusal | undefined {
  const [ifMatch, ifNoneMatch, modifiedSince, unmodifiedSince] = [
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
  ].map((name) => inputOf(call, `x-amz-copy-source-${name}`));
  const unmet = (condition: string): S3Refusal =>
    refuse("PreconditionFailed", { details: { Condition: `x-amz-copy-source-${condition}` } });
  if (ifMatch !== undefined && !namesEtag(ifMatch, source.etag)) return unmet("If-Match");
  if (ifMatch === undefined && source.lastModified > Date.parse(unmodifiedSince ?? ""))
    return unmet("If-Unmodified-Since");
  if (ifNoneMatch !== undefined)
    return namesEtag(ifNoneMatch, source.etag) ? unmet("If-None-Match") : undefined;
  return source.lastModified <= Date.parse(modifiedSince ?? "")
    ? unmet("If-Modified-Since")
    : undefined;
}

function judgeSelfCopy(call: BucketCall, source: Source): S3Refusal | undefined {
  const sameObject =
    source.bucket === call.bucket.name &&
    source.key === call.route.key &&
    source.versionId === undefined;
  const changes = replaces(call) || inputOf(call, "x-amz-server-side-encryption") !== undefined;
  if (!sameObject || changes) return undefined;
  return refuse("InvalidRequest", {
    message:
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  });
}

function replaces(call: BucketCall): boolean {
  return inputOf(call, "x-amz-metadata-directive") === "REPLACE";
}

async function checksumOf(call: BucketCall, source: StoredObject): Promise<Checksum> {
  const asked = parseChecksumAlgorithm(inputOf(call, "x-amz-checksum-algorithm") ?? "");
  const { checksum, body } = source;
  if (checksum.type === "FULL_OBJECT" && (asked ?? checksum.algorithm) === checksum.algorithm)
    return checksum;
  // a copy is one piece: a composite checksum does not survive it
  const algorithm = asked ?? checksum.algorithm;
  const value = (await computeChecksum(algorithm, body)).toString("base64");
  return { algorithm, value, type: "FULL_OBJECT" };
}
