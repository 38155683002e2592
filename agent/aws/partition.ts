/** ARNs of S3 in the partition that a region belongs to. @module */
import type { BucketName, Region, S3Key } from "../core/names.ts";
import { partitionOf } from "../core/partition.ts";

/** The ARN of a bucket, or of an object in it: what a policy has to name. */
export function s3Arn(region: Region, bucket: BucketName, key?: S3Key): string {
  return `arn:${partitionOf(region)}:s3:::${bucket}${key === undefined ? "" : `/${key}`}`;
}
