/**
 * What is wrong with a signature, in the words of S3 and of KMS.
 * @see AWS "Error responses (Amazon S3)" and "Common error types" (KMS)
 * @module
 */

export type SignedService = "s3" | "kms";

export type SignatureFault =
  | { readonly kind: "unsupported" | "two-mechanisms" | "bad-credential" | "no-date" }
  | { readonly kind: "no-payload-hash" | "bad-payload-hash" | "bad-token" | "expired-token" }
  | { readonly kind: "presigned-incomplete" | "bad-expires" | "early-url" }
  | { readonly kind: "malformed"; readonly missing: readonly string[] }
  | {
      readonly kind: "wrong-scope";
      readonly part: "date" | "region" | "service";
      readonly expected: string;
      readonly got: string;
      readonly presigned: boolean;
    }
  | { readonly kind: "unknown-key"; readonly accessKeyId: string }
  | {
      readonly kind: "skewed";
      readonly longDate: string;
      readonly signedAt: number;
      readonly maxSkewMs: number;
    }
  | { readonly kind: "expired-url"; readonly expiresAt: number; readonly expires: number }
  | { readonly kind: "unsigned-headers"; readonly names: readonly string[] }
  | { readonly kind: "mismatch"; readonly accessKeyId: string; readonly stringToSign: string }
  | { readonly kind: "payload-mismatch"; readonly claimed: string; readonly computed: string };

/** A service's error, to be put into its own envelope (XML or JSON). */
export interface Refused {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  /** Further elements of the error, in order. AWS also echoes tokens and signatures: this sandbox does not. */
  readonly details: Readonly<Record<string, string>>;
}

/** @param now epoch milliseconds, which some messages quote */
export function wordFault(service: SignedService, fault: SignatureFault, now: number): Refused {
  return service === "s3" ? wordForS3(fault, now) : wordForKms(fault, now);
}

function wordForS3(fault: SignatureFault, now: number): Refused {
  switch (fault.kind) {
    case "unsupported":
      return refused(
        "InvalidRequest",
        400,
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
      );
    case "two-mechanisms":
      return refused(
        "InvalidArgument",
        400,
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
      );
    case "malformed":
      return malformedForS3(`missing ${fault.missing.join(", ")}.`);
    case "bad-credential":
      return malformedForS3(
        'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
      );
    case "no-date":
      return refused(
        "AccessDenied",
        403,
        "AWS authentication requires a valid Date or x-amz-date header",
      );
    case "no-payload-hash":
      return refused(
        "InvalidRequest",
        400,
        "Missing required header for this request: x-amz-content-sha256",
      );
    case "bad-payload-hash":
      return refused(
        "InvalidArgument",
        400,
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or a valid sha256 value.",
        { ArgumentName: "x-amz-content-sha256" },
      );
    case "wrong-scope":
      return wordScopeForS3(fault);
    case "unknown-key":
      return refused(
        "InvalidAccessKeyId",
        403,
        "The AWS Access Key Id you provided does not exist in our records.",
        { AWSAccessKeyId: fault.accessKeyId },
      );
    case "bad-token":
      return refused("InvalidToken", 400, "The provided token is malformed or otherwise invalid.");
    case "expired-token":
      return refused("ExpiredToken", 400, "The provided token has expired.");
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
    case "presigned-incomplete":
      return refused(
        "AuthorizationQueryParametersError",
        400,
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
      );
    case "bad-expires":
      return refused(
        "AuthorizationQueryParametersError",
        400,
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
      );
    case "expired-url":
      return refused("AccessDenied", 403, "Request has expired", {
        "X-Amz-Expires": String(fault.expires),
        Expires: isoSeconds(fault.expiresAt),
        ServerTime: isoSeconds(now),
      });
    case "early-url":
      return refused("AccessDenied", 403, "Request is not valid yet");
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

function wordForKms(fault: SignatureFault, now: number): Refused {
  switch (fault.kind) {
    case "unsupported":
    case "two-mechanisms":
    case "bad-credential":
    case "presigned-incomplete":
    case "bad-expires":
      return refused(
        "IncompleteSignatureException",
        400,
        "Authorization header requires existence of a 'Credential', a 'Signature' and a 'SignedHeaders' parameter.",
      );
    case "malformed":
      return refused(
        "IncompleteSignatureException",
        400,
        fault.missing.map((name) => `Authorization header requires '${name}' parameter.`).join(" "),
      );
    case "no-date":
      return refused(
        "IncompleteSignatureException",
        400,
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
      );
    case "wrong-scope":
      return invalidForKms(
        {
          date: "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP",
          region: `Credential should be scoped to a valid region, not '${fault.got}'.`,
          service: `Credential should be scoped to correct service: '${fault.expected}'.`,
        }[fault.part],
      );
    case "unknown-key":
    case "bad-token":
      return refused(
        "UnrecognizedClientException",
        400,
        "The security token included in the request is invalid.",
      );
    case "expired-token":
      return refused(
        "ExpiredTokenException",
        400,
        "The security token included in the request is expired",
      );
    case "skewed":
      return invalidForKms(wordSkewForKms(fault, now));
    case "expired-url":
    case "early-url":
      return invalidForKms("Signature expired");
    case "unsigned-headers":
      return invalidForKms(
        `'${fault.names.join("', '")}' must be a 'SignedHeader' in the AWS Authorization.`,
      );
    case "mismatch":
    case "no-payload-hash":
    case "bad-payload-hash":
    case "payload-mismatch":
      return invalidForKms(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
      );
    default:
      return fault satisfies never;
  }
}

function wordSkewForKms(fault: SignatureFault & { readonly kind: "skewed" }, now: number): string {
  const limit = `${fault.maxSkewMs / 60_000} min.`;
  const [at, late, early] = [now, now - fault.maxSkewMs, now + fault.maxSkewMs].map(compactDate);
  return fault.signedAt < now
    ? `Signature expired: ${fault.longDate} is now earlier than ${late} (${at} - ${limit})`
    : `Signature not yet current: ${fault.longDate} is still later than ${early} (${at} + ${limit})`;
}

function invalidForKms(message: string): Refused {
  return refused("InvalidSignatureException", 400, message);
}

function refused(
  code: string,
  status: number,
  message: string,
  details: Readonly<Record<string, string>> = {},
): Refused {
  return { code, status, message, details };
}

function isoSeconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, "Z");
}

function compactDate(time: number): string {
  return isoSeconds(time).replace(/[-:]/g, "");
}
