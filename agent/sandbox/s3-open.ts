/**
 * A signed request taken apart: its key, its body as it was meant, who sent it.
 * @see AWS "Authenticating Requests": the values of x-amz-content-sha256
 * @module
 */
import type { Principal } from "./authorise.ts";
import { decodeChunkedBody, type ChunkedBody } from "./chunked-body.ts";
import type { S3Call } from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import type { Route } from "./s3-routes.ts";
import { headerOf, type WireRequest } from "./service.ts";
import type { Verdict } from "./signature.ts";

/** Who was let in by signature, or came without one. */
export type Signer = Exclude<Verdict, { readonly kind: "refused" }>;

const ANONYMOUS: Principal = { kind: "anonymous" };

export type Opened =
  | {
      readonly kind: "opened";
      readonly call: Omit<S3Call, "moment" | "context" | "buckets" | "uploads" | "keys">;
    }
  | S3Refusal;

/** Reads the key and the body, whose chunks must continue the request's signature. */
export function open(request: WireRequest, route: Route, signer: Signer): Opened {
  const { key } = route;
  if (key === undefined) return refuse("InvalidURI");
  const decoded = decodeBody(request, signer);
  if (decoded.kind === "malformed") return refuse("IncompleteBody");
  if (decoded.kind === "forged") return refuse("SignatureDoesNotMatch");
  if (decoded.kind === "refused") return decoded;
  const { body, trailers } = decoded;
  const verified = signer.kind === "verified";
  const principal = verified ? signer.principal : ANONYMOUS;
  const presigned = verified && signer.presigned;
  const call = { route: { ...route, key }, request, principal, presigned, body, trailers };
  return { kind: "opened", call };
}

function decodeBody(request: WireRequest, signer: Signer): ChunkedBody | S3Refusal {
  const mode =
    signer.kind === "verified" ? signer.payloadHash : headerOf(request, "x-amz-content-sha256");
  const { body } = request;
  const isStreaming = mode?.startsWith("STREAMING-") === true;
  // S3 reads no body whose length it is not told beforehand
  if (!isStreaming && request.headers.has("transfer-encoding"))
    return refuse("MissingContentLength");
  if (!isStreaming) return { kind: "decoded", body, trailers: new Map() };
  const length = headerOf(request, "x-amz-decoded-content-length");
  if (length === undefined) return refuse("MissingContentLength");
  const signed = mode.startsWith("STREAMING-AWS4-HMAC-SHA256-");
  if (signed && signer.kind !== "verified") return refuse("AccessDenied");
  const chain = signed && signer.kind === "verified" ? signer.chain : undefined;
  const decoded = decodeChunkedBody(body, chain);
  return decoded.kind === "decoded" && decoded.body.length !== Number(length)
    ? { kind: "malformed" }
    : decoded;
}
