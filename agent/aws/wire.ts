/**
 * One signed request round the SDK's clients: the SDK's signer, its HTTP handler, and nothing between. Loading a
 * client takes as long as a few requests, its middleware five times the CPU of one, and a first pass asks for
 * every object.
 * @module
 */
import { Readable } from "node:stream";
import { Hash } from "@smithy/hash-node";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Region } from "../core/names.ts";
import type { Connection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";

export interface WireRequest {
  readonly method: "GET" | "POST";
  /** Scheme, host and port. */
  readonly url: URL;
  /** As it is sent. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface WireAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** To be read or destroyed: the connection is busy until then. */
  readonly body: Readable;
}

/** @throws whatever signing or the socket fails with */
export type Wire = (request: WireRequest, signal: AbortSignal) => Promise<WireAnswer>;

export interface WireTools {
  readonly credentials: Credentials;
  readonly connection: Connection;
  /** Epoch milliseconds, for signatures. */
  readonly now: () => number;
}

export function createWire(
  service: "s3" | "kms" | "ec2" | "sts",
  region: Region,
  tools: WireTools,
): Wire {
  const { credentials, connection } = tools;
  const signer = new SignatureV4({
    service,
    region,
    credentials,
    sha256: Hash.bind(null, "sha256"),
    // S3 alone signs the path as it is sent
    uriEscapePath: service !== "s3",
  });
  return async (request, signal) => {
    const signingDate = new Date(tools.now());
    const signed = await signer.sign(unsigned(request), { signingDate });
    const { response } = await connection.handle(new HttpRequest(signed), { abortSignal: signal });
    const body: unknown = response.body;
    if (!(body instanceof Readable)) throw new TypeError("expected a stream");
    return { status: response.statusCode, headers: response.headers, body };
  };
}

function unsigned({ method, url, path, query, headers, body }: WireRequest): HttpRequest {
  return new HttpRequest({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    path,
    query: { ...query },
    headers: { host: url.host, "user-agent": "postern", ...headers },
    ...(body === undefined ? {} : { body }),
  });
}
