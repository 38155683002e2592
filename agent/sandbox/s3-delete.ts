/** DeleteObject and DeleteObjects. @see AWS "DeleteObject", "DeleteObjects" @module */
import type { Version } from "./objects.ts";
import {
  arnOf,
  authorise,
  inputOf,
  reply,
  replyXml,
  type BucketCall,
  type S3Outcome,
} from "./s3-call.ts";
import { judgeDeleteCondition, unserved } from "./s3-conditions.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import { verifyPayload } from "./s3-integrity.ts";
import { headerOf } from "./service.ts";
import { listOf, parseXml, textOf, type Element } from "./s3-xml.ts";

/** S3's limit on the keys of one DeleteObjects. */
const MAX_KEYS = 1000;

/** Conditions of directory buckets, and what is none on a delete: refused, as S3 does in other buckets. */
const UNSERVED = ["if-none-match", "x-amz-if-match-size", "x-amz-if-match-last-modified-time"];
const UNSERVED_ELEMENTS = ["Size", "LastModifiedTime"];

/** What is to be deleted. */
interface Target {
  readonly key: string;
  /** One version for good, rather than the key. */
  readonly versionId: string | undefined;
  /** ETag of the current object, or "*" for any. */
  readonly ifMatch: string | undefined;
}

interface Deleted {
  readonly kind: "deleted";
  /** The marker made, or the version removed; undefined when there was nothing. */
  readonly version: Version | undefined;
}

/** Deleting what is not there is done, too: 204, unless If-Match asked for it. */
export function deleteObject(call: BucketCall): S3Outcome {
  const { key, query } = call.route;
  const refused = UNSERVED.find((name) => inputOf(call, name) !== undefined);
  if (refused !== undefined) return unserved(refused);
  const ifMatch = headerOf(call.request, "if-match");
  const outcome = remove(call, { key, versionId: query.get("versionId"), ifMatch });
  if (outcome.kind === "refused") return outcome;
  const { version } = outcome;
  return reply(204, {
    ...(version?.kind === "delete-marker" ? { "x-amz-delete-marker": "true" } : {}),
    ...(version === undefined ? {} : { "x-amz-version-id": version.versionId }),
  });
}

export async function deleteObjects(call: BucketCall): Promise<S3Outcome> {
  const { request, trailers, body } = call;
  const names = [...request.headers.keys(), ...trailers.keys()];
  if (!names.some((name) => name === "content-md5" || name.startsWith("x-amz-checksum-")))
    return refuse("InvalidRequest", {
      message: "Missing required header for this request: Content-MD5",
    });
  const verified = await verifyPayload(call);
  if (verified.kind === "refused") return verified;
  const document = parseXml(body, "Delete", ["Object"]);
  const objects = document === undefined ? [] : listOf(document, "Object");
  if (document === undefined || objects.length === 0 || objects.length > MAX_KEYS)
    return refuse("MalformedXML");
  const quiet = textOf(document, "Quiet")?.toLowerCase() === "true";
  const results = objects.map((object) => deleteOne(call, object, quiet));
  return replyXml(["DeleteResult", results.filter((result) => result !== undefined)]);
}

function deleteOne(
  call: BucketCall,
  object: Readonly<Record<string, unknown>>,
  quiet: boolean,
): Element | undefined {
  const key = textOf(object, "Key") ?? "";
  const versionId = textOf(object, "VersionId");
  const ifMatch = textOf(object, "ETag");
  const refused = UNSERVED_ELEMENTS.find((name) => textOf(object, name) !== undefined);
  const outcome =
    refused === undefined ? remove(call, { key, versionId, ifMatch }) : unserved(refused);
  if (outcome.kind === "refused")
    return [
      "Error",
      [
        ["Key", key],
        ["VersionId", versionId],
        ["Code", outcome.code],
        ["Message", outcome.message],
      ],
    ];
  if (quiet) return undefined;
  const { version } = outcome;
  const isMarker = version?.kind === "delete-marker";
  return [
    "Deleted",
    [
      ["Key", key],
      ["VersionId", versionId],
      ["DeleteMarker", isMarker ? "true" : undefined],
      ["DeleteMarkerVersionId", isMarker ? version.versionId : undefined],
    ],
  ];
}

function remove(call: BucketCall, { key, versionId, ifMatch }: Target): Deleted | S3Refusal {
  const { bucket } = call;
  // S3 compares with the current object alone
  if (versionId !== undefined && ifMatch !== undefined) return unserved("If-Match");
  const resource = arnOf(bucket.name, key);
  const conditions: Readonly<Record<string, readonly string[]>> =
    ifMatch === undefined ? {} : { "s3:if-match": [ifMatch] };
  const denied =
    versionId === undefined
      ? authorise(call, "s3:DeleteObject", resource, conditions)
      : authorise(call, "s3:DeleteObjectVersion", resource, { "s3:VersionId": [versionId] });
  const fault = denied ?? judgeDeleteCondition(call, key, ifMatch);
  if (fault !== undefined) return fault;
  return versionId === undefined
    ? { kind: "deleted", version: bucket.remove(key) }
    : { kind: "deleted", version: bucket.removeVersion(key, versionId) };
}
