/**
 * The two questions postern asks of S3 on an instance: ListObjectsV2 and GetObject.
 *
 * LIST goes through the SDK's client. GET goes round it, with the SDK's own endpoint rules, signer and HTTP
 * handler: the client's middleware takes five times the CPU, and a first pass asks for every object.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * @module
 */
import type { S3Client } from "@aws-sdk/client-s3";
import type { Region } from "../core/names.ts";
import type { Call } from "./call.ts";
import type { Connection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";
import type { Endpoints } from "./endpoints.ts";
import type { RequestCounter } from "./requests.ts";
import { createGetter, type GetAnswer, type GetRequest } from "./s3-get.ts";
import { listPage, type ListPage, type ListRequest } from "./s3-list.ts";

/** S3 in one region, with retries, deadlines and the bound on concurrency already inside. */
export interface S3 {
  /**
   * One page of the keys below `prefix`, at most 1000.
   * @throws {PosternError} whatever `toFailure` makes of the answer
   */
  list(request: ListRequest): Promise<ListPage>;
  /**
   * One object, whole.
   * @throws {PosternError} TooLarge above `maxBytes`, else whatever `toFailure` makes of the answer
   */
  get(request: GetRequest): Promise<GetAnswer>;
}

export interface S3Options {
  readonly region: Region;
  readonly credentials: Credentials;
  readonly endpoints: Endpoints;
  readonly connection: Connection;
  readonly call: Call;
  readonly requests: RequestCounter;
  /** Epoch milliseconds, for signatures. */
  readonly now: () => number;
}

/** Loads the SDK's client with the first request. */
export function createS3(options: S3Options): S3 {
  const client = once(() => createClient(options));
  const getter = once(async () => createGetter({ ...options, client: await client() }));
  return {
    list: async (request) => {
      const s3 = await client();
      return options.call((signal) => {
        options.requests.add("list");
        return listPage(request, { ...options, client: s3, signal });
      }, request.signal);
    },
    get: async (request) => {
      const get = await getter();
      return options.call(async (signal) => {
        options.requests.add("get");
        const answer = await get(request, signal);
        if (answer.kind === "unchanged") options.requests.add("notModified");
        return answer;
      }, request.signal);
    },
  };
}

async function createClient(options: S3Options): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
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

// a failed load is not kept: the next request tries again
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
