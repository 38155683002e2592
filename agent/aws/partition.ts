/** ARNs of S3 in the partition that a region belongs to. @module */
import type { BucketName, Region, S3Key } from "../core/names.ts";

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
const PARTITION_OF_REGION: readonly (readonly [RegExp, string])[] = [
  [/^cn-/, "aws-cn"],
  [/^us-gov-/, "aws-us-gov"],
  [/^us-iso-/, "aws-iso"],
  [/^us-isob-/, "aws-iso-b"],
  [/^eu-isoe-/, "aws-iso-e"],
  [/^us-isof-/, "aws-iso-f"],
  [/^eusc-/, "aws-eusc"],
];

/** The ARN of a bucket, or of an object in it: what a policy has to name. */
export function s3Arn(region: Region, bucket: BucketName, key?: S3Key): string {
  const partition = PARTITION_OF_REGION.find(([pattern]) => pattern.test(region))?.[1] ?? "aws";
  return `arn:${partition}:s3:::${bucket}${key === undefined ? "" : `/${key}`}`;
}
