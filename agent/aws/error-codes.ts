/**
 * AWS's error codes, each under what it means to postern. A code that only sometimes means something is in
 * `failure.ts`.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
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
      "ServiceFailureException",
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
      // EC2's
      "UnauthorizedOperation",
    ],
  ],
  // IAM's, as the SDK calls it
  ["NotFound", ["NoSuchBucket", "NoSuchEntityException", "NoSuchKey", "NotFoundException"]],
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

/** What AWS calls a thing, or a setting of one, that is not there. */
export const ABSENCES: readonly string[] = [
  "NoSuchBucket",
  "NoSuchBucketPolicy",
  "NoSuchPublicAccessBlockConfiguration",
  "OwnershipControlsNotFoundError",
  "ServerSideEncryptionConfigurationNotFoundError",
  "NotFoundException",
  "NoSuchEntity",
  "InvalidVpcEndpointId.NotFound",
];
