/** The swap: one rename, after which a staged generation is the group's current one. @module */
import { errnoOf, PosternError } from "../core/errors.ts";
import { type GroupName, quote } from "../core/names.ts";
import { closing, lookUp, openChild } from "./directory.ts";
import { putInPlace } from "./durable-file.ts";
import { guarded } from "./fault.ts";
import { type Generation, obstacle } from "./generation.ts";
import { CURRENT, currentText, groupMode, stableText } from "./layout.ts";
import type { Staged } from "./stage.ts";
import { childOf, type Directory } from "./target.ts";
import type { Tree } from "./tree.ts";

/**
 * Makes `staged` current. Whoever opened the old directory keeps reading the old set, whoever comes by the
 * stable path reads the new one.
 *
 * 1. Let everybody pass `groups/GROUP` if the readers change: both the old and the new ones must get through
 *    until the swap is done. The generations' own directories go on keeping others out.
 * 2. Make the link `.current.RANDOM -> gen/ID`.
 * 3. Rename it over `current`: this is the swap.
 * 4. Sync `groups/GROUP`: from here on the swap survives a power cut.
 * 5. Make `secrets/GROUP -> ../groups/GROUP/current` if it is missing.
 *
 * @throws {PosternError} CannotWrite when the kernel refuses; before step 3 the old set stays current, after
 * it the next pass finds the new one
 */
export function swap(tree: Tree, staged: Staged): Generation {
  const { fs, groups } = tree;
  const { group } = staged.manifest;
  guarded(`${groups.path}/${group}`, () => {
    const directory = openChild(fs, groups, group);
    if (directory === undefined)
      throw new PosternError("UnsafeTree", `${quote(`${groups.path}/${group}`)} went away`);
    closing(fs, directory, () => {
      openDoor(tree, directory, staged); // (1)
      replaceLink(tree, directory, CURRENT, currentText(staged.id)); // (2) to (4)
    });
    linkStablePath(tree, group); // (5)
  });
  return staged;
}

/** Makes `secrets/GROUP` lead to the group's current generation. */
export function linkStablePath(tree: Tree, group: GroupName): void {
  const { fs, secrets } = tree;
  const kind = lookUp(fs, secrets, group)?.kind;
  if (kind !== undefined && kind !== "link") throw obstacle(`${secrets.path}/${group}`);
  const text = stableText(group);
  if (kind === "link" && fs.readlink(childOf(secrets, group)) === text) return;
  replaceLink(tree, secrets, group, text);
}

function openDoor(tree: Tree, directory: Directory, { manifest }: Staged): void {
  const { gid, mode } = tree.fs.stat(directory.fd);
  const same = gid === manifest.access.gid && mode === groupMode(manifest.access, tree.uid);
  if (!same && mode !== 0o755) tree.fs.chmod(directory.fd, 0o755);
}

function replaceLink(tree: Tree, directory: Directory, name: string, text: string): void {
  try {
    putInPlace(tree, directory, name, (temporary) => tree.fs.symlink(text, temporary));
  } catch (error) {
    // rename(2) puts nothing but a directory in the place of a directory
    throw errnoOf(error) === "EISDIR" ? obstacle(`${directory.path}/${name}`) : error;
  }
}
