/**
 * Reads a file that only root or one user can have written.
 *
 * A config is argv that runs as root. So each folder and symlink on the way to it is judged, then the file
 * itself by the descriptor that it is read from: since nobody else may change the way, the way judged and the
 * way opened are the same.
 * @module
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  type Stats,
} from "node:fs";
import { PosternError, errnoOf } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { judgeStats, walkTrustedPath } from "../core/trusted-path.ts";

/** A config is kilobytes; more is a mistake (a log, a disk image) that would only eat memory. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * The text of `file`, or undefined when there is none.
 * @throws {PosternError} ConfigInvalid if somebody other than root and `uid` can have written it, if it is not
 *   a regular file of at most 1 MiB of UTF-8, or cannot be read
 */
export function readTrustedFile(file: string, uid: number): string | undefined {
  return orMissing(() => {
    const path = trustedPath(file, uid);
    // O_NOFOLLOW: links were followed above; O_NONBLOCK: a pipe in the way must not hang us
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const descriptor = openSync(path, flags);
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) throw distrust(path, "expected a regular file, got something else");
      judge(path, stats, uid);
      if (stats.size > MAX_FILE_BYTES)
        throw distrust(path, `expected at most 1MiB, got ${stats.size} bytes`);
      return decodeUtf8(path, readFileSync(descriptor));
    } finally {
      closeSync(descriptor);
    }
  });
}

/**
 * The names in `folder`, sorted by code unit, or undefined when there is no such folder.
 * @throws {PosternError} ConfigInvalid if somebody other than root and `uid` can change its entries, or if it
 *   cannot be listed
 */
export function listTrustedFolder(folder: string, uid: number): readonly string[] | undefined {
  return orMissing(() => {
    const path = trustedPath(folder, uid);
    const stats = lstatSync(path);
    if (!stats.isDirectory()) throw distrust(path, "expected a folder, got something else");
    judge(path, stats, uid);
    return readdirSync(path).toSorted();
  });
}

function orMissing<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof PosternError) throw error;
    const errno = errnoOf(error);
    if (errno === "ENOENT") return undefined;
    if (errno === undefined) throw error;
    throw new PosternError("ConfigInvalid", `expected a readable file, got ${errno}`, {
      cause: error,
    });
  }
}

function trustedPath(path: string, uid: number): string {
  const walk = walkTrustedPath(path, uid);
  if (walk.kind === "untrusted") throw distrust(walk.path, walk.why);
  return walk.path;
}

function judge(path: string, stats: Stats, uid: number): void {
  const fault = judgeStats(stats, uid);
  if (fault !== undefined) throw distrust(path, fault);
}

function decodeUtf8(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new PosternError("ConfigInvalid", `${quote(path)}: expected UTF-8, got other bytes`, {
      cause: error,
    });
  }
}

function distrust(path: string, why: string): PosternError {
  return new PosternError("ConfigInvalid", `${quote(path)}: ${why}`);
}
