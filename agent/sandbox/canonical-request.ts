/**
 * Signature Version 4, the arithmetic: canonical request, string to sign, signing key.
 *
 * ```
 * canonical request = METHOD \n path \n query \n (name:value \n)* \n signed-names \n payload-hash
 * string to sign    = AWS4-HMAC-SHA256 \n date-time \n scope \n hex(sha256(canonical request))
 * signature         = hex(hmac(signing key, string to sign))
 * ```
 * @see AWS "Create a signed AWS API request", "Authenticating Requests: Using the Authorization Header (S3)"
 * @module
 */
import { createHash, createHmac } from "node:crypto";
import type { WireRequest } from "./service.ts";

/** `YYYYMMDD/REGION/SERVICE/aws4_request`, taken apart. */
export interface CredentialScope {
  readonly shortDate: string;
  readonly region: string;
  readonly service: string;
}

export interface Canonical {
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
  /** S3 encodes the path once, every other service twice. */
  readonly encodePathTwice: boolean;
}

/** The request as its signer had to see it. One character a byte (latin1), as Node gives header values. */
export function createCanonicalRequest(request: WireRequest, canonical: Canonical): string {
  const { signedHeaders, payloadHash, encodePathTwice } = canonical;
  const headers = signedHeaders.map((name) => `${name}:${canonicalValue(request, name)}\n`);
  const path = encodePathTwice
    ? uriEncodePath(Buffer.from(request.rawPath, "latin1"))
    : uriEncodePath(percentDecode(request.rawPath));
  return [
    request.method,
    path,
    canonicalQuery(request.rawQuery),
    headers.join(""),
    signedHeaders.join(";"),
    payloadHash,
  ].join("\n");
}

/** @param longDate `YYYYMMDDTHHMMSSZ` */
export function createStringToSign(
  longDate: string,
  scope: CredentialScope,
  canonicalRequest: string,
): string {
  const hash = sha256Hex(Buffer.from(canonicalRequest, "latin1"));
  return `AWS4-HMAC-SHA256\n${longDate}\n${encodeScope(scope)}\n${hash}`;
}

export function encodeScope({ shortDate, region, service }: CredentialScope): string {
  return `${shortDate}/${region}/${service}/aws4_request`;
}

export function createSigningKey(secret: string, scope: CredentialScope): Buffer {
  const { shortDate, region, service } = scope;
  return [shortDate, region, service, "aws4_request"].reduce(hmac, Buffer.from(`AWS4${secret}`));
}

export function sign(signingKey: Buffer, stringToSign: string): string {
  return hmac(signingKey, stringToSign).toString("hex");
}

export function sha256Hex(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Query parameters in the order they came, decoded to one character a byte (latin1). A "+" is a space, as S3
 * reads it; a "%" without two digits stands for itself.
 */
export function parseRawQuery(rawQuery: string): readonly (readonly [string, string])[] {
  return rawQuery
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      const name = equals === -1 ? part : part.slice(0, equals);
      const value = equals === -1 ? "" : part.slice(equals + 1);
      return [decodeQuery(name), decodeQuery(value)] as const;
    });
}

/** The bytes that a percent-encoded text stands for. */
export function percentDecode(text: string): Buffer {
  if (!text.includes("%")) return Buffer.from(text, "latin1");
  const decoded = text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(decoded, "latin1");
}

/** AWS's UriEncode: every byte but unreserved ones as %XY, upper case. */
export function uriEncode(bytes: Buffer): string {
  return bytes
    .toString("latin1")
    .replace(
      /[^A-Za-z0-9\-._~]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    );
}

function uriEncodePath(bytes: Buffer): string {
  const encoded = uriEncode(bytes).replaceAll("%2F", "/");
  return encoded === "" ? "/" : encoded;
}

// X-Amz-Signature is the only parameter that a presigned URL's signature does not cover
function canonicalQuery(rawQuery: string): string {
  const encoded: (readonly [string, string])[] = parseRawQuery(rawQuery)
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => [encodeLatin1(name), encodeLatin1(value)]);
  return encoded
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function canonicalValue(request: WireRequest, name: string): string {
  const values = request.headers.get(name) ?? [];
  return values.map((value) => value.trim().replace(/ +/g, " ")).join(",");
}

function decodeQuery(text: string): string {
  return percentDecode(text.replaceAll("+", " ")).toString("latin1");
}

function encodeLatin1(text: string): string {
  return uriEncode(Buffer.from(text, "latin1"));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
