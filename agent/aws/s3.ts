/**
 * The two questions postern asks of S3 on an instance: ListObjectsV2 and GetObject.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * @module
 */
import type { AccountId, BucketName, S3Key, S3Prefix } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";

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

export interface ListRequest {
  readonly bucket: BucketName;
  /** The account that must own the bucket; any other is denied. */
  readonly owner: AccountId;
  readonly prefix: S3Prefix;
  /** `next` of the page before. */
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListPage {
  readonly objects: readonly ListedObject[];
  /** The token of the next page, or undefined on the last. */
  readonly next: string | undefined;
  /** S3's own clock when it answered (epoch milliseconds), or undefined if it did not say. */
  readonly serverTime: number | undefined;
}

export interface ListedObject {
  /** As it came: judge it before use. */
  readonly key: string;
  /** With its quotes, as `If-Match` wants it. */
  readonly etag: string;
  /** In bytes. */
  readonly size: number;
  /** Epoch milliseconds, whole seconds. */
  readonly lastModified: number;
}

export interface GetRequest {
  readonly bucket: BucketName;
  /** The account that must own the bucket; any other is denied. */
  readonly owner: AccountId;
  readonly key: S3Key;
  /** Only this state of the object; any other is `changed`. */
  readonly ifMatch?: string | undefined;
  /** Only another state of the object; this one is `unchanged`. */
  readonly ifNoneMatch?: string | undefined;
  /** Reading stops above this. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * - `object`: all of its bytes, their number and S3's checksum verified.
 * - `unchanged`: 304, it still is `ifNoneMatch`.
 * - `changed`: 412, it no longer is `ifMatch`.
 */
export type GetAnswer =
  | {
      readonly kind: "object";
      /** The caller wipes it. */
      readonly body: SecretBytes;
      readonly etag: string;
      readonly versionId: string | undefined;
      /** Epoch milliseconds. */
      readonly lastModified: number;
      /** S3's own clock when it answered (epoch milliseconds), or undefined if it did not say. */
      readonly serverTime: number | undefined;
      /** The key that SSE-KMS used, as S3 names it. */
      readonly kmsKey: string | undefined;
    }
  | { readonly kind: "unchanged" }
  | { readonly kind: "changed" };
