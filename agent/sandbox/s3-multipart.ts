/**
 * Multipart uploads, which the AWS CLI and rclone use above 8 MiB or so.
 * @see AWS "Uploading and copying objects using multipart upload"
 * @module
 */
import { createHash } from "node:crypto";
import {
  checksumElements,
  checksumHeader,
  computeChecksum,
  parseChecksumAlgorithm,
  type Checksum,
} from "./checksums.ts";
import type { ContextKeys } from "./request-context.ts";
import { etagOf, opaqueId } from "./objects.ts";
import {
  arnOf,
  authorise,
  authoriseKey,
  inputOf,
  reply,
  replyXml,
  type BucketCall,
  type S3Outcome,
} from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import { encryptionHeaders, versionHeader } from "./s3-get.ts";
import { verifyPayload } from "./s3-integrity.ts";
import { judgeWriteConditions } from "./s3-conditions.ts";
import { admitWrite, writeContext } from "./s3-put.ts";
import { listOf, parseXml, textOf, type Element } from "./s3-xml.ts";
import type { Part, Upload } from "./uploads.ts";

/** S3's limits: the number of a part, and the bytes of each but the last. */
export const MAX_PART_NUMBER = 10_000;
const MIN_PART_BYTES = 5 * 1024 * 1024;

export type FoundUpload = { readonly kind: "found"; readonly upload: Upload } | S3Refusal;
type ChosenParts = { readonly kind: "chosen"; readonly parts: readonly Part[] } | S3Refusal;

export function createMultipartUpload(call: BucketCall): S3Outcome {
  const admission = admitWrite(call, false);
  if (admission.kind === "refused") return admission;
  const { key } = call.route;
  const named = inputOf(call, "x-amz-checksum-algorithm");
  const algorithm = parseChecksumAlgorithm(named ?? "CRC64NVME");
  if (algorithm === undefined)
    return refuse("InvalidRequest", {
      message: "Checksum algorithm provided is unsupported.",
    });
  const asked = inputOf(call, "x-amz-checksum-type");
  const composite = asked === "COMPOSITE" || (asked === undefined && algorithm !== "CRC64NVME");
  const checksumType = composite ? "COMPOSITE" : "FULL_OBJECT";
  const { object } = admission;
  const id = opaqueId(48, call.context.chance);
  const initiated = call.moment.now;
  const bucket = call.bucket.name;
  call.uploads.start({ id, bucket, key, initiated, algorithm, checksumType, object });
  const checksum =
    named === undefined
      ? {}
      : { "x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": checksumType };
  const content: readonly Element[] = [
    ["Bucket", bucket],
    ["Key", key],
    ["UploadId", id],
  ];
  return replyXml(["InitiateMultipartUploadResult", content], {
    ...encryptionHeaders(object.encryption),
    ...checksum,
  });
}

export async function uploadPart(call: BucketCall): Promise<S3Outcome> {
  const found = findUpload(call, "s3:PutObject", { "s3:ObjectCreationOperation": ["false"] });
  if (found.kind === "refused") return found;
  const { upload } = found;
  const number = Number(call.route.query.get("partNumber"));
  if (!Number.isInteger(number) || number < 1 || number > MAX_PART_NUMBER)
    return refuse("InvalidArgument", {
      message: "Part number must be an integer between 1 and 10000, inclusive",
      details: { ArgumentName: "partNumber" },
    });
  const verified = await verifyPayload(call, upload.algorithm);
  if (verified.kind === "refused") return verified;
  const { checksum } = verified;
  const { body, moment } = call;
  const { encryption } = upload.object;
  const etag = `"${etagOf(body, encryption, call.context.chance)}"`;
  call.uploads.addPart(upload, { number, body, etag, checksum, lastModified: moment.now });
  return reply(200, {
    ETag: etag,
    [checksumHeader(checksum.algorithm)]: checksum.value,
    ...encryptionHeaders(encryption),
  });
}

/**
 * In these steps: (1) find the upload, (2) choose the parts that the client names, (3) ask for the key, (4)
 * join, (5) judge the conditions and write, (6) forget the upload.
 */
