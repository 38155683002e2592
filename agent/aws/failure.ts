/**
 * The one place that reads AWS's error codes.
 *
 * A code decides, not a status: only AWS itself sends codes, while a proxy or a captive portal can send any
 * status. AWS's messages are never repeated, since they may quote keys, tokens and canonical requests; a few
 * facts are read out of them.
 *
 * @module
 */
import { type ErrorCode, PosternError, toPosternError } from "../core/errors.ts";
import { parseRegion, quote } from "../core/names.ts";
import { answerOf, type ErrorAnswer, networkFaultOf } from "./answer.ts";
import { parseHttpDate } from "./http-date.ts";
import { MEANING, REVOCATIONS } from "./error-codes.ts";

/** What was asked, in words for a person. */
export interface Asked {
  /** AWS's name of the operation ("GetObject"). */
  readonly operation: string;
  /** What it was asked of ("s3://bucket/key"). */
  readonly subject: string;
  /** The permission that it takes, names quoted (`s3:GetObject on "arn:aws:s3:::bucket/key"`). */
  readonly needs: string;
}

const WORDS_OF_AWS_CODE: ReadonlyMap<string, string> = new Map([
  ["NoSuchBucket", "no such bucket"],
  ["NoSuchKey", "no such object"],
  ["NotFoundException", "no such key"],
  ["DisabledException", "the key is disabled"],
  ["InvalidObjectState", "the object is archived"],
]);

const WORDS_OF_CODE: ReadonlyMap<ErrorCode, string> = new Map([
  ["Throttled", "asked to slow down"],
  ["Unavailable", "the service failed"],
  ["ClockSkew", "refused because this host's clock is wrong"],
  ["Credentials", "the credentials were not accepted"],
  ["Denied", "denied"],
  ["DecryptFailed", "does not open under this key and context"],
  ["ConfigInvalid", "asked in the wrong way or place"],
]);

/**
 * Whatever a request threw, as a PosternError: an SDK's exception by its code, a failing socket, TLS or an
 * unreadable answer as `Unavailable`. A PosternError stays itself, and what nobody foresaw is `Internal`.
 *
 * @param now epoch milliseconds, for a Retry-After that is a date
 */
export function toFailure(error: unknown, asked: Asked, now: number): PosternError {
  if (error instanceof PosternError) return error;
  const answer = answerOf(error);
  if (answer !== undefined) return failureOf(answer, asked, now, error);
  const why = networkFaultOf(error);
  if (why === undefined) return toPosternError(error);
  return new PosternError("Unavailable", `${title(asked)}: no answer (${why})`, { cause: error });
}

