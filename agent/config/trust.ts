/**
 * Reads a file that only root or one user can have written.
 *
 * A config is argv that runs as root. So each folder and symlink on the way to it is judged, then the file
 * itself by the descriptor that it is read from: since nobody else may change the way, the way judged and the
 * way opened are the same.
 * @module
 */
import { constants, type Stats } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
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
export async function readTrustedFile(file: string, uid: number): Promise<string | undefined> {
  return await orMissing(async () => {
    const path = await trustedPath(file, uid);
    // O_NOFOLLOW: links were followed above; O_NONBLOCK: a pipe in the way must not hang us
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(path, flags);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw distrust(path, "expected a regular file, got something else");
      judge(path, stats, uid);
      if (stats.size > MAX_FILE_BYTES)
        throw distrust(path, `expected at most 1MiB, got ${stats.size} bytes`);
      return decodeUtf8(path, await handle.readFile());
    } finally {
      await handle.close();
    }
  });
}

/**
 * The names in `folder`, sorted by code unit, or undefined when there is no such folder.
 * @throws {PosternError} ConfigInvalid if somebody other than root and `uid` can change its entries, or if it
 *   cannot be listed
 */
export async function listTrustedFolder(
  folder: string,
  uid: number,
): Promise<readonly string[] | undefined> {
  return await orMissing(async () => {
    const path = await trustedPath(folder, uid);
    const stats = await lstat(path);
    if (!stats.isDirectory()) throw distrust(path, "expected a folder, got something else");
    judge(path, stats, uid);
    return (await readdir(path)).toSorted();
  });
}

async function orMissing<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read();
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

async function trustedPath(path: string, uid: number): Promise<string> {
  const walk = await walkTrustedPath(path, uid);
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
