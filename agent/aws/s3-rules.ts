/**
 * The SDK's own rules for where a bucket is asked: partitions, FIPS, dual-stack, and when it goes into the path.
 *
 * Heavy to load, since they come with the SDK's client: only `s3-endpoint.ts` imports them.
 * @module
 */
import { S3Client } from "@aws-sdk/client-s3";
import type { BucketName, Region } from "../core/names.ts";
import type { Endpoints } from "./endpoints.ts";

/** @throws whatever the rules refuse, such as FIPS at an endpoint of one's own */
export function ruledUrl(bucket: BucketName, region: Region, endpoints: Endpoints): URL {
  const { s3, pathStyle, fips, dualStack } = endpoints;
  const client = new S3Client({ region });
  const { url } = client.config.endpointProvider({
    Bucket: bucket,
    Region: region,
    ForcePathStyle: pathStyle,
    UseFIPS: fips,
    UseDualStack: dualStack,
    UseArnRegion: false,
    DisableMultiRegionAccessPoints: true,
    Accelerate: false,
    UseGlobalEndpoint: false,
    ...(s3 === undefined ? {} : { Endpoint: s3.href }),
  });
  client.destroy();
  return url;
}
