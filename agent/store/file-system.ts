/**
 * The store's file operations, as a parameter: a test can fail or kill at each of them.
 *
 * Synchronous, because a file costs some ten microseconds on tmpfs this way and several times that through
 * the thread pool, and because each call then is one plain point at which a pass can die. Files are opened in
 * the ways listed here and no other: none of them follows a symlink.
 * @module
 */
import * as fs from "node:fs";
import type { TargetPath } from "./target.ts";

/**
 * - `read`: an existing file. Does not wait for the other end of a fifo put in its place.
 * - `create`: a new file, 0600, for writing; refused when anything is there.
 * - `lock`: a file to read and write, made 0600 when missing.
 * - `directory`: an existing directory, to list, to change and to sync.
 * - `ancestor`: an existing directory, only to pass through: needs no right to list it.
 */
export type OpenWay = "read" | "create" | "lock" | "directory" | "ancestor";

export interface Entry {
  readonly kind: "file" | "directory" | "link" | "other";
  readonly uid: number;
  readonly gid: number;
  /** Permission bits with set-id and sticky. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
}

/** Which mount an open directory lies on. */
export interface Mount {
  /** The kernel's number of the mount: bind mounts of one file system differ in it, and in nothing else. */
  readonly id: string;
  /** The file system's magic number, see statfs(2). */
  readonly type: number;
}

/** Each throws Node's system error. Descriptors are closed on exec. */
export interface FileSystem {
  open(path: TargetPath, way: OpenWay): number;
  close(fd: number): void;
  /** Reads at `position` into `into` from `offset` on; 0 at the end of the file. */
  read(fd: number, into: Buffer, offset: number, position: number): number;
  /** Writes from `offset` on, at the descriptor's position; the count may fall short. */
  write(fd: number, bytes: Buffer, offset: number): number;
  truncate(fd: number): void;
  sync(fd: number): void;
  chmod(fd: number, mode: number): void;
  chown(fd: number, uid: number, gid: number): void;
  /** The entry itself, for what cannot be opened, such as a socket. */
  lchown(path: TargetPath, uid: number, gid: number): void;
  stat(fd: number): Entry;
  mount(fd: number): Mount;
  lstat(path: TargetPath): Entry;
  /** Names that are no UTF-8 come with each byte above 127 as U+DC80 to U+DCFF, and are understood so too. */
  list(path: TargetPath): readonly string[];
  readlink(path: TargetPath): string;
  mkdir(path: TargetPath, mode: number): void;
  symlink(text: string, path: TargetPath): void;
  link(from: TargetPath, to: TargetPath): void;
  rename(from: TargetPath, to: TargetPath): void;
  unlink(path: TargetPath): void;
  rmdir(path: TargetPath): void;
}

export const systemFileSystem: FileSystem = {
  open: (path, way) => fs.openSync(bytesOf(path), FLAGS[way], 0o600),
  close: (fd) => fs.closeSync(fd),
  read: (fd, into, offset, position) =>
    fs.readSync(fd, into, offset, into.length - offset, position),
  write: (fd, bytes, offset) => fs.writeSync(fd, bytes, offset, bytes.length - offset),
  truncate: (fd) => fs.ftruncateSync(fd),
  sync: (fd) => fs.fsyncSync(fd),
  chmod: (fd, mode) => fs.fchmodSync(fd, mode),
  chown: (fd, uid, gid) => fs.fchownSync(fd, uid, gid),
  lchown: (path, uid, gid) => fs.lchownSync(path, uid, gid),
  stat: (fd) => entryOf(fs.fstatSync(fd)),
  mount: mountOf,
  lstat: (path) => entryOf(fs.lstatSync(bytesOf(path))),
  list: (path) => fs.readdirSync(path, "buffer").map(nameOf),
  readlink: (path) => fs.readlinkSync(path),
  mkdir: (path, mode) => fs.mkdirSync(path, { mode }),
  symlink: (text, path) => fs.symlinkSync(text, path),
  link: (from, to) => fs.linkSync(from, to),
  rename: (from, to) => fs.renameSync(from, to),
  unlink: (path) => fs.unlinkSync(bytesOf(path)),
  rmdir: (path) => fs.rmdirSync(bytesOf(path)),
};

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } =
  fs.constants;

// open(2) on x86 and ARM; Node does not name it
const O_PATH = 0o10000000;

// libuv adds O_CLOEXEC to all of them
const FLAGS: Readonly<Record<OpenWay, number>> = {
  read: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
  lock: O_RDWR | O_CREAT | O_NOFOLLOW,
  directory: O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
  ancestor: O_PATH | O_DIRECTORY | O_NOFOLLOW,
};

/** A name as text: what an app planted in its generation must be removable whatever its bytes are. */
function nameOf(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (Buffer.from(text).equals(bytes)) return text;
  const escape = (byte: number): number => (byte < 0x80 ? byte : 0xdc00 + byte);
  return String.fromCharCode(...[...bytes].map(escape));
}

/** The path that `nameOf` gave a part of; no secret's name has lone surrogates, so no two names are confused. */
function bytesOf(path: TargetPath): TargetPath | Buffer {
  if (path.isWellFormed()) return path;
  return Buffer.from(path.split("").map((unit) => unit.charCodeAt(0) & 0xff));
}

function entryOf(stats: fs.Stats): Entry {
  return {
    kind: kindOf(stats),
    uid: stats.uid,
    gid: stats.gid,
    mode: stats.mode & 0o7777,
    size: stats.size,
  };
}

function kindOf(stats: fs.Stats): Entry["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "link" : "other";
}

/** @see proc_pid_fdinfo(5) */
function mountOf(fd: number): Mount {
  const info = fs.readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
  return {
    id: /^mnt_id:\s*(\d+)$/m.exec(info)?.[1] ?? "",
    type: fs.statfsSync(`/proc/self/fd/${fd}/.`).type,
  };
}
