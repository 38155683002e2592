/**
 * Whether an uploaded body is what its sender says it is.
 * @see AWS "Checking object integrity for data uploads in Amazon S3"
 * @module
 */
import { createHash } from "node:crypto";
import {
  CHECKSUM_ALGORITHMS,
  checksumHeader,
  checksumLength,
  computeChecksum,
  parseChecksumAlgorithm,
  type Checksum,
  type ChecksumAlgorithm,
} from "./checksums.ts";
import { inputOf, type S3Call } from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import { headerOf } from "./service.ts";

export type Verified = { readonly kind: "verified"; readonly checksum: Checksum } | S3Refusal;

/**
 * Checks Content-MD5 and the one x-amz-checksum-* that a header or trailer gives, and answers the body's
 * checksum: of that algorithm, else of `fallback`.
 */
export async function verifyPayload(
  call: S3Call,
  fallback: ChecksumAlgorithm = "CRC64NVME",
): Promise<Verified> {
  const badMd5 = judgeMd5(headerOf(call.request, "content-md5"), call.body);
  if (badMd5 !== undefined) return badMd5;
  const trailer = headerOf(call.request, "x-amz-trailer")?.toLowerCase();
  if (trailer !== undefined && !call.trailers.has(trailer))
    return {
      kind: "refused",
      code: "MalformedTrailerError",
      status: 400,
      message:
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    };
  const claims = CHECKSUM_ALGORITHMS.flatMap((algorithm) => {
    const name = checksumHeader(algorithm);
    const value = inputOf(call, name) ?? call.trailers.get(name);
    return value === undefined ? [] : [{ algorithm, value }];
  });
  if (claims.length > 1)
    return refuse("InvalidRequest", {
      message:
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    });
  return judgeChecksum(call, claims[0], fallback);
}

async function judgeChecksum(
  call: S3Call,
  claim: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined,
  fallback: ChecksumAlgorithm,
): Promise<Verified> {
  const named = inputOf(call, "x-amz-sdk-checksum-algorithm");
  const announced = named === undefined ? undefined : parseChecksumAlgorithm(named);
  // SDKs name the algorithm also where Content-MD5 takes the checksum's place
  if (named !== undefined && claim === undefined && !call.request.headers.has("content-md5"))
    return refuse("InvalidRequest", {
      message:
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    });
  if (claim !== undefined && announced !== undefined && announced !== claim.algorithm)
    return refuse("InvalidRequest", {
      message: "Value for x-amz-sdk-checksum-algorithm header is invalid.",
    });
  const algorithm = claim?.algorithm ?? fallback;
  const digest = await computeChecksum(algorithm, call.body);
  const value = digest.toString("base64");
  if (claim === undefined || claim.value === value)
    return { kind: "verified", checksum: { algorithm, value, type: "FULL_OBJECT" } };
  if (!isDigest(claim.value, checksumLength(algorithm)))
    return refuse("InvalidRequest", {
      message: `Value for ${checksumHeader(algorithm)} header is invalid.`,
    });
  return refuse("BadDigest", {
    message: `The ${algorithm} you specified did not match the calculated checksum.`,
  });
}

function judgeMd5(claimed: string | undefined, body: Buffer): S3Refusal | undefined {
  if (claimed === undefined) return undefined;
  if (!isDigest(claimed, 16))
    return refuse("InvalidDigest", { details: { "Content-MD5": claimed } });
  const calculated = createHash("md5").update(body).digest("base64");
  return claimed === calculated
    ? undefined
    : refuse("BadDigest", {
        details: { ExpectedDigest: claimed, CalculatedDigest: calculated },
      });
}

function isDigest(text: string, length: number): boolean {
  return (
    /^[A-Za-z0-9+/]+={0,2}$/.test(text) &&
    text.length % 4 === 0 &&
    Buffer.from(text, "base64").length === length
  );
}
