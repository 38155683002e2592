/**
 * Where a bucket is asked.
 *
 * The SDK's rules decide. Loading them takes as long as a few requests, so the everyday answers are given here:
 * they are the same, which a test holds against those rules.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 * @module
 */
import type { BucketName, Region } from "../core/names.ts";
import { type Endpoints, isUsualRegion } from "./endpoints.ts";

/** The bucket's URL: its path, if any, belongs before every key. */
export async function bucketUrl(
  bucket: BucketName,
  region: Region,
  endpoints: Endpoints,
): Promise<URL> {
  const usual = usualUrl(bucket, region, endpoints);
  if (usual !== undefined) return usual;
  const { ruledUrl } = await import("./s3-rules.ts");
  return ruledUrl(bucket, region, endpoints);
}

/** Undefined for whatever is not everyday: the SDK's rules know. */
export function usualUrl(
  bucket: BucketName,
  region: Region,
  { s3, pathStyle, fips, dualStack }: Endpoints,
): URL | undefined {
  if (fips || dualStack || !USUAL_BUCKET.test(bucket) || SPECIAL_BUCKET.test(bucket))
    return undefined;
  if (s3 !== undefined) {
    const inPath = pathStyle || /^\d+(\.\d+){3}$/.test(s3.hostname);
    return inPath && s3.pathname === "/" ? new URL(`/${bucket}`, s3) : undefined;
  }
  if (pathStyle || !isUsualRegion(region)) return undefined;
  return new URL(`https://${bucket}.s3.${region}.amazonaws.com/`);
}

// a dot would not fit the certificate
const USUAL_BUCKET = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
// directory buckets, access points and their like
const SPECIAL_BUCKET = /--|-s3alias$/;
