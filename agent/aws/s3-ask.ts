/** One question to S3 about a bucket, or an object in it. @module */
import type { AccountId, BucketName, Region } from "../core/names.ts";
import type { Endpoints } from "./endpoints.ts";
import { bucketUrl } from "./s3-endpoint.ts";
import { createWire, type WireAnswer, type WireTools } from "./wire.ts";

/** A GET. */
export interface S3Question {
  readonly bucket: BucketName;
  /** The account that must own the bucket; any other is denied. */
  readonly owner: AccountId;
  /** Below the bucket, as `encodeKey` makes it; "" for the bucket itself. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws whatever the wire fails with */
export type AskS3 = (question: S3Question, signal: AbortSignal) => Promise<WireAnswer>;

export interface AskTools extends WireTools {
  readonly region: Region;
  readonly endpoints: Endpoints;
}

export function createAsk(tools: AskTools): AskS3 {
  const { region, endpoints } = tools;
  const wire = createWire("s3", region, tools);
  const urls = new Map<BucketName, URL>();
  return async ({ bucket, owner, path, query, headers }, signal) => {
    const url = urls.get(bucket) ?? (await bucketUrl(bucket, region, endpoints));
    urls.set(bucket, url);
    return wire(
      {
        method: "GET",
        url,
        path: `${url.pathname.replace(/\/$/, "")}/${path}`,
        query,
        headers: { "x-amz-expected-bucket-owner": owner, ...headers },
      },
      signal,
    );
  };
}

/** The path of a key as it is sent and signed: every byte but RFC 3986's unreserved ones escaped, "/" kept. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
