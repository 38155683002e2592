/**
 * What a request claims of its signature: read from the Authorization header or from a presigned URL.
 * @see AWS "Authenticating Requests: Using the Authorization Header", "… Using Query Parameters"
 * @module
 */
import { parseRawQuery, sha256Hex, type CredentialScope } from "./canonical-request.ts";
import { headerOf, type WireRequest } from "./service.ts";
import type { SignatureFault, SignedService } from "./signature-fault.ts";

/** What x-amz-content-sha256 may say. SigV4A, whose modes have ECDSA in their names, is not served. */
const PAYLOAD_HASH =
  /^(UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER|STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?|[0-9a-f]{64})$/;

/** S3's limit on X-Amz-Expires, in seconds: a week. */
const MAX_EXPIRES = 604_800;

export interface Claim {
  readonly presigned: boolean;
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly longDate: string;
  readonly signedAt: number;
  /** Seconds; presigned only. */
  readonly expires: number;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly token: string | undefined;
  readonly payloadHash: string;
}

/**
 * Reads a claim without believing it.
 * @returns undefined when the request claims nothing: it is anonymous
 */
export function readClaim(
  request: WireRequest,
  service: SignedService,
): Claim | SignatureFault | undefined {
  const authorization = headerOf(request, "authorization");
  const query = new Map(parseRawQuery(request.rawQuery));
  const presigned = query.has("X-Amz-Algorithm") || query.has("X-Amz-Signature");
  if (authorization !== undefined && presigned) return { kind: "two-mechanisms" };
  if (presigned) return readQueryClaim(query, request);
  // a URL presigned by Signature Version 2
  if (query.has("AWSAccessKeyId") && query.has("Signature")) return { kind: "unsupported" };
  return authorization === undefined ? undefined : readHeaderClaim(authorization, request, service);
}

function readHeaderClaim(
  authorization: string,
  request: WireRequest,
  service: SignedService,
): Claim | SignatureFault {
  const [, parameters] = /^AWS4-HMAC-SHA256\s+(.*)$/s.exec(authorization.trim()) ?? [];
  if (parameters === undefined) return { kind: "unsupported" };
  const named = new Map(
    parameters.split(",").map((part) => {
      const equals = part.indexOf("=");
      return [part.slice(0, equals).trim(), part.slice(equals + 1).trim()] as const;
    }),
  );
  const missing = ["Credential", "Signature", "SignedHeaders"].filter((name) => !named.has(name));
  if (missing.length > 0) return { kind: "malformed", missing };
  const longDate = headerOf(request, "x-amz-date") ?? toLongDate(headerOf(request, "date"));
  const payloadHash =
    service === "s3" ? headerOf(request, "x-amz-content-sha256") : sha256Hex(request.body);
  if (payloadHash === undefined) return { kind: "no-payload-hash" };
  return finishClaim({
    presigned: false,
    credential: named.get("Credential") ?? "",
    longDate,
    expires: 0,
    signedHeaders: named.get("SignedHeaders") ?? "",
    signature: named.get("Signature") ?? "",
    token: headerOf(request, "x-amz-security-token"),
    payloadHash,
  });
}

function readQueryClaim(
  query: ReadonlyMap<string, string>,
  request: WireRequest,
): Claim | SignatureFault {
  const names = ["Algorithm", "Credential", "Signature", "Date", "SignedHeaders", "Expires"];
  if (names.some((name) => !query.has(`X-Amz-${name}`))) return { kind: "presigned-incomplete" };
  if (query.get("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256") return { kind: "unsupported" };
  const expires = query.get("X-Amz-Expires") ?? "";
  if (!/^\d+$/.test(expires) || Number(expires) > MAX_EXPIRES) return { kind: "bad-expires" };
  return finishClaim({
    presigned: true,
    credential: query.get("X-Amz-Credential") ?? "",
    longDate: query.get("X-Amz-Date"),
    expires: Number(expires),
    signedHeaders: query.get("X-Amz-SignedHeaders") ?? "",
    signature: query.get("X-Amz-Signature") ?? "",
    token: query.get("X-Amz-Security-Token"),
    payloadHash:
      headerOf(request, "x-amz-content-sha256") ??
      query.get("X-Amz-Content-Sha256") ??
      "UNSIGNED-PAYLOAD",
  });
}

function finishClaim(
  raw: Omit<Claim, "accessKeyId" | "scope" | "signedAt" | "longDate" | "signedHeaders"> & {
    readonly credential: string;
    readonly longDate: string | undefined;
    readonly signedHeaders: string;
  },
): Claim | SignatureFault {
  const { credential, longDate, signedHeaders, ...rest } = raw;
  if (!PAYLOAD_HASH.test(rest.payloadHash)) return { kind: "bad-payload-hash" };
  const parts = credential.split("/");
  const [terminator, service, region, shortDate] = parts.slice(-4).toReversed();
  if (parts.length < 5 || terminator !== "aws4_request") return { kind: "bad-credential" };
  const signedAt = longDate === undefined ? Number.NaN : parseLongDate(longDate);
  if (longDate === undefined || Number.isNaN(signedAt)) return { kind: "no-date" };
  return {
    ...rest,
    accessKeyId: parts.slice(0, -4).join("/"),
    scope: { shortDate: shortDate ?? "", region: region ?? "", service: service ?? "" },
    longDate,
    signedAt,
    signedHeaders: signedHeaders.split(";"),
  };
}

function parseLongDate(text: string): number {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function toLongDate(httpDate: string | undefined): string | undefined {
  const time = Date.parse(httpDate ?? "");
  return Number.isNaN(time) ? undefined : encodeLongDate(time);
}

function encodeLongDate(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, "");
}
