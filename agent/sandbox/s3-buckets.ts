/**
 * Operations on buckets themselves.
 * @see AWS "ListBuckets", "CreateBucket", "GetBucketLocation", "GetBucketVersioning", "PutBucketVersioning"
 * @module
 */
import { parseBucketName } from "../core/names.ts";
import {
  arnOf,
  authorise,
  inputOf,
  reply,
  replyXml,
  type BucketCall,
  type S3Call,
  type S3Outcome,
} from "./s3-call.ts";
import { refuse } from "./s3-errors.ts";
import { ownerElement } from "./s3-list.ts";
import { parseObjectOwnership } from "./s3-settings.ts";
import { parseXml, textOf, type Element } from "./s3-xml.ts";

export function listBuckets(call: S3Call): S3Outcome {
  const { account } = call.context;
  const denied = authorise(call, "s3:ListAllMyBuckets", "*");
  if (denied !== undefined) return denied;
  const owned = call.buckets.all().filter(({ owner }) => owner === account);
  const buckets = owned.map(({ name, createdAt, region }): Element => [
    "Bucket",
    [
      ["Name", name],
      ["CreationDate", new Date(createdAt).toISOString()],
      ["BucketRegion", region],
    ],
  ]);
  return replyXml(["ListAllMyBucketsResult", [ownerElement(account), ["Buckets", buckets]]]);
}

export function createBucket(call: S3Call): S3Outcome {
  const { region } = call.context;
  const name = call.route.bucket;
  const denied = authorise(call, "s3:CreateBucket", arnOf(name));
  if (denied !== undefined) return denied;
  const asked = inputOf(call, "x-amz-object-ownership");
  const ownership = parseObjectOwnership(asked);
  if (asked !== undefined && ownership === undefined)
    return refuse("InvalidArgument", {
      message: `Invalid x-amz-object-ownership header: ${asked}`,
      details: { ArgumentName: "x-amz-object-ownership" },
    });
  if (!isBucketName(name)) return refuse("InvalidBucketName", { details: { BucketName: name } });
  // us-east-1 alone lets an owner create a bucket again
  if (call.buckets.get(name) !== undefined && region !== "us-east-1")
    return refuse("BucketAlreadyOwnedByYou", { details: { BucketName: name } });
  if (call.buckets.get(name) === undefined) {
    const bucket = call.buckets.create(name, { region });
    if (ownership !== undefined) bucket.configure({ ownership });
  }
  return reply(200, { Location: `/${name}` });
}

export function deleteBucket(call: BucketCall): S3Outcome {
  const { bucket, buckets } = call;
  const denied = authorise(call, "s3:DeleteBucket", arnOf(bucket.name));
  if (denied !== undefined) return denied;
  if (bucket.keys().length > 0)
    return refuse("BucketNotEmpty", { details: { BucketName: bucket.name } });
  buckets.delete(bucket.name);
  return reply(204);
}

/** HEAD of a bucket is the right to list it, asked without a prefix. */
export function headBucket(call: BucketCall): S3Outcome {
  const denied = authorise(call, "s3:ListBucket", arnOf(call.bucket.name));
  if (denied !== undefined) return denied;
  return reply(200, {
    "x-amz-bucket-region": call.bucket.region,
    "x-amz-access-point-alias": "false",
    "Content-Type": "application/xml",
  });
}

export function getBucketLocation(call: BucketCall): S3Outcome {
  const { name, region } = call.bucket;
  const denied = authorise(call, "s3:GetBucketLocation", arnOf(name));
  if (denied !== undefined) return denied;
  // us-east-1 is the region without a name
  return replyXml(["LocationConstraint", region === "us-east-1" ? "" : region]);
}

export function getBucketVersioning(call: BucketCall): S3Outcome {
  const { bucket } = call;
  const denied = authorise(call, "s3:GetBucketVersioning", arnOf(bucket.name));
  if (denied !== undefined) return denied;
  const status = bucket.versioning();
  return replyXml([
    "VersioningConfiguration",
    [["Status", status === "Unversioned" ? undefined : status]],
  ]);
}

export function putBucketVersioning(call: BucketCall): S3Outcome {
  const { bucket } = call;
  const denied = authorise(call, "s3:PutBucketVersioning", arnOf(bucket.name));
  if (denied !== undefined) return denied;
  const document = parseXml(call.body, "VersioningConfiguration");
  const status = document === undefined ? undefined : textOf(document, "Status");
  if (status !== "Enabled" && status !== "Suspended") return refuse("MalformedXML");
  bucket.setVersioning(status);
  return reply(200);
}

function isBucketName(name: string): boolean {
  try {
    parseBucketName(name);
    return true;
  } catch {
    return false;
  }
}
