/**
 * ListObjectsV2, one page a call.
 *
 * `encoding-type=url` lets keys with control characters through XML, which cannot hold them.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * @module
 */
import {
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { HttpResponse } from "@smithy/protocol-http";
import {
  type AccountId,
  type BucketName,
  quote,
  type Region,
  type S3Prefix,
} from "../core/names.ts";
import { toFailure, unreadable } from "./failure.ts";
import { parseHttpDate } from "./http-date.ts";
import { s3Arn } from "./partition.ts";

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

export interface ListTools {
  readonly client: S3Client;
  readonly region: Region;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** @throws {PosternError} */
export async function listPage(request: ListRequest, tools: ListTools): Promise<ListPage> {
  const { bucket, owner, prefix, token } = request;
  const asked = {
    operation: "ListObjectsV2",
    subject: `s3://${bucket}/${prefix}`,
    needs: `s3:ListBucket on ${quote(s3Arn(tools.region, bucket))} with s3:prefix ${quote(prefix)}`,
  };
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    ExpectedBucketOwner: owner,
    Prefix: prefix,
    EncodingType: "url",
    ...(token === undefined ? {} : { ContinuationToken: token }),
  });
  let date: string | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if (HttpResponse.isInstance(result.response)) date = result.response.headers["date"];
      return result;
    },
    { step: "deserialize", name: "posternServerTime" },
  );
  try {
    const page = await tools.client.send(command, { abortSignal: tools.signal });
    // any page of some proxy parses as an empty listing, but S3 names the bucket
    const read = page.Name === bucket ? readPage(page, parseHttpDate(date)) : undefined;
    if (read === undefined) throw unreadable(asked, "expected a whole listing of this bucket");
    return read;
  } catch (error) {
    throw toFailure(error, asked, tools.now());
  }
}

function readPage(
  page: ListObjectsV2CommandOutput,
  serverTime: number | undefined,
): ListPage | undefined {
  const objects: ListedObject[] = [];
  for (const { Key, ETag, Size, LastModified } of page.Contents ?? []) {
    const key = Key !== undefined && page.EncodingType === "url" ? decodeKey(Key) : Key;
    if (key === undefined || ETag === undefined || Size === undefined) return undefined;
    if (LastModified === undefined) return undefined;
    objects.push({ key, etag: ETag, size: Size, lastModified: LastModified.getTime() });
  }
  const more = page.IsTruncated === true;
  if (more && page.NextContinuationToken === undefined) return undefined;
  return { objects, next: more ? page.NextContinuationToken : undefined, serverTime };
}

// S3 writes a space as "+" and a plus as "%2B"
function decodeKey(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", "%20"));
  } catch {
    return undefined;
  }
}
