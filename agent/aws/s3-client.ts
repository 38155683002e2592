/**
 * The SDK's S3 client. Heavy to load: only `s3.ts` imports it, with the first request.
 *
 * What it takes of the SDK is named here, so that the bundle keeps that and leaves the rest of it out.
 * @module
 */
import { S3Client } from "@aws-sdk/client-s3";
import type { Region } from "../core/names.ts";
import type { Connection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";
import type { Endpoints } from "./endpoints.ts";

export interface S3ClientOptions {
  readonly region: Region;
  readonly credentials: Credentials;
  readonly endpoints: Endpoints;
  readonly connection: Connection;
}

export function createS3Client(options: S3ClientOptions): S3Client {
  const { s3, pathStyle, fips, dualStack } = options.endpoints;
  return new S3Client({
    region: options.region,
    credentials: options.credentials,
    requestHandler: options.connection,
    // retries are `call`'s
    maxAttempts: 1,
    // a wrong clock is reported, not worked around: GET would still fail by it
    disableClockSkewCorrection: true,
    forcePathStyle: pathStyle,
    useFipsEndpoint: fips,
    useDualstackEndpoint: dualStack,
    ...(s3 === undefined ? {} : { endpoint: s3.href }),
  });
}
