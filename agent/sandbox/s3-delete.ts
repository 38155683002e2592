/** DeleteObject and DeleteObjects. @see AWS "DeleteObject", "DeleteObjects" @module */
import type { Version } from "./objects.ts";
import { arnOf, authorise, reply, replyXml, type BucketCall, type S3Outcome } from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import { verifyPayload } from "./s3-integrity.ts";
import { judgeWriteConditions } from "./s3-put.ts";
import { listOf, parseXml, textOf, type Element } from "./s3-xml.ts";

/** S3's limit on the keys of one DeleteObjects. */
const MAX_KEYS = 1000;

interface Deleted {
  readonly kind: "deleted";
  /** The marker made, or the version removed; undefined when there was nothing. */
  readonly version: Version | undefined;
}

/** Deleting what is not there is done, too: 204. */
export function deleteObject(call: BucketCall): S3Outcome {
  const { key, query } = call.route;
  const unmet = judgeWriteConditions(call, key);
  if (unmet !== undefined) return unmet;
  const versionId = query.get("versionId");
  const outcome = remove(call, key, versionId);
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
  const results = objects.map((object) =>
    deleteOne(call, textOf(object, "Key") ?? "", textOf(object, "VersionId"), quiet),
  );
  return replyXml(["DeleteResult", results.filter((result) => result !== undefined)]);
}

function deleteOne(
  call: BucketCall,
  key: string,
  versionId: string | undefined,
  quiet: boolean,
): Element | undefined {
  const outcome = remove(call, key, versionId);
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

function remove(call: BucketCall, key: string, versionId: string | undefined): Deleted | S3Refusal {
  const { bucket } = call;
  const resource = arnOf(bucket.name, key);
  const denied =
    versionId === undefined
      ? authorise(call, "s3:DeleteObject", resource)
      : authorise(call, "s3:DeleteObjectVersion", resource, { "s3:VersionId": [versionId] });
  if (denied !== undefined) return denied;
  if (versionId !== undefined)
    return { kind: "deleted", version: bucket.removeVersion(key, versionId) };
  return { kind: "deleted", version: bucket.remove(key) };
}
