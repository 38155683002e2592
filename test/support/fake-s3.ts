import type { S3 } from "../../agent/aws/s3.ts";
import type { GetAnswer, GetRequest } from "../../agent/aws/s3-get.ts";
import type { ListRequest } from "../../agent/aws/s3-list.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";

export interface StoredObject {
  body: string;
  etag: string;
  lastModified: number;
}

export interface FakeS3 extends S3 {
  /** Change it at any time: the next request sees it. */
  readonly objects: Map<string, StoredObject>;
  readonly lists: ListRequest[];
  readonly gets: GetRequest[];
  /** Every body that it handed out. */
  readonly bodies: SecretBytes[];
  put(key: string, body: string, lastModified?: number): void;
  /** Done before each GET is answered. */
  onGet: (request: GetRequest) => void | Promise<void>;
  /** Keys on each page. */
  pageSize: number;
  /** False: a missing key is denied. */
  mayList: boolean;
}

/** What the listing of this fake says is the time. */
export const SERVER_TIME: number = Date.UTC(2026, 10, 1, 12);

/** S3's behaviour in memory, for the sources: keys in order, pages, conditions, errors. */
export function fakeS3(contents: Readonly<Record<string, string>> = {}): FakeS3 {
  let version = 0;
  const fake: FakeS3 = {
    objects: new Map(),
    lists: [],
    gets: [],
    bodies: [],
    onGet: () => undefined,
    pageSize: 1000,
    mayList: true,
    put: (key, body, lastModified = SERVER_TIME - 60_000) => {
      version += 1;
      fake.objects.set(key, { body, etag: `"e${version}"`, lastModified });
    },
    list: (request) => {
      fake.lists.push(request);
      const keys = [...fake.objects.keys()]
        .filter((key) => key.startsWith(request.prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const from = Number(request.token ?? 0);
      const objects = keys.slice(from, from + fake.pageSize).map((key) => {
        const { body, etag, lastModified } = fake.objects.get(key) as StoredObject;
        return { key, etag, size: Buffer.byteLength(body), lastModified };
      });
      const end = from + fake.pageSize;
      const next = end < keys.length ? String(end) : undefined;
      return Promise.resolve({ objects, next, serverTime: SERVER_TIME });
    },
    get: async (request) => {
      fake.gets.push(request);
      await fake.onGet(request);
      request.signal?.throwIfAborted();
      return answer(fake, request);
    },
  };
  for (const [key, body] of Object.entries(contents)) fake.put(key, body);
  return fake;
}

function answer(fake: FakeS3, request: GetRequest): GetAnswer {
  const object = fake.objects.get(request.key);
  if (object === undefined)
    throw fake.mayList
      ? new PosternError("NotFound", "no such object", { awsCode: "NoSuchKey" })
      : new PosternError("Denied", "denied", { awsCode: "AccessDenied" });
  if (request.ifMatch !== undefined && request.ifMatch !== object.etag) return { kind: "changed" };
  if (request.ifNoneMatch === object.etag) return { kind: "unchanged" };
  const body = new SecretBytes(Buffer.from(object.body));
  fake.bodies.push(body);
  const { etag, lastModified } = object;
  return {
    kind: "object",
    body,
    etag,
    versionId: "v1",
    lastModified,
    serverTime: SERVER_TIME,
    kmsKey: undefined,
  };
}
