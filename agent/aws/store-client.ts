/**
 * The SDK's S3 client as a publisher uses it, for one bucket: slow to load, and right.
 * @module
 */
import { S3Client } from "@aws-sdk/client-s3";
import type { Chance } from "../core/clock.ts";
import type { AccountId, BucketName, Region } from "../core/names.ts";
import type { Call } from "./call.ts";
import type { Connection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";
import type { Endpoints } from "./endpoints.ts";
import { type Asked, toFailure } from "./failure.ts";

export interface StoreOptions {
  readonly bucket: BucketName;
  readonly region: Region;
  /** The account that must own the bucket; any other is denied. */
  readonly owner: AccountId;
  readonly endpoints: Endpoints;
  readonly credentials: Credentials;
  readonly connection: Connection;
  readonly call: Call;
  readonly chance: Chance;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The SDK's client as everything here uses it: each call is one request, in the right region. */
export function createClient({
  region,
  endpoints,
  credentials,
  connection,
}: Pick<StoreOptions, "region" | "endpoints" | "credentials" | "connection">): S3Client {
  const { s3, pathStyle, fips, dualStack } = endpoints;
  return new S3Client({
    region,
    credentials,
    requestHandler: connection,
    // retries are `call`'s
    maxAttempts: 1,
    disableClockSkewCorrection: true,
    followRegionRedirects: false,
    useFipsEndpoint: fips,
    useDualstackEndpoint: dualStack,
    forcePathStyle: pathStyle,
    ...(s3 === undefined ? {} : { endpoint: s3.href }),
  });
}

/** Asks with retries and deadlines, and fails with PosternError alone. */
export function asking({ call, now }: StoreOptions) {
  return <T>(asked: Asked, send: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    call(async (signal) => {
      try {
        return await send(signal);
      } catch (error) {
        throw toFailure(error, asked, now());
      }
    });
}
