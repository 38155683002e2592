import { closeSync } from "node:fs";
import { type FileSystem, systemFileSystem } from "../../agent/store/file-system.ts";

/** How a file operation ends a pass: with an error, or with the process. */
export type Ending = "EIO" | "ENOSPC" | "killed";

export interface FailingFs {
  readonly fs: FileSystem;
  /** Operations that were asked for. */
  count(): number;
  /** Closes what a killed process left open, as the kernel would. */
  reap(): void;
}

/**
 * The real file system up to operation `at`, which fails before it has an effect: with an error the pass may
 * go on to clean up, when killed no later operation happens at all. Syncs are counted and not done.
 */
export function failingFs(at: number, ending: Ending): FailingFs {
  let count = 0;
  const open = new Set<number>();
  const step = <Result>(use: () => Result): Result => {
    count += 1;
    if (ending === "killed" ? count >= at : count === at) throw failure(ending);
    return use();
  };
  const real = systemFileSystem;
  const fs: FileSystem = {
    open: (path, way) =>
      step(() => {
        const fd = real.open(path, way);
        open.add(fd);
        return fd;
      }),
    close: (fd) => {
      // close(2) gives the descriptor back even when it reports an error
      if (ending === "killed" && count >= at) throw failure(ending);
      open.delete(fd);
      real.close(fd);
    },
    read: (fd, into, offset, position) => step(() => real.read(fd, into, offset, position)),
    write: (fd, bytes, offset) => step(() => real.write(fd, bytes, offset)),
    truncate: (fd) => step(() => real.truncate(fd)),
    sync: () => step(() => undefined),
    chmod: (fd, mode) => step(() => real.chmod(fd, mode)),
    chown: (fd, uid, gid) => step(() => real.chown(fd, uid, gid)),
    lchown: (path, uid, gid) => step(() => real.lchown(path, uid, gid)),
    stat: (fd) => step(() => real.stat(fd)),
    mount: (fd) => step(() => real.mount(fd)),
    lstat: (path) => step(() => real.lstat(path)),
    list: (path) => step(() => real.list(path)),
    readlink: (path) => step(() => real.readlink(path)),
    mkdir: (path, mode) => step(() => real.mkdir(path, mode)),
    symlink: (text, path) => step(() => real.symlink(text, path)),
    link: (from, to) => step(() => real.link(from, to)),
    rename: (from, to) => step(() => real.rename(from, to)),
    unlink: (path) => step(() => real.unlink(path)),
    rmdir: (path) => step(() => real.rmdir(path)),
  };
  const reap = (): void => {
    for (const fd of open) closeSync(fd);
    open.clear();
  };
  return { fs, count: () => count, reap };
}

function failure(ending: Ending): Error {
  return ending === "killed"
    ? new Error("killed")
    : Object.assign(new Error(ending), { code: ending });
}