export async function completeMultipartUpload(call: BucketCall): Promise<S3Outcome> {
  // (1)
  const found = findUpload(call, "s3:PutObject", {
    ...writeContext(call),
    "s3:ObjectCreationOperation": ["true"],
  });
  if (found.kind === "refused") return found;
  const { upload } = found;
  // (2)
  const chosen = chooseParts(call, upload);
  if (chosen.kind === "refused") return chosen;
  const { parts } = chosen;
  // (3) S3 decrypts the parts to join them
  const { encryption } = upload.object;
  const { key } = call.route;
  const denied = authoriseKey(call, "kms:Decrypt", key, encryption);
  if (denied !== undefined) return denied;
  // (4)
  const body = Buffer.concat(parts.map((part) => part.body));
  const checksum = await joinChecksums(upload, parts, body);
  const md5s = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag.slice(1, -1), "hex")));
  const etag = `${createHash("md5").update(md5s).digest("hex")}-${parts.length}`;
  // (5)
  const unmet = judgeWriteConditions(call, key);
  if (unmet !== undefined) return unmet;
  const stored = call.bucket.put({ ...upload.object, key, body, checksum, etag });
  // (6)
  call.uploads.end(upload);
  return replyXml(
    [
      "CompleteMultipartUploadResult",
      [
        ["Location", `http://${call.bucket.name}.s3.${call.bucket.region}.amazonaws.com/${key}`],
        ["Bucket", call.bucket.name],
        ["Key", key],
        ["ETag", stored.etag],
        ...checksumElements(checksum),
      ],
    ],
    { ...encryptionHeaders(encryption), ...versionHeader(call, stored) },
  );
}

export function abortMultipartUpload(call: BucketCall): S3Outcome {
  const found = findUpload(call, "s3:AbortMultipartUpload");
  if (found.kind === "refused") return found;
  call.uploads.end(found.upload);
  return reply(204);
}

/** The upload that a request names, for a caller who may do `action` with it. */
export function findUpload(
  call: BucketCall,
  action: string,
  conditions: ContextKeys = {},
): FoundUpload {
  const { key, query } = call.route;
  const denied = authorise(call, action, arnOf(call.bucket.name, key), conditions);
  if (denied !== undefined) return denied;
  const id = query.get("uploadId") ?? "";
  const upload = call.uploads.get(id, call.bucket.name, key);
  return upload === undefined
    ? refuse("NoSuchUpload", { details: { UploadId: id } })
    : { kind: "found", upload };
}

function chooseParts(call: BucketCall, upload: Upload): ChosenParts {
  const document = parseXml(call.body, "CompleteMultipartUpload", ["Part"]);
  const named = document === undefined ? [] : listOf(document, "Part");
  if (named.length === 0) return refuse("MalformedXML");
  const parts: Part[] = [];
  for (const element of named) {
    const number = Number(textOf(element, "PartNumber"));
    const part = upload.parts.get(number);
    const etag = (textOf(element, "ETag") ?? "").replaceAll('"', "");
    const claimed = textOf(element, `Checksum${part?.checksum.algorithm ?? ""}`);
    const matches = part !== undefined && part.etag.slice(1, -1) === etag;
    if (!matches || (claimed !== undefined && claimed !== part.checksum.value))
      return refuse("InvalidPart", {
        details: { UploadId: upload.id, PartNumber: String(number), ETag: etag },
      });
    const last = parts.at(-1);
    if (last !== undefined && last.number >= number) return refuse("InvalidPartOrder");
    if (last !== undefined && last.body.length < MIN_PART_BYTES)
      return refuse("EntityTooSmall", { details: { ProposedSize: String(last.body.length) } });
    parts.push(part);
  }
  return { kind: "chosen", parts };
}

async function joinChecksums(
  { algorithm, checksumType }: Upload,
  parts: readonly Part[],
  body: Buffer,
): Promise<Checksum> {
  if (checksumType === "FULL_OBJECT") {
    const value = (await computeChecksum(algorithm, body)).toString("base64");
    return { algorithm, value, type: "FULL_OBJECT" };
  }
  const digests = Buffer.concat(parts.map(({ checksum }) => Buffer.from(checksum.value, "base64")));
  const value = (await computeChecksum(algorithm, digests)).toString("base64");
  return { algorithm, value: `${value}-${parts.length}`, type: "COMPOSITE" };
}
