/**
 * The two questions postern asks of S3 on an instance: ListObjectsV2 and GetObject.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * @module
 */
import type { Call } from "./call.ts";
import type { Connection } from "./connection.ts";
import type { RequestCounter } from "./requests.ts";
import type { AskTools, createAsk } from "./s3-ask.ts";
import type { GetAnswer, getObject, GetRequest } from "./s3-get.ts";
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

export interface S3Options extends Omit<AskTools, "connection"> {
  /** Asked once, for the first request: loading what connects takes as long as a request nearby. */
  readonly connect: () => Promise<Connection>;
  readonly call: Call;
  readonly requests: RequestCounter;
}

export function createS3(options: S3Options): S3 {
  const { region, call, requests, now } = options;
  const loaded = once(async () => {
    const [work, connection] = await Promise.all([loadS3(), options.connect()]);
    return { ...work, ask: work.createAsk({ ...options, connection }) };
  });
  return {
    list: async (request) => {
      const { ask, listPage } = await loaded();
      return call(
        (signal) => requests.track("list", () => listPage(request, { ask, region, now, signal })),
        request.signal,
      );
    },
    get: async (request) => {
      const { ask, getObject } = await loaded();
      return call(
        (signal) =>
          requests.track("get", () => getObject(request, { ask, region, now, signal }), {
            resultOf: ({ kind }) => (kind === "unchanged" ? "not_modified" : "ok"),
          }),
        request.signal,
      );
    },
  };
}

interface Loaded {
  readonly createAsk: typeof createAsk;
  readonly getObject: typeof getObject;
  readonly listPage: typeof listPage;
}

/** What the first request would have to wait for. Worth calling while something else is waited for anyway. */
export async function loadS3(): Promise<Loaded> {
  const [asking, getting, listing, { prepareChecksums }] = await Promise.all([
    import("./s3-ask.ts"),
    import("./s3-get.ts"),
    import("./s3-list.ts"),
    import("./checksum.ts"),
    import("./connection.ts"),
  ]);
  prepareChecksums();
  return { ...asking, ...getting, ...listing };
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
