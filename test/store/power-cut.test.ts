/** What a swap shows is on the disk before it shows it: the tree outlives a power cut where it is not on tmpfs. */
import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, it } from "node:test";
import { type FileSystem, systemFileSystem } from "../../agent/store/file-system.ts";
import { newWorld, pass, readByPath } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

interface Recorder {
  readonly fs: FileSystem;
  /** What was changed and not synced since, generations by the same name. */
  readonly unsynced: () => readonly string[];
  /** Of the moment before `current` was replaced. */
  readonly atSwap: string[];
}

/** The real file system, which remembers what a power cut could still take. */
function recording(): Recorder {
  const dirty = new Set<string>();
  const real = systemFileSystem;
  const atSwap: string[] = [];
  const here = (path: string): string => join(realpathSync(dirname(path)), basename(path));
  const opened = (fd: number): string => realpathSync(`/proc/self/fd/${fd}`);
  const unsynced = (): readonly string[] =>
    [...dirty].map((path) => path.replaceAll(/[0-9a-f]{12}/g, "ID")).sort();
  /** An entry came to the folder that holds `path`. */
  const entered = (path: string): void => void dirty.add(realpathSync(dirname(path)));
  const fs: FileSystem = {
    ...real,
    open: (path, way) => {
      const fd = real.open(path, way);
      if (way === "create") {
        entered(path);
        dirty.add(here(path));
      }
      return fd;
    },
    chmod: (fd, mode) => {
      real.chmod(fd, mode);
      dirty.add(opened(fd));
    },
    chown: (fd, uid, gid) => {
      real.chown(fd, uid, gid);
      dirty.add(opened(fd));
    },
    sync: (fd) => {
      real.sync(fd);
      dirty.delete(opened(fd));
    },
    mkdir: (path, mode) => {
      real.mkdir(path, mode);
      entered(path);
      dirty.add(here(path));
    },
    symlink: (text, path) => {
      real.symlink(text, path);
      entered(path);
    },
    rename: (from, to) => {
      if (basename(to) === "current") atSwap.push(...unsynced());
      const [before, after] = [here(from), here(to)];
      real.rename(from, to);
      entered(to);
      if (dirty.delete(before)) dirty.add(after);
    },
  };
  return { fs, unsynced, atSwap };
}

describe("a power cut", () => {
  const temp = memoryDir();

  for (const [which, isFirst] of [
    ["a first set", true],
    ["a later set", false],
  ] as const)
    it(`takes nothing of ${which} that was swapped in`, async () => {
      const root = mkdtempSync(join(temp, "p-"));
      await pass(newWorld(root), { a: "1" });
      if (isFirst)
        for (const name of ["secrets/web", "groups/web"])
          rmSync(join(root, "run", name), { recursive: true });
      const { fs, unsynced, atSwap } = recording();
      await pass(newWorld(root, { fs }), { a: "1", "deep/er/b": "2" });
      assert.deepEqual(readByPath(root), { a: "1", "deep/er/b": "2" });
      const door = join(root, "run/groups/web");
      // the link that is about to be renamed there
      assert.deepEqual(atSwap, [door]);
      // whose mode the next pass sets again
      assert.deepEqual(
        unsynced().filter((path) => path !== door),
        [],
      );
    });
});
