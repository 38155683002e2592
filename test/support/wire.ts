/** Requests as bytes on a wire: what the sandbox's tests send and sign. @module */
import { Hash } from "@smithy/hash-node";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import { request as send } from "node:http";
import type { WireRequest } from "../../agent/sandbox/service.ts";

export interface Sent {
  readonly method?: string;
  /** Sent as it is: no client normalises it. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly text: string;
}

export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Sends one request and reads the whole answer. */
export function exchange(to: URL, { method = "GET", path, headers, body }: Sent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const outgoing = send(
      { host: to.hostname, port: to.port, method, path, headers: { ...headers }, agent: false },
      (incoming) => {
        const parts: Buffer[] = [];
        incoming.on("data", (part: Buffer) => parts.push(part));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const whole = Buffer.concat(parts);
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers as Record<string, string | undefined>,
            body: whole,
            text: whole.toString("utf8"),
          });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** The same request with the headers that sign it, by the SDK's own signer. */
export async function signed(
  to: URL,
  sent: Sent,
  signer: Signer,
  options: { readonly service?: string; readonly region?: string; readonly at?: Date } = {},
): Promise<Sent> {
  const { service = "s3", region = "us-east-1", at = new Date() } = options;
  const v4 = new SignatureV4({
    credentials: signer,
    region,
    service,
    sha256: Hash.bind(null, "sha256"),
    uriEscapePath: service !== "s3",
    applyChecksum: service === "s3",
  });
  const url = new URL(`http://sandbox${sent.path.replace(/^\/+/, "/")}`);
  const request = new HttpRequest({
    method: sent.method ?? "GET",
    hostname: to.hostname,
    path: sent.path.split("?")[0] ?? "/",
    query: Object.fromEntries(url.searchParams),
    headers: { host: to.host, ...sent.headers },
    body: sent.body,
  });
  const { headers } = await v4.sign(request, { signingDate: at });
  return { ...sent, headers };
}

/** A request as the front hands it to a service, without a socket. */
export function wireRequest(request: {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}): WireRequest {
  return {
    method: request.method,
    rawPath: request.path,
    rawQuery: request.query ?? "",
    headers: new Map(
      Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), [value]]),
    ),
    body: Buffer.from(request.body ?? ""),
    remote: "127.0.0.1",
  };
}
