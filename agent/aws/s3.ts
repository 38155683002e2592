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
import type { listPage, ListPage, ListRequest } from "./s3-list.ts";

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

interface Loaded {
  readonly client: S3Client;
  readonly listPage: typeof listPage;
}

/** Loads the SDK's client with the first request. */
export function createS3(options: S3Options): S3 {
  const loaded = once(() => load(options));
  const getter = once(async () => createGetter({ ...options, client: (await loaded()).client }));
  return {
    list: async (request) => {
      const { client, listPage } = await loaded();
      return options.call((signal) => {
        options.requests.add("list");
        return listPage(request, { ...options, client, signal });
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

async function load(options: S3Options): Promise<Loaded> {
  const [{ createS3Client }, { listPage }] = await Promise.all([
    import("./s3-client.ts"),
    import("./s3-list.ts"),
  ]);
  return { client: createS3Client(options), listPage };
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
