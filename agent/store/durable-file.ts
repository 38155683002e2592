/**
 * Whole files: made once, or replaced at once.
 *
 * A file is replaced by renaming a finished one over it. Until then that one is called `.NAME.RANDOM` and
 * lies in the same directory, where `isTemporary` finds it should the process die.
 * @module
 */
import type { Chance } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { octal, readWhole } from "./directory.ts";
import { attempt, unless } from "./fault.ts";
import type { FileSystem } from "./file-system.ts";
import { childOf, type Directory, type TargetPath } from "./target.ts";

/** What the files of the store need of the outside. */
export interface Effects {
  readonly fs: FileSystem;
  readonly chance: Chance;
}

/** Who may read, and how: what every file of a generation has. */
export interface Access {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, such as 0o440. */
  readonly mode: number;
}

/**
 * Makes a file that must not be there yet, durable when it returns.
 *
 * Born 0600, then chown, then chmod: for the moment between the two it is the new owner's alone, who is a
 * named reader. The other way around, the group that the file was born with could read it for that moment.
 */
export function createFile(
  fs: FileSystem,
  path: TargetPath,
  bytes: Buffer,
  access: Access | undefined,
): void {
  const fd = fs.open(path, "create");
  try {
    writeAll(fs, fd, bytes);
    if (access !== undefined) {
      fs.chown(fd, access.uid, access.gid);
      fs.chmod(fd, access.mode);
    }
    fs.sync(fd);
  } finally {
    fs.close(fd);
  }
}

/** Puts a file in place of whatever file or link is there, all at once, durable when it returns. */
export function replaceFile(
  effects: Effects,
  directory: Directory,
  name: string,
  bytes: Buffer,
  mode: number,
): void {
  const { fs } = effects;
  putInPlace(effects, directory, name, (temporary) => {
    const fd = fs.open(temporary, "create");
    try {
      writeAll(fs, fd, bytes);
      fs.chmod(fd, mode);
      fs.sync(fd);
    } finally {
      fs.close(fd);
    }
  });
}

/**
 * Has `make` make a file or link under a name of its own, and renames it over whatever file or link is at
 * `name`; durable when it returns, as far as what was made is.
 * @param stem what the name of its own is made of
 */
export function putInPlace(
  { fs, chance }: Effects,
  directory: Directory,
  name: string,
  make: (temporary: TargetPath) => void,
  stem: string = name,
): void {
  const temporary = childOf(directory, temporaryName(chance, stem));
  try {
    make(temporary);
    fs.rename(temporary, childOf(directory, name));
  } catch (error) {
    attempt(() => fs.unlink(temporary));
    throw error;
  }
  fs.sync(directory.fd);
}

/** A name beside `name` that nobody has, and that `isTemporary` knows again. */
export function temporaryName(chance: Chance, name: string): string {
  return `.${name}.${chance.bytes(6).toString("hex")}`;
}

/** Whether `name` was made by `temporaryName`: no group's or secret's file in the tree looks like that. */
export function isTemporary(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}$/.test(name);
}

/** Whether `temporaryName` made `name` of `stem`. */
export function isTemporaryOf(stem: string, name: string): boolean {
  return isTemporary(name) && name.slice(1, -13) === stem;
}

/** What a file must be before its bytes are believed. */
export interface Expected {
  readonly uid: number;
  readonly maxBytes: number;
  /** Whether others may read it; nobody else may ever write it. */
  readonly readable: "by all" | "by owner";
}

/**
 * The bytes of a file of the store's own, or undefined when there is none.
 * @throws {PosternError} UnsafeTree unless it is a regular file and as expected
 */
export function readOwnFile(
  fs: FileSystem,
  directory: Directory,
  name: string,
  { uid, maxBytes, readable }: Expected,
): Buffer | undefined {
  const path = `${directory.path}/${name}`;
  const fd = unless(["ENOENT", "ELOOP", "ENXIO"], () => fs.open(childOf(directory, name), "read"));
  if (fd === undefined) {
    if (unless(["ENOENT"], () => fs.lstat(childOf(directory, name))) === undefined)
      return undefined;
    throw unsafe(path, "is no regular file");
  }
  try {
    const entry = fs.stat(fd);
    if (entry.kind !== "file") throw unsafe(path, "is no regular file");
    if (entry.uid !== uid) throw unsafe(path, `belongs to user ${entry.uid}, expected ${uid}`);
    if ((entry.mode & (readable === "by all" ? 0o022 : 0o077)) !== 0)
      throw unsafe(path, `is open to others: its mode is ${octal(entry.mode)}`);
    const bytes = readWhole(fs, fd, maxBytes);
    if (bytes === undefined) throw unsafe(path, `has more than ${maxBytes} bytes`);
    return bytes;
  } finally {
    fs.close(fd);
  }
}

function writeAll(fs: FileSystem, fd: number, bytes: Buffer): void {
  for (let offset = 0; offset < bytes.length;) {
    const count = fs.write(fd, bytes, offset);
    // POSIX lets it be, for a full device for one; going on would never end
    if (count === 0) throw Object.assign(new Error("short write"), { code: "ENOSPC" });
    offset += count;
  }
}

function unsafe(path: string, fault: string): PosternError {
  return new PosternError("UnsafeTree", `${quote(path)} ${fault}`, {
    hint: "postern did not make it so: look at it, then remove it",
  });
}
