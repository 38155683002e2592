/**
 * How a pass leaves a group: what it may keep on disk, and nothing that a pass before it left by dying.
 *
 * Old generations are secrets too. All of this is idempotent, and called at the end of every pass, under the
 * lock, whether or not the pass changed anything.
 * @module
 */
import { type GroupName, parseGroupName } from "../core/names.ts";
import { journalledGroups, removeDestinations } from "./destinations.ts";
import { closing, judgeOwn, listNames, lookUp, openChild } from "./directory.ts";
import { isTemporary } from "./durable-file.ts";
import { attempt, guarded } from "./fault.ts";
import { readCurrentId, readManifest } from "./generation.ts";
import { GENERATIONS, groupMode, manifestName } from "./layout.ts";
import type { Manifest } from "./manifest.ts";
import { readRecord } from "./record.ts";
import { removeTree } from "./remove.ts";
import { linkStablePath } from "./swap.ts";
import type { Directory, GenerationId } from "./target.ts";
import { directoriesOf, type Tree } from "./tree.ts";

/**
 * Completes what a dead pass left undone and removes what is no longer needed.
 *
 * 1. Remove links and files under temporary names.
 * 2. Make the stable path if the group has a current generation and the link is missing.
 * 3. Give `groups/GROUP` to the current generation's readers: the swap let everybody pass.
 * 4. Remove all generations but those that `retained` names, and what belongs to none.
 *
 * A current generation without a manifest to believe says nothing about the others: 3 and 4 then wait for the
 * next swap.
 *
 * @param graceMs how long readers that opened a generation may go on reading it once it was replaced
 * @throws {PosternError} CannotWrite when the kernel refuses; UnsafeTree when a mount is in the way
 */
export function finishGroup(tree: Tree, group: GroupName, graceMs: number): void {
  const { fs, groups, uid } = tree;
  guarded(`${groups.path}/${group}`, () => {
    const directory = openChild(fs, groups, group);
    if (directory === undefined) return;
    closing(fs, directory, () => {
      judgeOwn(directory.path, fs.stat(directory.fd), uid);
      sweepTemporaries(tree, directory); // (1)
      const id = readCurrentId(tree, directory);
      if (id !== undefined) linkStablePath(tree, group); // (2)
      const generations = openChild(fs, directory, GENERATIONS);
      if (generations === undefined || id === "odd") return;
      closing(fs, generations, () => {
        const current = id && readManifest(tree, generations, group, id);
        if (typeof current === "string") return;
        if (current !== undefined) closeDoor(tree, directory, current); // (3)
        sweepGenerations(tree, generations, current, graceMs); // (4)
      });
    });
  });
}

/** Removes what a process that died left under temporary names, outside the groups. */
export function sweepTree(tree: Tree): void {
  for (const directory of directoriesOf(tree)) {
    guarded(directory.path, () => sweepTemporaries(tree, directory));
  }
}

/**
 * The groups that have something on disk, in the order of their names, whether or not the config has them; after
 * a reboot that may be further paths alone.
 */
export function listGroups(tree: Tree): readonly GroupName[] {
  const held = guarded(tree.groups.path, () => listNames(tree.fs, tree.groups)).flatMap((name) => {
    try {
      return [parseGroupName(name)];
    } catch {
      // not the store's
      return [];
    }
  });
  const placed: GroupName[] = [];
  // a journal that is not to be believed is told by the groups that need it
  attempt(() => placed.push(...journalledGroups(tree)));
  return [...new Set([...held, ...placed])].sort();
}

/**
 * Removes a group: its further paths, and all its generations, the stable path first, so that no reader finds
 * half of it. What it returns a person should know.
 * @throws {PosternError} what stands in the way of a further path, when all else is gone
 */
export function removeGroup(tree: Tree, group: GroupName): readonly string[] {
  try {
    return removeFiles(tree, group);
  } finally {
    removeFrom(tree, group, [tree.standings, tree.records, tree.owed]);
  }
}

/** Removes all that anybody could read a value of the group from; what is known about it stays. As `removeGroup`. */
export function removeFiles(tree: Tree, group: GroupName): readonly string[] {
  try {
    return removeDestinations(tree, group).notes;
  } finally {
    removeFrom(tree, group, [tree.secrets, tree.groups]);
  }
}

function removeFrom(tree: Tree, group: GroupName, parents: readonly Directory[]): void {
  const { fs, groups } = tree;
  guarded(`${groups.path}/${group}`, () => {
    for (const parent of parents) {
      removeTree(fs, parent, group);
      fs.sync(parent.fd);
    }
  });
}

/**
 * The generations that stay: the current one, the one before it, and older ones that were replaced less than
 * `graceMs` ago. The one before stays that long only if other readers than the current one's may read it.
 * Those that no other names as its predecessor never were current, and are not among them.
 */
export function retained(
  current: Manifest,
  manifestOf: (id: GenerationId) => Manifest | undefined,
  now: number,
  graceMs: number,
): ReadonlySet<GenerationId> {
  const kept = new Set([current.id]);
  let next = current;
  for (;;) {
    const id = next.previous;
    // a manifest that names itself or a later one as its predecessor is not to be followed around
    if (id === undefined || kept.has(id)) return kept;
    const manifest = manifestOf(id);
    const recent = isRecent(next.created, now, graceMs);
    const fallback = next === current && manifest !== undefined && sameAccess(manifest, current);
    if (!recent && !fallback) return kept;
    kept.add(id);
    if (manifest === undefined) return kept;
    next = manifest;
  }
}

// a clock that was set back says nothing about how long ago it was
function isRecent(then: number | undefined, now: number, graceMs: number): boolean {
  return then !== undefined && now >= then && now - then < graceMs;
}

function sweepTemporaries(tree: Tree, directory: Directory): void {
  for (const name of listNames(tree.fs, directory)) {
    if (isTemporary(name)) removeTree(tree.fs, directory, name);
  }
}

function closeDoor(tree: Tree, directory: Directory, { access }: Manifest): void {
  const { fs, uid } = tree;
  const mode = groupMode(access, uid);
  const entry = fs.stat(directory.fd);
  if (entry.gid !== access.gid) fs.chown(directory.fd, uid, access.gid);
  if (entry.mode !== mode) fs.chmod(directory.fd, mode);
}

function sweepGenerations(
  tree: Tree,
  generations: Directory,
  current: Manifest | undefined,
  graceMs: number,
): void {
  const { fs, clock } = tree;
  // what was rolled back a moment ago is in nobody's chain, and may still be read
  if (isRecent(current && readRecord(tree, current.group).held?.since, clock.now(), graceMs))
    return;
  const manifestOf = (id: GenerationId): Manifest | undefined => {
    if (current === undefined || lookUp(fs, generations, id)?.kind !== "directory")
      return undefined;
    const manifest = readManifest(tree, generations, current.group, id);
    return typeof manifest === "string" ? undefined : manifest;
  };
  const ids = current === undefined ? [] : retained(current, manifestOf, clock.now(), graceMs);
  const kept = new Set([...ids].flatMap((id) => [String(id), manifestName(id)]));
  for (const name of listNames(fs, generations)) {
    if (!kept.has(name)) removeTree(fs, generations, name);
  }
}

function sameAccess({ access: one }: Manifest, { access: other }: Manifest): boolean {
  return one.uid === other.uid && one.gid === other.gid && one.mode === other.mode;
}
