/**
 * Puts modes and owners in a generation right again, by descriptor and in place: the bytes are what was written, so
 * no reader needs another generation.
 * @module
 */
import { closing, openChild } from "./directory.ts";
import type { Drift } from "./drift.ts";
import type { Access } from "./durable-file.ts";
import { guarded, unless } from "./fault.ts";
import { type Generation, inGenerations } from "./generation.ts";
import { generationMode } from "./layout.ts";
import { childOf, type Directory } from "./target.ts";
import type { Tree } from "./tree.ts";

/** Whether all of `drift` can be put right in place. */
export function isRepairable(drift: readonly Drift[]): boolean {
  return drift.every(({ kind }) => kind === "mode" || kind === "owner");
}

/**
 * Gives each drifted file and folder the owner and mode that it was written with: the owner first, as `createFile`
 * does, so that nobody who is not named can read it in between. What went away meanwhile is the next pass's.
 *
 * @param drift as `inspect` found it, see `isRepairable`
 * @throws {PosternError} CannotWrite when the kernel refuses; UnsafeTree when a link is in the place of a folder
 */
export function repair(tree: Tree, generation: Generation, drift: readonly Drift[]): void {
  const { id, manifest, path } = generation;
  const paths = new Set(drift.map((found) => found.path));
  guarded(path, () =>
    inGenerations(tree, manifest.group, (generations) => {
      const root = openChild(tree.fs, generations, id);
      if (root === undefined) return;
      closing(tree.fs, root, () => {
        for (const drifted of paths) repairAt(tree, root, drifted, manifest.access);
      });
    }),
  );
}

function repairAt(tree: Tree, root: Directory, path: string, access: Access): void {
  const { fs, uid } = tree;
  if (path === ".") {
    give(tree, root.fd, { ...access, mode: generationMode(access, uid) });
    return;
  }
  const [first = "", ...rest] = path.split("/");
  if (rest.length > 0) {
    const folder = openChild(fs, root, first);
    if (folder !== undefined)
      closing(fs, folder, () => repairAt(tree, folder, rest.join("/"), access));
    return;
  }
  const fd = unless(["ENOENT", "ELOOP"], () => fs.open(childOf(root, first), "read"));
  if (fd === undefined) return;
  try {
    const isFolder = fs.stat(fd).kind === "directory";
    give(tree, fd, isFolder ? { ...access, mode: generationMode(access, uid) } : access);
  } finally {
    fs.close(fd);
  }
}

function give({ fs }: Tree, fd: number, { uid, gid, mode }: Access): void {
  fs.chown(fd, uid, gid);
  fs.chmod(fd, mode);
  fs.sync(fd);
}
