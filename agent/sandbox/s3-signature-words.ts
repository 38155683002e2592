/**
 * What is wrong with a signature, in the words of S3.
 * @see AWS "Error responses", and what S3 answers
 * @module
 */
import {
  isoSeconds,
  isPlain,
  refused,
  type PlainWords,
  type Refused,
  type SignatureFault,
} from "./signature-fault.ts";

const PLAIN: PlainWords = {
  unsupported: refused(
    "InvalidRequest",
    400,
    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
  ),
  "two-mechanisms": refused(
    "InvalidArgument",
    400,
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
  ),
  "bad-credential": malformedForS3(
    'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
  ),
  "no-date": refused(
    "AccessDenied",
    403,
    "AWS authentication requires a valid Date or x-amz-date header",
  ),
  "no-payload-hash": refused(
    "InvalidRequest",
    400,
    "Missing required header for this request: x-amz-content-sha256",
  ),
  "bad-payload-hash": refused(
    "InvalidArgument",
    400,
    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or a valid sha256 value.",
    { ArgumentName: "x-amz-content-sha256" },
  ),
  "bad-token": refused(
    "InvalidToken",
    400,
    "The provided token is malformed or otherwise invalid.",
  ),
  "expired-token": refused("ExpiredToken", 400, "The provided token has expired."),
  "presigned-incomplete": refused(
    "AuthorizationQueryParametersError",
    400,
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
  ),
  "bad-expires": refused(
    "AuthorizationQueryParametersError",
    400,
    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
  ),
  "early-url": refused("AccessDenied", 403, "Request is not valid yet"),
};

/** @param now epoch milliseconds, which some messages quote */
export function wordForS3(fault: SignatureFault, now: number): Refused {
  if (isPlain(fault, PLAIN)) return PLAIN[fault.kind];
  switch (fault.kind) {
    case "malformed":
      return malformedForS3(`missing ${fault.missing.join(", ")}.`);
    case "wrong-scope":
      return wordScopeForS3(fault);
    case "unknown-key":
      return refused(
        "InvalidAccessKeyId",
        403,
        "The AWS Access Key Id you provided does not exist in our records.",
        { AWSAccessKeyId: fault.accessKeyId },
      );
    case "skewed":
      return refused(
        "RequestTimeTooSkewed",
        403,
        "The difference between the request time and the current time is too large.",
        {
          RequestTime: fault.longDate,
          ServerTime: isoSeconds(now),
          MaxAllowedSkewMilliseconds: String(fault.maxSkewMs),
        },
      );
    case "expired-url":
      return refused("AccessDenied", 403, "Request has expired", {
        "X-Amz-Expires": String(fault.expires),
        Expires: isoSeconds(fault.expiresAt),
        ServerTime: isoSeconds(now),
      });
    case "unsigned-headers":
      return refused(
        "AccessDenied",
        403,
        "There were headers present in the request which were not signed",
        { HeadersNotSigned: fault.names.join(", ") },
      );
    case "mismatch":
      return refused(
        "SignatureDoesNotMatch",
        403,
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        { AWSAccessKeyId: fault.accessKeyId, StringToSign: fault.stringToSign },
      );
    case "payload-mismatch":
      return refused(
        "XAmzContentSHA256Mismatch",
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        { ClientComputedContentSHA256: fault.claimed, S3ComputedContentSHA256: fault.computed },
      );
    default:
      return fault satisfies never;
  }
}

function wordScopeForS3(fault: SignatureFault & { readonly kind: "wrong-scope" }): Refused {
  const { part, expected, got, presigned } = fault;
  const why = {
    date: `Invalid credential date "${got}". This date is not the same as X-Amz-Date: "${expected.slice(0, 8)}".`,
    region: `the region '${got}' is wrong; expecting '${expected}'`,
    service: `incorrect service "${got}". This endpoint belongs to "${expected}".`,
  }[part];
  const details = part === "region" ? { Region: expected } : {};
  return presigned
    ? refused(
        "AuthorizationQueryParametersError",
        400,
        `Error parsing the X-Amz-Credential parameter; ${why}`,
        details,
      )
    : malformedForS3(why, details);
}

function malformedForS3(why: string, details: Readonly<Record<string, string>> = {}): Refused {
  const message = `The authorization header is malformed; ${why}`;
  return refused("AuthorizationHeaderMalformed", 400, message, details);
}
