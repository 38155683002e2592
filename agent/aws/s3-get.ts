/**
 * GetObject round the SDK's client: its endpoint rules, its signer, its HTTP handler, and nothing between.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * @module
 */
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { Hash } from "@smithy/hash-node";
import { HttpRequest, type HttpResponse } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import { PosternError } from "../core/errors.ts";
import { type AccountId, type BucketName, quote, type Region, type S3Key } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import { readBody } from "./body.ts";
import { findChecksumMismatch } from "./checksum.ts";
import type { Connection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";
import type { Endpoints } from "./endpoints.ts";
import { type Asked, failureOf, toFailure, unreadable } from "./failure.ts";
import { parseHttpDate } from "./http-date.ts";
import { s3Arn } from "./partition.ts";
import { readS3Error } from "./s3-error.ts";

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

export interface GetTools {
  readonly client: S3Client;
  readonly region: Region;
  readonly credentials: Credentials;
  readonly endpoints: Endpoints;
  readonly connection: Connection;
  readonly now: () => number;
}

/** One attempt at one object. */
export type Getter = (request: GetRequest, signal: AbortSignal) => Promise<GetAnswer>;

export function createGetter(tools: GetTools): Getter {
  const signer = new SignatureV4({
    service: "s3",
    region: tools.region,
    credentials: tools.credentials,
    sha256: Hash.bind(null, "sha256"),
    // S3 alone signs the path as it is sent
    uriEscapePath: false,
  });
  const urls = new Map<BucketName, URL>();
  return async (request, signal) => {
    const { bucket, key } = request;
    const asked = {
      operation: "GetObject",
      subject: `s3://${bucket}/${key}`,
      needs: `s3:GetObject on ${quote(s3Arn(tools.region, bucket, key))}`,
    };
    try {
      const url = urls.get(bucket) ?? resolveBucket(bucket, tools);
      urls.set(bucket, url);
      const signingDate = new Date(tools.now());
      const signed = await signer.sign(buildRequest(request, url), { signingDate });
      const sent = new HttpRequest(signed);
      const { response } = await tools.connection.handle(sent, { abortSignal: signal });
      return await readAnswer(response, request, asked, tools.now());
    } catch (error) {
      throw toFailure(error, asked, tools.now());
    }
  };
}

/** The path of a key as it is sent and signed: every byte but RFC 3986's unreserved ones escaped, "/" kept. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

// the SDK's endpoint rules know partitions, FIPS, dual-stack, and when a bucket goes into the path
function resolveBucket(bucket: BucketName, tools: GetTools): URL {
  const { s3, pathStyle, fips, dualStack } = tools.endpoints;
  const { url } = tools.client.config.endpointProvider({
    Bucket: bucket,
    Region: tools.region,
    ForcePathStyle: pathStyle,
    UseFIPS: fips,
    UseDualStack: dualStack,
    UseArnRegion: false,
    DisableMultiRegionAccessPoints: true,
    Accelerate: false,
    UseGlobalEndpoint: false,
    ...(s3 === undefined ? {} : { Endpoint: s3.href }),
  });
  return url;
}

function buildRequest(request: GetRequest, url: URL): HttpRequest {
  const { owner, key, ifMatch, ifNoneMatch } = request;
  return new HttpRequest({
    method: "GET",
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    path: `${url.pathname.replace(/\/$/, "")}/${encodeKey(key)}`,
    query: {},
    headers: {
      host: url.host,
      "user-agent": "postern",
      "x-amz-expected-bucket-owner": owner,
      "x-amz-checksum-mode": "ENABLED",
      ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
      ...(ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch }),
    },
  });
}

async function readAnswer(
  response: HttpResponse,
  request: GetRequest,
  asked: Asked,
  now: number,
): Promise<GetAnswer> {
  const { statusCode: status, headers } = response;
  const body: unknown = response.body;
  if (!(body instanceof Readable)) throw unreadable(asked, "an answer without a body");
  if (status === 200) return readObject(body, headers, request, asked);
  if (status === 304) {
    body.resume();
    return { kind: "unchanged" };
  }
  const error = await readS3Error(status, headers, body);
  if (status === 412) return { kind: "changed" };
  throw failureOf(error, asked, now);
}

async function readObject(
  body: Readable,
  headers: Readonly<Record<string, string>>,
  request: GetRequest,
  asked: Asked,
): Promise<GetAnswer> {
  const { etag, "last-modified": modified, "content-length": length } = headers;
  const lastModified = parseHttpDate(modified);
  if (etag === undefined || lastModified === undefined) {
    body.destroy();
    throw unreadable(asked, "an answer without ETag or Last-Modified");
  }
  // S3 has decided these already; a store that ignores conditions has not
  const early = judgeETag(etag, request);
  if (early !== undefined) {
    body.destroy();
    return early;
  }
  const announced = length === undefined ? undefined : Number(length);
  const read = await readBody(body, announced, request.maxBytes);
  if (read.kind === "large") throw tooLarge(asked, request.maxBytes, read.got);
  if (read.kind === "short")
    throw unreadable(asked, `expected ${read.announced} bytes, got ${read.got}`);
  const mismatch = await findChecksumMismatch(read.bytes, headers);
  if (mismatch !== undefined) {
    read.bytes.fill(0);
    throw unreadable(asked, `the body does not match its ${mismatch}`);
  }
  return {
    kind: "object",
    body: new SecretBytes(read.bytes),
    etag,
    versionId: headers["x-amz-version-id"],
    lastModified,
    serverTime: parseHttpDate(headers["date"]),
    kmsKey: headers["x-amz-server-side-encryption-aws-kms-key-id"],
  };
}

function judgeETag(etag: string, { ifMatch, ifNoneMatch }: GetRequest): GetAnswer | undefined {
  if (ifNoneMatch !== undefined && etag === ifNoneMatch) return { kind: "unchanged" };
  if (ifMatch !== undefined && etag !== ifMatch) return { kind: "changed" };
  return undefined;
}

function tooLarge(asked: Asked, maxBytes: number, got: number): PosternError {
  return new PosternError(
    "TooLarge",
    `${quote(asked.subject)} is too large: expected at most ${maxBytes} bytes, got ${got} or more`,
    { hint: "raise max_size if it is meant to be this large" },
  );
}
