/**
 * Removing, which is a power to write: it must never reach what the store did not make.
 *
 * Every step names one segment below an open directory, opens directories without following links, and does
 * not leave the mount it began on: a bind mount in the tree would lead to somebody else's files, and a device
 * number would not tell. Links are unlinked, never followed.
 * @see CVE-2017-1002102, where cleaning up a volume deleted the host's files through a swapped link
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { closing, listNames, lookUp, openChild } from "./directory.ts";
import { unless } from "./fault.ts";
import type { FileSystem } from "./file-system.ts";
import { childOf, type Directory } from "./target.ts";

// a name of 1024 bytes has at most 512 segments, below a group's `gen/ID`; what lies deeper is not the store's
const MAX_DEPTH = 512 + 3;

/**
 * Removes what lies at `name`, and all in it; nothing there is well too.
 * @throws {PosternError} UnsafeTree when a mount is in it: what was reached before is gone, nothing on the mount is
 */
export function removeTree(fs: FileSystem, parent: Directory, name: string): void {
  removeAt(fs, parent, name, fs.mount(parent.fd).id, 0);
}

function removeAt(
  fs: FileSystem,
  parent: Directory,
  name: string,
  mount: string,
  depth: number,
): void {
  const entry = lookUp(fs, parent, name);
  if (entry === undefined) return;
  if (entry.kind !== "directory") {
    unless(["ENOENT"], () => fs.unlink(childOf(parent, name)));
    return;
  }
  const directory = openChild(fs, parent, name);
  if (directory === undefined) return;
  closing(fs, directory, () => {
    const { path, fd } = directory;
    if (fs.mount(fd).id !== mount) throw foreign(path, "something is mounted there");
    if (depth > MAX_DEPTH) throw foreign(path, "it is deeper than any secret");
    for (const child of listNames(fs, directory)) removeAt(fs, directory, child, mount, depth + 1);
  });
  unless(["ENOENT"], () => fs.rmdir(childOf(parent, name)));
}

function foreign(path: string, why: string): PosternError {
  return new PosternError("UnsafeTree", `will not remove ${quote(path)}: ${why}`, {
    hint: "postern did not make it so: look at it, then remove it",
  });
}
