/**
 * Signature Version 4, the verifier: who signed this request, or why nobody may be believed to have.
 *
 * Both of AWS's ways are read: the Authorization header and the presigned URL. What is refused is told as a
 * `SignatureFault`; `signature-words.ts` says it in the words of S3 or KMS.
 * @see AWS "Authenticating Requests (AWS Signature Version 4)"
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import type { Principal } from "./authorise.ts";
import {
  createCanonicalRequest,
  createSigningKey,
  createStringToSign,
  parseRawQuery,
  sha256Hex,
  sign,
  type CredentialScope,
} from "./canonical-request.ts";
import type { KnownCredentials } from "./credentials.ts";
import { headerOf, type WireRequest } from "./service.ts";
import {
  wordFault,
  type SignatureFault,
  type SignedService,
  type Refused,
} from "./signature-words.ts";

export interface Verification {
  lookup(accessKeyId: string): KnownCredentials | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly region: string;
  readonly service: SignedService;
}

/** What the signatures of an aws-chunked body's chunks are chained to. */
export interface SigningChain {
  readonly key: Buffer;
  readonly longDate: string;
  readonly scope: CredentialScope;
  readonly signature: string;
}

export type Verdict =
  | {
      readonly kind: "verified";
      readonly principal: Principal;
      readonly accessKeyId: string;
      readonly presigned: boolean;
      /** x-amz-content-sha256 as signed: a hash, `UNSIGNED-PAYLOAD` or a `STREAMING-…` mode. */
      readonly payloadHash: string;
      readonly chain: SigningChain;
    }
  | { readonly kind: "anonymous" }
  | ({ readonly kind: "refused" } & Refused);

/** How far apart the clocks may be, in milliseconds: 15 minutes for S3, 5 elsewhere. */
const MAX_SKEW_MS = { s3: 15 * 60_000, kms: 5 * 60_000 } as const;

/** S3's limit on X-Amz-Expires, in seconds: a week. */
const MAX_EXPIRES = 604_800;

interface Claim {
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
 * Verifies a request's signature in these steps: (1) read the claim, (2) check its scope, (3) find the access
 * key, (4) check the session token and its expiry, (5) check the time, (6) check that what must be signed is,
 * (7) compute and compare the signature, (8) compare the body with the signed hash.
 */
export function verifySignature(request: WireRequest, verification: Verification): Verdict {
  const { service, now } = verification;
  const refuse = (fault: SignatureFault): Verdict => ({
    kind: "refused",
    ...wordFault(service, fault, now),
  });
  // (1)
  const claim = readClaim(request, service);
  if (claim === undefined) return { kind: "anonymous" };
  if (!("scope" in claim)) return refuse(claim);
  // (2)
  const misplaced = judgeScope(claim, verification);
  if (misplaced !== undefined) return refuse(misplaced);
  // (3)
  const { accessKeyId } = claim;
  const known = verification.lookup(accessKeyId);
  if (known === undefined) return refuse({ kind: "unknown-key", accessKeyId });
  // (4) (5) (6)
  const fault =
    judgeToken(claim, known, now) ??
    judgeTime(claim, service, now) ??
    judgeSignedHeaders(claim, request, service);
  if (fault !== undefined) return refuse(fault);
  // (7)
  const chain = computeChain(request, claim, known.secret, service);
  if (!equalSignatures(chain.signature, claim.signature))
    return refuse({ kind: "mismatch", accessKeyId, stringToSign: chain.stringToSign });
  // (8)
  const { payloadHash, presigned } = claim;
  const computed = /^[0-9a-f]{64}$/.test(payloadHash) ? sha256Hex(request.body) : payloadHash;
  if (computed !== payloadHash)
    return refuse({ kind: "payload-mismatch", claimed: payloadHash, computed });
  return {
    kind: "verified",
    principal: known.principal,
    accessKeyId,
    presigned,
    payloadHash,
    chain,
  };
}

function readClaim(
  request: WireRequest,
  service: SignedService,
): Claim | SignatureFault | undefined {
  const authorization = headerOf(request, "authorization");
  const query = new Map(parseRawQuery(request.rawQuery));
  const presigned = query.has("X-Amz-Algorithm") || query.has("X-Amz-Signature");
  if (authorization !== undefined && presigned) return { kind: "two-mechanisms" };
  if (presigned) return readQueryClaim(query, request);
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
  if (!/^(UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+|[0-9a-f]{64})$/.test(payloadHash))
    return { kind: "bad-payload-hash" };
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

function judgeScope(claim: Claim, { region, service }: Verification): SignatureFault | undefined {
  const { scope, longDate, presigned } = claim;
  const wrong = (part: "date" | "region" | "service", expected: string, got: string) =>
    ({ kind: "wrong-scope", part, expected, got, presigned }) as const;
  if (scope.shortDate !== longDate.slice(0, 8)) return wrong("date", longDate, scope.shortDate);
  if (scope.region !== region) return wrong("region", region, scope.region);
  if (scope.service !== service) return wrong("service", service, scope.service);
  return undefined;
}

function judgeToken(
  claim: Claim,
  known: KnownCredentials,
  now: number,
): SignatureFault | undefined {
  // a temporary key without its token is, to AWS, a key that does not exist
  if (known.token !== undefined && claim.token === undefined)
    return { kind: "unknown-key", accessKeyId: claim.accessKeyId };
  if (claim.token !== known.token) return { kind: "bad-token" };
  return known.expiresAt !== undefined && known.expiresAt <= now
    ? { kind: "expired-token" }
    : undefined;
}

function judgeTime(claim: Claim, service: SignedService, now: number): SignatureFault | undefined {
  const { signedAt, longDate, presigned, expires } = claim;
  if (presigned) {
    const expiresAt = signedAt + expires * 1000;
    if (expiresAt < now) return { kind: "expired-url", expiresAt, expires };
    return signedAt > now + MAX_SKEW_MS[service] ? { kind: "early-url" } : undefined;
  }
  return Math.abs(signedAt - now) > MAX_SKEW_MS[service]
    ? { kind: "skewed", longDate, signedAt, maxSkewMs: MAX_SKEW_MS[service] }
    : undefined;
}

function judgeSignedHeaders(
  { signedHeaders }: Claim,
  request: WireRequest,
  service: SignedService,
): SignatureFault | undefined {
  const unsigned = [...request.headers.keys()].filter(
    (name) => mustBeSigned(name, service) && !signedHeaders.includes(name),
  );
  return unsigned.length > 0 ? { kind: "unsigned-headers", names: unsigned } : undefined;
}

function mustBeSigned(name: string, service: SignedService): boolean {
  if (name === "host") return true;
  return service === "s3" && name.startsWith("x-amz-");
}

function computeChain(
  request: WireRequest,
  { scope, longDate, signedHeaders, payloadHash }: Claim,
  secret: string,
  service: SignedService,
): SigningChain & { readonly stringToSign: string } {
  const encodePathTwice = service !== "s3";
  const canonical = createCanonicalRequest(request, {
    signedHeaders,
    payloadHash,
    encodePathTwice,
  });
  const stringToSign = createStringToSign(longDate, scope, canonical);
  const key = createSigningKey(secret, scope);
  return { key, longDate, scope, signature: sign(key, stringToSign), stringToSign };
}

/** Whether two signatures are the same, in a time that does not tell how much of them is. */
export function equalSignatures(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a, "latin1"), Buffer.from(b, "latin1")];
  return x.length === y.length && timingSafeEqual(x, y);
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
