/**
 * The two questions postern asks of S3 on an instance: ListObjectsV2 and GetObject.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * @module
 */
import type { Call } from "./call.ts";
import type { RequestCounter } from "./requests.ts";
import { type AskTools, createAsk } from "./s3-ask.ts";
import { type GetAnswer, getObject, type GetRequest } from "./s3-get.ts";
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

export interface S3Options extends AskTools {
  readonly call: Call;
  readonly requests: RequestCounter;
}

export function createS3(options: S3Options): S3 {
  const { region, call, requests, now } = options;
  const ask = createAsk(options);
  return {
    list: (request) =>
      call((signal) => {
        requests.add("list");
        return listPage(request, { ask, region, now, signal });
      }, request.signal),
    get: (request) =>
      call(async (signal) => {
        requests.add("get");
        const answer = await getObject(request, { ask, region, now, signal });
        if (answer.kind === "unchanged") requests.add("notModified");
        return answer;
      }, request.signal),
  };
}
