/** Turns the kernel's refusals into words. @module */
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";

/**
 * What `use` returns; a system error in it becomes a CannotWrite that names `path` and the reason.
 * @param path what was being worked on, as a person would look for it
 * @throws {PosternError} CannotWrite, or whatever `use` throws that is no system error
 */
export function guarded<Result>(path: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    throw toFault(path, error);
  }
}

/** `error` as a CannotWrite about `path` if it is a system error, else as it is. */
export function toFault(path: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || error instanceof PosternError) return error;
  const known = REASONS[errno];
  const why = known === undefined ? errno : `${known.why} (${errno})`;
  return new PosternError("CannotWrite", `cannot write ${quote(path)}: ${why}`, {
    cause: error,
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
  });
}

/** What `use` returns, or undefined when the kernel answers with one of `errnos`. */
export function unless<Result>(errnos: readonly string[], use: () => Result): Result | undefined {
  try {
    return use();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== undefined && errnos.includes(errno)) return undefined;
    throw error;
  }
}

/** Does what may fail without consequence, such as cleaning up after a failure, which the next pass does again. */
export function attempt(use: () => void): void {
  try {
    use();
  } catch {
    // without consequence, as the caller knows
  }
}

const REASONS: Readonly<Record<string, { readonly why: string; readonly hint?: string }>> = {
  ENOSPC: {
    why: "no space left",
    hint: "free space, or give the file system more (mount -o remount,size=…)",
  },
  EDQUOT: { why: "disk quota exceeded", hint: "free space, or raise the quota" },
  EIO: { why: "input/output error", hint: "see the kernel's log (dmesg)" },
  EROFS: { why: "read-only file system", hint: "mount it writable, or set paths in the config" },
  EACCES: { why: "permission denied", hint: "run as the user that owns the tree" },
  EPERM: {
    why: "operation not permitted",
    hint: "only root gives files to other users; groups must be the running user's own",
  },
  EMFILE: { why: "too many open files", hint: "raise the limit of open files (ulimit -n)" },
  ENAMETOOLONG: { why: "name too long for this file system" },
  ELOOP: { why: "a symbolic link is in the way", hint: "look at it, then remove it" },
  EISDIR: { why: "a directory is in the way", hint: "look at it, then move it away" },
  ENOENT: { why: "it went away", hint: "does something else clean up there?" },
  EBUSY: { why: "something is mounted there", hint: "unmount it" },
};
