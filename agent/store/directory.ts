/** Open directories: finding, making, reading and leaving them, never by the same path twice. @module */
import { PosternError } from "../core/errors.ts";
import { quote, type SecretName } from "../core/names.ts";
import { unless } from "./fault.ts";
import type { Entry, FileSystem } from "./file-system.ts";
import { childOf, type Directory, ROOT, selfOf } from "./target.ts";

/** "/" itself. */
export function openRoot(fs: FileSystem): Directory {
  return { fd: fs.open(ROOT, "ancestor"), path: "" };
}

/**
 * The directory `segment` in `parent`, or undefined when nothing is there.
 * @throws {PosternError} UnsafeTree when a symlink or a file is there instead
 */
export function openChild(
  fs: FileSystem,
  parent: Directory,
  segment: string,
  way: "directory" | "ancestor" = "directory",
): Directory | undefined {
  const path = `${parent.path}/${segment}`;
  const found = unless(["ENOENT", "ENOTDIR", "ELOOP"], () =>
    fs.open(childOf(parent, segment), way),
  );
  if (found !== undefined) return { fd: found, path };
  const entry = lookUp(fs, parent, segment);
  if (entry === undefined) return undefined;
  const link = entry.kind === "link";
  throw new PosternError(
    "UnsafeTree",
    `${quote(path)} is ${link ? "a symbolic link" : "no directory"}: expected a directory`,
    { hint: link ? "name the directory it leads to instead" : "move it away" },
  );
}

/**
 * A directory of the store's own, made when it is missing.
 * @param mode what it shall have, whatever the umask
 * @throws {PosternError} UnsafeTree when it belongs to a user other than `uid` or others may write it
 */
export function ownChild(
  fs: FileSystem,
  parent: Directory,
  segment: string,
  uid: number,
  mode: number,
): Directory {
  unless(["EEXIST"], () => fs.mkdir(childOf(parent, segment), mode));
  const directory = openChild(fs, parent, segment);
  const path = `${parent.path}/${segment}`;
  if (directory === undefined) throw new PosternError("UnsafeTree", `${quote(path)} went away`);
  return orClose(fs, directory, () => {
    const entry = fs.stat(directory.fd);
    judgeOwn(path, entry, uid);
    // the umask may have taken bits away
    if (entry.mode !== mode) fs.chmod(directory.fd, mode);
  });
}

/** A directory that must not be there yet; who may enter is for the caller to decide by `mode`. */
export function newChild(
  fs: FileSystem,
  parent: Directory,
  segment: string,
  mode: number,
): Directory {
  const path = childOf(parent, segment);
  fs.mkdir(path, mode);
  return { fd: fs.open(path, "directory"), path: `${parent.path}/${segment}` };
}

/** `directory`, still open, unless `judge` throws. */
export function orClose(fs: FileSystem, directory: Directory, judge: () => void): Directory {
  try {
    judge();
    return directory;
  } catch (error) {
    fs.close(directory.fd);
    throw error;
  }
}

/** @throws {PosternError} UnsafeTree when it belongs to a user other than `uid` or others may write it */
export function judgeOwn(path: string, entry: Entry, uid: number): void {
  if (entry.uid !== uid) {
    throw new PosternError(
      "UnsafeTree",
      `${quote(path)} belongs to another user: expected user ${uid}, got user ${entry.uid}`,
      { hint: "run as that user, or set paths in the config to a folder of your own" },
    );
  }
  if ((entry.mode & 0o022) !== 0) {
    throw new PosternError(
      "UnsafeTree",
      `${quote(path)} is writable by others: expected mode 0755 or less, got ${octal(entry.mode)}`,
      { hint: `see what others put there, then chmod go-w ${quote(path)}` },
    );
  }
}

/** "0440". */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

/** What `use` returns, with the directory closed behind it. */
export function closing<Result>(
  fs: FileSystem,
  directory: Directory,
  use: (directory: Directory) => Result,
): Result {
  try {
    return use(directory);
  } finally {
    fs.close(directory.fd);
  }
}

/** What lies at `segment`, itself and not what it leads to; undefined when nothing does. */
export function lookUp(fs: FileSystem, parent: Directory, segment: string): Entry | undefined {
  return unless(["ENOENT"], () => fs.lstat(childOf(parent, segment)));
}

/** The names in `directory`, sorted. */
export function listNames(fs: FileSystem, directory: Directory): readonly string[] {
  return [...fs.list(selfOf(directory))].sort();
}

/**
 * Opens the file of a secret, following no symlink on the way to it either; undefined when there is no such
 * file, or something in its place or on its way is not what it should be.
 */
export function openSecret(
  fs: FileSystem,
  directory: Directory,
  name: SecretName,
): number | undefined {
  const segments = name.split("/");
  const last = segments.pop() ?? "";
  const trail: Directory[] = [directory];
  try {
    return unless(["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"], () => {
      let parent = directory;
      for (const segment of segments) {
        const path = `${parent.path}/${segment}`;
        parent = { fd: fs.open(childOf(parent, segment), "ancestor"), path };
        trail.push(parent);
      }
      return fs.open(childOf(parent, last), "read");
    });
  } finally {
    for (const { fd } of trail.slice(1)) fs.close(fd);
  }
}

/** The bytes of an open file; undefined when it is no regular file or has more than `maxBytes`. */
export function readWhole(fs: FileSystem, fd: number, maxBytes: number): Buffer | undefined {
  const { kind, size } = fs.stat(fd);
  if (kind !== "file" || size > maxBytes) return undefined;
  // one more byte than it claims, so that growth shows
  const bytes = Buffer.alloc(size + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = fs.read(fd, bytes, length, length);
    if (count === 0) break;
    length += count;
  }
  if (length <= size) return bytes.subarray(0, length);
  bytes.fill(0);
  return undefined;
}
