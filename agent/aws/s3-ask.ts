/**
 * One question to S3 round the SDK's client: its signer, its HTTP handler, and nothing between. The client's
 * middleware takes five times the CPU, and a first pass asks for every object.
 * @module
 */
import { Readable } from "node:stream";
import { Hash } from "@smithy/hash-node";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AccountId, BucketName, Region } from "../core/names.ts";
import type { Connection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";
import type { Endpoints } from "./endpoints.ts";
import { bucketUrl } from "./s3-endpoint.ts";

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

export interface S3Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** To be read or destroyed: the connection is busy until then. */
  readonly body: Readable;
}

/** @throws whatever signing or the socket fails with */
export type AskS3 = (question: S3Question, signal: AbortSignal) => Promise<S3Answer>;

export interface AskTools {
  readonly region: Region;
  readonly credentials: Credentials;
  readonly endpoints: Endpoints;
  readonly connection: Connection;
  /** Epoch milliseconds, for signatures. */
  readonly now: () => number;
}

export function createAsk(tools: AskTools): AskS3 {
  const { region, credentials, endpoints, connection } = tools;
  const signer = new SignatureV4({
    service: "s3",
    region,
    credentials,
    sha256: Hash.bind(null, "sha256"),
    // S3 alone signs the path as it is sent
    uriEscapePath: false,
  });
  const urls = new Map<BucketName, URL>();
  return async (question, signal) => {
    const { bucket } = question;
    const url = urls.get(bucket) ?? (await bucketUrl(bucket, region, endpoints));
    urls.set(bucket, url);
    const signingDate = new Date(tools.now());
    const signed = await signer.sign(requestOf(question, url), { signingDate });
    const { response } = await connection.handle(new HttpRequest(signed), { abortSignal: signal });
    const body: unknown = response.body;
    if (!(body instanceof Readable)) throw new TypeError("expected a stream");
    return { status: response.statusCode, headers: response.headers, body };
  };
}

/** The path of a key as it is sent and signed: every byte but RFC 3986's unreserved ones escaped, "/" kept. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function requestOf({ owner, path, query, headers }: S3Question, url: URL): HttpRequest {
  return new HttpRequest({
    method: "GET",
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    path: `${url.pathname.replace(/\/$/, "")}/${path}`,
    query: { ...query },
    headers: {
      host: url.host,
      "user-agent": "postern",
      "x-amz-expected-bucket-owner": owner,
      ...headers,
    },
  });
}
