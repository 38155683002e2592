/**
 * AWS's error codes, each under what it means to postern. A code that only sometimes means something is in
 * `failure.ts`.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
 * @module
 */
import type { ErrorCode } from "../core/errors.ts";

const CODES: readonly (readonly [ErrorCode, readonly string[]])[] = [
  [
    "Throttled",
    [
      "BandwidthLimitExceeded",
      "RequestLimitExceeded",
      "RequestThrottled",
      "RequestThrottledException",
      "SlowDown",
      "ThrottledException",
      "Throttling",
      "ThrottlingException",
      "TooManyRequestsException",
    ],
  ],
  [
    "Unavailable",
    [
      "DependencyTimeoutException",
      "InternalError",
      "InternalFailure",
      "InternalServerError",
      "KMSInternalException",
      "KeyUnavailableException",
      "OperationAborted",
      "RequestTimeout",
      "RequestTimeoutException",
      "ServiceUnavailable",
      "ServiceUnavailableException",
      // a bucket made minutes ago, DNS has yet to follow
      "TemporaryRedirect",
    ],
  ],
  ["ClockSkew", ["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"]],
  [
    "Credentials",
    [
      "AuthFailure",
      "ExpiredToken",
      "ExpiredTokenException",
      "IncompleteSignature",
      "IncompleteSignatureException",
      "InvalidAccessKeyId",
      "InvalidClientTokenId",
      "InvalidSecurity",
      "InvalidToken",
      "MissingAuthenticationToken",
      "MissingAuthenticationTokenException",
      "MissingSecurityHeader",
      "NotSignedUp",
      "OptInRequired",
      "SignatureDoesNotMatch",
      "TokenRefreshRequired",
      "UnrecognizedClientException",
    ],
  ],
  [
    "Denied",
    [
      "AccessDenied",
      "AccessDeniedException",
      "AccountProblem",
      "AllAccessDisabled",
      "DisabledException",
    ],
  ],
  ["NotFound", ["NoSuchBucket", "NoSuchKey", "NotFoundException"]],
  [
    "ConfigInvalid",
    [
      "AuthorizationHeaderMalformed",
      "IllegalLocationConstraintException",
      "InvalidArnException",
      "InvalidBucketName",
      "InvalidKeyUsageException",
      "PermanentRedirect",
    ],
  ],
  ["BadData", ["InvalidObjectState"]],
  ["DecryptFailed", ["IncorrectKeyException", "InvalidCiphertextException"]],
];

export const MEANING: ReadonlyMap<string, ErrorCode> = new Map(
  CODES.flatMap(([meaning, codes]) => codes.map((code) => [code, meaning] as const)),
);

/** What AWS must have said for a denial to be meant: design section 1. */
export const REVOCATIONS: ReadonlySet<string> = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "DisabledException",
  "KMSInvalidStateException",
  "NoSuchBucket",
]);