/** The failure that an error answer stands for. */
export function failureOf(
  answer: ErrorAnswer,
  asked: Asked,
  now: number,
  cause?: unknown,
): PosternError {
  const awsCode = answer.awsCode?.replace(/^KMS\./, "");
  const code = meaningOf(answer, awsCode);
  const said = awsCode ?? `HTTP ${answer.status}`;
  const hint = hintOf(code, answer, awsCode, asked);
  const retryAfterMs = parseRetryAfter(answer.retryAfter, now);
  return new PosternError(
    code,
    `${title(asked)}: ${wordsOf(code, answer.status, awsCode)} (${said})`,
    {
      ...(hint === undefined ? {} : { hint }),
      ...(awsCode === undefined ? {} : { awsCode }),
      ...(answer.requestId === undefined ? {} : { requestId: answer.requestId }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** An answer that is not what AWS promises: cut short, or with a wrong checksum. Transient. */
export function unreadable(asked: Asked, why: string): PosternError {
  return new PosternError("Unavailable", `${title(asked)}: ${why}`);
}

/** Whether asking again soon may succeed. */
export function isTransient(error: PosternError): boolean {
  return error.code === "Unavailable" || error.code === "Throttled";
}

/** Whether the object is not there, said to someone who may list. */
export function isMissingKey(error: PosternError): boolean {
  return error.awsCode === "NoSuchKey";
}

/** Whether new credentials may succeed where these failed: the token expired, nothing else. */
export function isExpiredToken(error: PosternError): boolean {
  return error.awsCode === "ExpiredToken" || error.awsCode === "ExpiredTokenException";
}

/**
 * Whether AWS took access away on purpose (design section 1), rather than failed. A missing bundle counts
 * too, but only its source knows that a missing key is one.
 */
export function isRevocation(error: PosternError): boolean {
  const meant =
    error.code === "Denied" || error.code === "MissingOrDenied" || error.code === "NotFound";
  return meant && error.awsCode !== undefined && REVOCATIONS.has(error.awsCode);
}

/**
 * What to change about a failure, for who may change policies and keys; undefined when nothing is known.
 *
 * @param who the failing caller, as the sentence needs it: `role "web"`
 */
export function remedyOf({ awsCode, hint = "" }: PosternError, who: string): string | undefined {
  const isOwnerInDoubt = hint.endsWith(OWNER_IN_DOUBT);
  const denial = isOwnerInDoubt ? hint.slice(0, -OWNER_IN_DOUBT.length) : hint;
  const owner = isOwnerInDoubt ? ", or set bucket_owner if another account owns the bucket" : "";
  if (denial.startsWith(LACKS)) {
    const needs = denial.slice(LACKS.length);
    const both = needs.startsWith("kms:") ? " and to the key's own policy" : "";
    return `add ${needs} to ${who}${both}${owner}`;
  }
  if (denial.startsWith(DENIES))
    return `take the explicit Deny of ${denial.slice(DENIES.length)} away from ${who}${owner}`;
  if (awsCode === "DisabledException") return "enable the key, or name another one in decrypt.keys";
  if (awsCode === "KMSInvalidStateException")
    return "see what state the key is in: it may be pending deletion";
  return hint === "" ? undefined : hint;
}

/** Milliseconds from now that a Retry-After header asks for: "120" or an HTTP date; undefined if neither. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = parseHttpDate(text);
  return at === undefined ? undefined : Math.max(0, at - now);
}

function meaningOf(answer: ErrorAnswer, awsCode: string | undefined): ErrorCode {
  const { status, message } = answer;
  if (awsCode === "InvalidSignatureException")
    return /signature (expired|not yet current)/i.test(message) ? "ClockSkew" : "Credentials";
  // creating, importing, or with its key store cut off: those pass
  if (awsCode === "KMSInvalidStateException")
    return /pending.?(replica.?)?deletion/i.test(message) ? "Denied" : "Unavailable";
  const known = awsCode === undefined ? undefined : MEANING.get(awsCode);
  if (known !== undefined) return known;
  if (status === 429 || status === 503) return "Throttled";
  if (status >= 500 || status < 300 || awsCode === undefined) return "Unavailable";
  return "Internal";
}

function title(asked: Asked): string {
  return `${asked.operation} ${quote(asked.subject)}`;
}

function wordsOf(code: ErrorCode, status: number, awsCode: string | undefined): string {
  if (awsCode === undefined && code === "Unavailable" && status < 500)
    return "the answer is not one of AWS's";
  if (awsCode === "KMSInvalidStateException" && code === "Denied")
    return "the key is pending deletion";
  const ofAwsCode = awsCode === undefined ? undefined : WORDS_OF_AWS_CODE.get(awsCode);
  return ofAwsCode ?? WORDS_OF_CODE.get(code) ?? "an unexpected answer";
}

function hintOf(
  code: ErrorCode,
  answer: ErrorAnswer,
  awsCode: string | undefined,
  asked: Asked,
): string | undefined {
  if (awsCode !== undefined && DENIALS.has(awsCode)) return denialHint(answer.message, asked.needs);
  if (code === "ConfigInvalid") {
    const region = regionOf(answer.region);
    return region === undefined ? "check region" : `the bucket is in ${region}: set region`;
  }
  if (code === "ClockSkew") return "set this host's clock, for example with chrony";
  if (awsCode === "NoSuchBucket") return "check bucket and region";
  if (awsCode === "NotFoundException") return "check the key's ARN and its region";
  if (awsCode === "InvalidObjectState") return "restore it from the archive storage class";
  return undefined;
}

const DENIALS: ReadonlySet<string> = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "UnauthorizedOperation",
]);
const LACKS = "the role lacks ";
const DENIES = "a policy explicitly denies ";
const OWNER_IN_DOUBT = ", or bucket_owner is not the account that owns the bucket";

// an object under SSE-KMS is also denied for its key: the message then names KMS's action; and S3 says no more
// than "Access Denied" when the bucket's owner is not the expected one
function denialHint(message: string, needs: string): string {
  const verb = /explicit deny/i.test(message) ? DENIES : LACKS;
  const action = /not authorized to perform: ([a-z0-9]{1,20}:[A-Za-z]{1,40})/.exec(message)?.[1];
  if (!needs.startsWith("s3:")) return `${verb}${needs}`;
  if (action === undefined) return `${verb}${needs}${OWNER_IN_DOUBT}`;
  return action.startsWith("kms:")
    ? `${verb}${action} on the key that encrypts it, which goes with ${needs}`
    : `${verb}${needs}`;
}

function regionOf(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : parseRegion(text);
  } catch {
    return undefined;
  }
}
