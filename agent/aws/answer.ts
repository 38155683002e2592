/**
 * What an answer that is not a success said, dug out of an SDK's exception or a failing socket.
 *
 * @see https://github.com/smithy-lang/smithy-typescript (`ServiceException`: `$metadata`, `$fault`, `$response`)
 * @module
 */
import { errnoOf } from "../core/errors.ts";

export interface ErrorAnswer {
  readonly status: number;
  /** AWS's code; undefined when the body was not AWS's. */
  readonly awsCode: string | undefined;
  /** AWS's message: facts are read out of it, it is never repeated. */
  readonly message: string;
  readonly requestId: string | undefined;
  /** The Retry-After header: seconds or an HTTP date. */
  readonly retryAfter: string | undefined;
  /** The region that the bucket is in, if S3 said so. */
  readonly region: string | undefined;
}

/** Names that the SDK makes up when the body held no code. */
const NO_CODE: ReadonlySet<string> = new Set(["NotFound", "Unknown", "UnknownError", "Error"]);

/** Network faults by the start of their errno: sockets, DNS, TLS, and Node's own HTTP parser. */
const NETWORK_ERRNO =
  /^(E(CONN|PIPE|TIMEDOUT|NOTFOUND|AI_|HOST|NET|PROTO|ADDRNOTAVAIL|MFILE)|ERR_(TLS|SSL|STREAM|HTTP)|HPE_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

/** The answer inside an SDK's exception, or undefined when no answer came. */
export function answerOf(error: unknown): ErrorAnswer | undefined {
  if (!(error instanceof Error)) return undefined;
  const metadata = recordAt(error, "$metadata");
  const status = metadata?.["httpStatusCode"];
  if (metadata === undefined || typeof status !== "number") return undefined;
  const headers = recordAt(recordAt(error, "$response"), "headers");
  // without a fault side it is the SDK's own complaint about an answer that it could not read
  const isAwsCode =
    "$fault" in error && /^[\w.]{1,80}$/.test(error.name) && !NO_CODE.has(error.name);
  return {
    status,
    awsCode: isAwsCode ? error.name : undefined,
    message: error.message,
    requestId: textAt(metadata, "requestId"),
    retryAfter: textAt(headers, "retry-after"),
    region: textAt(headers, "x-amz-bucket-region") ?? textAt(error, "Region"),
  };
}

/** The name of a network fault ("ECONNRESET", "timed out"), or undefined when `error` is something else. */
export function networkFaultOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === "TimeoutError" || error.name === "AbortError") return "timed out";
  const errno = errnoOf(error);
  return errno !== undefined && NETWORK_ERRNO.test(errno) ? errno : undefined;
}

function recordAt(value: unknown, name: string): Readonly<Record<string, unknown>> | undefined {
  const member = memberOf(value, name);
  return typeof member === "object" && member !== null ? { ...member } : undefined;
}

function textAt(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name);
  return typeof member === "string" ? member : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
