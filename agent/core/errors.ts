/**
 * The one error class, its codes, and the exit code of each.
 *
 * A code says what went wrong in postern's own words; `aws/failure.ts` alone translates AWS's codes into them.
 * @module
 */

/** Exit codes of every command, after sysexits(3) where it has one. */
export const EXIT = {
  done: 0,
  internal: 1,
  changed: 2,
  usage: 64,
  badData: 65,
  notFound: 66,
  unavailable: 69,
  decryptFailed: 70,
  cannotWrite: 73,
  notReady: 75,
  denied: 77,
  configInvalid: 78,
  checkFailed: 79,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * - `Internal`: a fault of postern itself.
 * - `Usage`: the command line is wrong.
 * - `ConfigInvalid`: the configuration is wrong, or not to be trusted.
 * - `BadName`: a key, group or secret name that cannot be stored as a file.
 * - `TooLarge`: an object, group or host budget above its limit.
 * - `BadData`: an object that is not what the config says (not sealed, not a bundle, replayed, no JSON).
 * - `NotFound`: no such secret, group, bucket or object.
 * - `Unavailable`: S3, KMS or IMDS did not answer as it should: an outage, never a revocation.
 * - `Throttled`: asked to slow down; an outage.
 * - `ClockSkew`: this host's clock is wrong; an outage of this host.
 * - `Credentials`: no credentials, or bad or expired ones; an outage of this host.
 * - `DecryptFailed`: the ciphertext did not open under the configured keys and context.
 * - `CannotWrite`: the destination refused (permissions, space, an obstacle in the way).
 * - `UnsafeTree`: the destination or the config belongs to somebody else or others may write it.
 * - `Locked`: another postern is writing.
 * - `NotReady`: no generation yet, or older than asked.
 * - `Denied`: AWS or the kernel denied, on an accepted signature.
 * - `MissingOrDenied`: S3 answered 403 to a key without saying which (no right to list).
 * - `Conflict`: somebody else wrote meanwhile: nothing was overwritten.
 * - `CheckFailed`: check, verify or reload failed.
 */
export type ErrorCode =
  | "Internal"
  | "Usage"
  | "ConfigInvalid"
  | "BadName"
  | "TooLarge"
  | "BadData"
  | "NotFound"
  | "Unavailable"
  | "Throttled"
  | "ClockSkew"
  | "Credentials"
  | "DecryptFailed"
  | "CannotWrite"
  | "UnsafeTree"
  | "Locked"
  | "NotReady"
  | "Denied"
  | "MissingOrDenied"
  | "Conflict"
  | "CheckFailed";

const EXIT_CODE_OF: Readonly<Record<ErrorCode, ExitCode>> = {
  Internal: EXIT.internal,
  Usage: EXIT.usage,
  ConfigInvalid: EXIT.configInvalid,
  BadName: EXIT.badData,
  TooLarge: EXIT.badData,
  BadData: EXIT.badData,
  NotFound: EXIT.notFound,
  Unavailable: EXIT.unavailable,
  Throttled: EXIT.unavailable,
  ClockSkew: EXIT.unavailable,
  Credentials: EXIT.unavailable,
  DecryptFailed: EXIT.decryptFailed,
  CannotWrite: EXIT.cannotWrite,
  UnsafeTree: EXIT.cannotWrite,
  Locked: EXIT.notReady,
  NotReady: EXIT.notReady,
  Denied: EXIT.denied,
  MissingOrDenied: EXIT.denied,
  Conflict: EXIT.notReady,
  CheckFailed: EXIT.checkFailed,
};

/** What an error may carry beside its message. None of it ever holds a value, token or signature. */
export interface ErrorDetails {
  /** What the reader can do about it: lower case, no full stop, printed as `hint: …`. */
  readonly hint?: string;
  /** One line for each fault, when several were found at once: printed in place of the message. */
  readonly issues?: readonly string[];
  /** The original error. Never printed: SDK errors may carry request headers. */
  readonly cause?: unknown;
  /** AWS's own error code, verbatim ("AccessDenied"). */
  readonly awsCode?: string;
  /** AWS's request id, for a support case. */
  readonly requestId?: string;
  /** How long the service asked to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
}

/**
 * An expected fault, told to a person in one line: lower case, no full stop, the subject quoted, what was
 * expected and what came.
 */
export class PosternError extends Error {
  override readonly name = "PosternError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly issues: readonly string[];
  readonly awsCode: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.issues = details.issues ?? [];
    this.awsCode = details.awsCode;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export function isErrorCode(word: unknown): word is ErrorCode {
  return typeof word === "string" && Object.hasOwn(EXIT_CODE_OF, word);
}

/** The process exit code that stands for `code`. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return EXIT_CODE_OF[code];
}

/**
 * `error` as a PosternError: itself if it is one, else an `Internal` fault that names the error's class and
 * not its message, since a foreign message may quote data.
 */
export function toPosternError(error: unknown): PosternError {
  if (error instanceof PosternError) return error;
  const kind = error instanceof Error ? error.name : typeof error;
  return new PosternError("Internal", `unexpected ${kind}`, { cause: error });
}

// a configuration can have a fault in every line
const MAX_TOLD = 5;

/** What went wrong, in one line: for where there is no room for a line for each issue. */
export function inOneLine({ message, issues }: PosternError): string {
  const [first] = issues;
  if (first === undefined || message.includes(first)) return message;
  const more = issues.length - MAX_TOLD;
  const told = [...issues.slice(0, MAX_TOLD), ...(more > 0 ? [`and ${more} more`] : [])];
  return `${message}: ${told.join("; ")}`;
}

/** The `code` of a Node system error ("ENOENT"), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
