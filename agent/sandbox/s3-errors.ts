/**
 * S3's errors: code, status, message, and their XML.
 * @see AWS "Error responses", "List of error codes"
 * @module
 */
import { createHash } from "node:crypto";
import type { Denial } from "./authorise.ts";
import { encodeXml, type Element } from "./s3-xml.ts";
import type { Moment, WireResponse } from "./service.ts";

export interface S3Refusal {
  readonly kind: "refused";
  readonly code: string;
  readonly status: number;
  readonly message: string;
  /** Further elements, in order. */
  readonly details?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Which document stopped the request; not sent. */
  readonly denial?: Omit<Denial, "allowed">;
}

export type S3ErrorCode =
  | "AccessControlListNotSupported"
  | "AccessDenied"
  | "BadDigest"
  | "BucketAlreadyOwnedByYou"
  | "BucketNotEmpty"
  | "ConditionalRequestConflict"
  | "EntityTooSmall"
  | "ExpiredToken"
  | "IncompleteBody"
  | "InternalError"
  | "InvalidArgument"
  | "InvalidBucketName"
  | "InvalidDigest"
  | "InvalidPart"
  | "InvalidPartOrder"
  | "InvalidRange"
  | "InvalidRequest"
  | "InvalidURI"
  | "KeyTooLongError"
  | "MalformedPolicy"
  | "MalformedXML"
  | "MetadataTooLarge"
  | "MethodNotAllowed"
  | "MissingContentLength"
  | "NoSuchBucket"
  | "NoSuchBucketPolicy"
  | "NoSuchKey"
  | "NoSuchPublicAccessBlockConfiguration"
  | "NoSuchUpload"
  | "NoSuchVersion"
  | "NotImplemented"
  | "OwnershipControlsNotFoundError"
  | "PermanentRedirect"
  | "PreconditionFailed"
  | "ServiceUnavailable"
  | "SignatureDoesNotMatch"
  | "SlowDown";

const ERRORS: Readonly<Record<S3ErrorCode, readonly [status: number, message: string]>> = {
  AccessControlListNotSupported: [400, "The bucket does not allow ACLs"],
  AccessDenied: [403, "Access Denied"],
  BadDigest: [400, "The Content-MD5 you specified did not match what we received."],
  BucketAlreadyOwnedByYou: [
    409,
    "Your previous request to create the named bucket succeeded and you already own it.",
  ],
  BucketNotEmpty: [409, "The bucket you tried to delete is not empty"],
  ConditionalRequestConflict: [
    409,
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
  ],
  EntityTooSmall: [400, "Your proposed upload is smaller than the minimum allowed size"],
  ExpiredToken: [400, "The provided token has expired."],
  IncompleteBody: [400, "The request body terminated unexpectedly"],
  InternalError: [500, "We encountered an internal error. Please try again."],
  InvalidArgument: [400, "Invalid Argument"],
  InvalidBucketName: [400, "The specified bucket is not valid."],
  InvalidDigest: [400, "The Content-MD5 you specified was invalid."],
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  ],
  InvalidPartOrder: [
    400,
    "The list of parts was not in ascending order. Parts must be ordered by part number.",
  ],
  InvalidRange: [416, "The requested range is not satisfiable"],
  InvalidRequest: [400, "Invalid Request"],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  KeyTooLongError: [400, "Your key is too long"],
  MalformedPolicy: [400, "Policy is not valid"],
  MalformedXML: [
    400,
    "The XML you provided was not well-formed or did not validate against our published schema",
  ],
  MetadataTooLarge: [400, "Your metadata headers exceed the maximum allowed metadata size"],
  MethodNotAllowed: [405, "The specified method is not allowed against this resource."],
  MissingContentLength: [411, "You must provide the Content-Length HTTP header."],
  NoSuchBucket: [404, "The specified bucket does not exist"],
  NoSuchBucketPolicy: [404, "The bucket policy does not exist"],
  NoSuchKey: [404, "The specified key does not exist."],
  NoSuchPublicAccessBlockConfiguration: [
    404,
    "The public access block configuration was not found",
  ],
  NoSuchUpload: [
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  ],
  NoSuchVersion: [404, "The specified version does not exist."],
  NotImplemented: [501, "A header you provided implies functionality that is not implemented"],
  OwnershipControlsNotFoundError: [404, "The bucket ownership controls were not found"],
  PermanentRedirect: [
    301,
    "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
  ],
  PreconditionFailed: [412, "At least one of the pre-conditions you specified did not hold"],
  ServiceUnavailable: [503, "Service is unable to handle request."],
  SignatureDoesNotMatch: [
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ],
  SlowDown: [503, "Please reduce your request rate."],
};

/** An error of the table, its message replaced or completed where S3 does so. */
export function refuse(
  code: S3ErrorCode,
  more: Partial<Pick<S3Refusal, "message" | "details" | "headers" | "denial">> = {},
): S3Refusal {
  const [status, message] = ERRORS[code];
  return { kind: "refused", code, status, message, ...more };
}

/** The error as S3 sends it; a 304 says what it says by its headers alone. */
export function encodeRefusal(
  refusal: S3Refusal,
  resource: string,
  { requestId }: Moment,
): WireResponse {
  const { code, status, message, details = {}, headers = {} } = refusal;
  const elements: Element[] = [
    ["Code", code],
    ["Message", message],
    ...Object.entries(details),
    ["Resource", resource],
    ["RequestId", requestId],
    ["HostId", hostId(requestId)],
  ];
  if (status === 304) return { status, headers, body: Buffer.alloc(0) };
  return {
    status,
    headers: { ...headers, "Content-Type": "application/xml" },
    body: encodeXml(["Error", elements], ""),
  };
}

/** x-amz-id-2: opaque, and here the same for the same request id. */
export function hostId(requestId: string): string {
  return createHash("sha512").update(requestId).digest("base64");
}
