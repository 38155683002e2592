/**
 * Signature Version 4, the verifier: who signed this request, or why nobody may be believed to have.
 *
 * Both of AWS's ways are read: the Authorization header and the presigned URL. What is refused is told as a
 * `SignatureFault`; `s3-signature-words.ts` and `kms-signature-words.ts` say it in the words of S3 or KMS.
 * @see AWS "Authenticating Requests (AWS Signature Version 4)"
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import type { Principal } from "./authorise.ts";
import {
  createCanonicalRequest,
  createSigningKey,
  createStringToSign,
  sha256Hex,
  sign,
  type CredentialScope,
} from "./canonical-request.ts";
import type { KnownCredentials } from "./credentials.ts";
import { wordForKms } from "./kms-signature-words.ts";
import type { WireRequest } from "./service.ts";
import { readClaim, type Claim } from "./signature-claim.ts";
import { wordForS3 } from "./s3-signature-words.ts";
import type { Refused, SignatureFault, SignedService } from "./signature-fault.ts";

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

const WORDS = { s3: wordForS3, kms: wordForKms } as const;

/** How far apart the clocks may be, in milliseconds: 15 minutes for S3, 5 elsewhere. */
const MAX_SKEW_MS = { s3: 15 * 60_000, kms: 5 * 60_000 } as const;

/**
 * Verifies a request's signature in these steps: (1) read the claim, (2) check its scope, (3) find the access
 * key, (4) check the session token and its expiry, (5) check the time, (6) check that what must be signed is,
 * (7) compute and compare the signature, (8) compare the body with the signed hash.
 */
export function verifySignature(request: WireRequest, verification: Verification): Verdict {
  const { service, now } = verification;
  const refuse = (fault: SignatureFault): Verdict => ({
    kind: "refused",
    ...WORDS[service](fault, now),
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
