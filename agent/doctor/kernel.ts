/** What the kernel tells of this host in /proc and /sys, as a parameter. @module */
import {
  accessSync,
  constants,
  readdirSync,
  readFileSync,
  realpathSync,
  statfsSync,
  statSync,
} from "node:fs";

/** Each answers undefined, or nothing, for what is not there or not to be read. */
export interface Kernel {
  /** A whole text file. */
  read(path: string): string | undefined;
  /** The names in a folder. */
  list(path: string): readonly string[];
  /** `path` without symlinks. */
  resolve(path: string): string | undefined;
  /** "8:1": the device that a file lies on. */
  deviceOf(path: string): string | undefined;
  /** Whether this user may make files in the folder. */
  isWritable(path: string): boolean;
  /** Of the file system at `path`: its magic number, and the bytes that anyone may still write. */
  fileSystem(path: string): { readonly type: number; readonly freeBytes: number } | undefined;
}

export const systemKernel: Kernel = {
  read: (path) => orNothing(() => readFileSync(path, "utf8")),
  list: (path) => orNothing(() => readdirSync(path)) ?? [],
  resolve: (path) => orNothing(() => realpathSync(path)),
  deviceOf: (path) => orNothing(() => deviceNumber(statSync(path).dev)),
  isWritable: (path) =>
    orNothing(() => {
      accessSync(path, constants.W_OK | constants.X_OK);
      return true;
    }) ?? false,
  fileSystem: (path) =>
    orNothing(() => {
      const { type, bavail, bsize } = statfsSync(path);
      return { type, freeBytes: bavail * bsize };
    }),
};

function orNothing<Value>(look: () => Value): Value | undefined {
  try {
    return look();
  } catch {
    // a kernel without it, or a file that this user may not read: the check says that it could not look
    return undefined;
  }
}

/** As makedev(3) packs it in glibc: 12 bits of the major number above 8 of the minor, the rest further up. */
function deviceNumber(dev: number): string {
  const bits = BigInt(dev);
  const major = ((bits >> 8n) & 0xfffn) | ((bits >> 32n) & ~0xfffn);
  const minor = (bits & 0xffn) | ((bits >> 12n) & ~0xffn & 0xffffffffn);
  return `${major}:${minor}`;
}
