/** What is under way: ListParts and ListMultipartUploads. @module */
import { arnOf, authorise, replyXml, type BucketCall, type S3Outcome } from "./s3-call.ts";
import { findUpload, MAX_PART_NUMBER } from "./s3-multipart.ts";
import type { Element } from "./s3-xml.ts";
import type { Part } from "./uploads.ts";

export function listParts(call: BucketCall): S3Outcome {
  const found = findUpload(call, "s3:ListMultipartUploadParts");
  if (found.kind === "refused") return found;
  const { upload } = found;
  const parts = [...upload.parts.values()].sort((a, b) => a.number - b.number);
  return replyXml([
    "ListPartsResult",
    [
      ["Bucket", upload.bucket],
      ["Key", upload.key],
      ["UploadId", upload.id],
      ["MaxParts", String(MAX_PART_NUMBER)],
      ["IsTruncated", "false"],
      ...parts.map((part): Element => ["Part", partElements(part)]),
    ],
  ]);
}

export function listMultipartUploads(call: BucketCall): S3Outcome {
  const { bucket } = call;
  const denied = authorise(call, "s3:ListBucketMultipartUploads", arnOf(bucket.name));
  if (denied !== undefined) return denied;
  const prefix = call.route.query.get("prefix") ?? "";
  const uploads = call.uploads.all(bucket.name).filter(({ key }) => key.startsWith(prefix));
  return replyXml([
    "ListMultipartUploadsResult",
    [
      ["Bucket", bucket.name],
      ["Prefix", prefix],
      ["MaxUploads", "1000"],
      ["IsTruncated", "false"],
      ...uploads.map(({ id, key, initiated }): Element => [
        "Upload",
        [
          ["Key", key],
          ["UploadId", id],
          ["Initiated", new Date(initiated).toISOString()],
        ],
      ]),
    ],
  ]);
}

function partElements({ number, lastModified, etag, body, checksum }: Part): readonly Element[] {
  return [
    ["PartNumber", String(number)],
    ["LastModified", new Date(lastModified).toISOString()],
    ["ETag", etag],
    ["Size", String(body.length)],
    [`Checksum${checksum.algorithm}`, checksum.value],
  ];
}
