/**
 * The trees that the store writes: found safe, or made so, and held open by descriptor.
 *
 * @see agent/store/layout.ts for what lies where
 * @module
 */
import type { Chance, Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { judgeOwnership } from "../core/ownership.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { closing, judgeOwn, openChild, openRoot, orClose, ownChild } from "./directory.ts";
import { guarded, unless } from "./fault.ts";
import type { Entry, FileSystem, Mount } from "./file-system.ts";
import { makeHostKey, readHostKey } from "./host-key.ts";
import { GROUPS, OWED, RECORDS, SECRETS, STATE } from "./layout.ts";
import { childOf, type Directory, ROOT } from "./target.ts";

export interface TreeOptions {
  /** Absolute and normalised: the config's `paths`. */
  readonly run: string;
  readonly state: string;
  /** The running user, who must own both. */
  readonly uid: number;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly chance: Chance;
}

/** Both trees, open. Give it back with `closeTree`. */
export interface Tree {
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly uid: number;
  readonly hostKey: SecretBytes;
  readonly run: Directory;
  readonly secrets: Directory;
  readonly groups: Directory;
  readonly standings: Directory;
  readonly records: Directory;
  readonly owed: Directory;
  readonly state: Directory;
  /** What a person should know and may have chosen: to be told once, not a fault. */
  readonly warnings: readonly string[];
}

/**
 * Opens both trees and makes what is missing of them. The caller holds the lock.
 * @throws {PosternError} UnsafeTree when a directory in it belongs to another user, others may write it or a
 * directory above it, or something else is in its place; CannotWrite when the kernel refuses
 */
export function openTree(options: TreeOptions): Tree {
  const tree = guarded(options.run, () => openAll(options, true));
  if (tree === undefined)
    throw new PosternError("UnsafeTree", `${quote(options.run)} went away while it was opened`);
  return tree;
}

/** Opens both trees as they are, for looking only; undefined when nothing was ever written. Throws as `openTree`. */
export function findTree(options: TreeOptions): Tree | undefined {
  return guarded(options.run, () => openAll(options, false));
}

/** Closes what `openTree` opened and forgets the host key. */
export function closeTree(tree: Tree): void {
  tree.hostKey.wipe();
  for (const { fd } of directoriesOf(tree)) tree.fs.close(fd);
}

/** Every directory that the tree holds open, outside the groups. */
export function directoriesOf(tree: Tree): readonly Directory[] {
  const { run, secrets, groups, standings, records, owed, state } = tree;
  return [run, secrets, groups, standings, records, owed, state];
}

/**
 * Opens the run directory alone, where the lock is, and makes it when it is missing.
 * The caller closes it. Throws as `openTree`.
 */
export function openRun(options: Omit<TreeOptions, "state">): Directory {
  const run = guarded(options.run, () => openPath(options, options.run, 0o755));
  if (run === undefined)
    throw new PosternError("UnsafeTree", `${quote(options.run)} went away while it was opened`);
  return run;
}

function openAll(options: TreeOptions, make: boolean): Tree | undefined {
  const { fs, clock, chance, uid } = options;
  const opened: Directory[] = [];
  const kept = (directory: Directory | undefined): Directory | undefined => {
    if (directory !== undefined) opened.push(directory);
    return directory;
  };
  const child = (
    parent: Directory | undefined,
    name: string,
    mode = 0o755,
  ): Directory | undefined =>
    parent && kept(make ? ownChild(fs, parent, name, uid, mode) : findOwn(fs, parent, name, uid));
  const open = (): Tree | undefined => {
    const run = kept(openPath(options, options.run, make ? 0o755 : undefined));
    const state = kept(openPath(options, options.state, make ? 0o700 : undefined));
    const secrets = child(run, SECRETS);
    const groups = child(run, GROUPS);
    const standings = child(run, STATE);
    const records = child(run, RECORDS, 0o700);
    const owed = child(run, OWED, 0o700);
    if (!run || !state || !secrets || !groups || !standings || !records || !owed) return undefined;
    const hostKey = make ? makeHostKey(options, state, uid) : readHostKey(options, state, uid);
    if (hostKey === undefined) return undefined;
    const warnings = adviceOn(run.path, fs.mount(run.fd));
    const directories = { run, secrets, groups, standings, records, owed, state };
    return { fs, clock, chance, uid, hostKey, ...directories, warnings };
  };
  let tree: Tree | undefined;
  try {
    tree = open();
    return tree;
  } finally {
    if (tree === undefined) for (const { fd } of opened) fs.close(fd);
  }
}

/**
 * Walks from "/" to `path`, each step from the descriptor of the one before, and judges every directory on
 * the way. A symlink on the way is refused, whoever made it.
 * @param mode what `path` shall have, and that what is missing is to be made; undefined: look only
 */
function openPath(
  options: Omit<TreeOptions, "state">,
  path: string,
  mode: number | undefined,
): Directory | undefined {
  const { fs, uid } = options;
  const segments = path.split("/").filter((segment) => segment !== "");
  const last = segments.pop();
  if (last === undefined)
    throw new PosternError("UnsafeTree", `${quote(path)} cannot hold the tree: expected a folder`);
  let parent = openRoot(fs);
  for (const segment of segments) {
    const next = closing(fs, parent, (above) =>
      openAncestor(options, above, segment, mode !== undefined),
    );
    if (next === undefined) return undefined;
    parent = next;
  }
  return closing(fs, parent, (above) =>
    mode === undefined ? findOwn(fs, above, last, uid) : ownChild(fs, above, last, uid, mode),
  );
}

function openAncestor(
  { fs, uid }: Pick<TreeOptions, "fs" | "uid">,
  parent: Directory,
  segment: string,
  make: boolean,
): Directory | undefined {
  let found = openChild(fs, parent, segment, "ancestor");
  if (found === undefined && make) {
    // as mkdir -p does: the umask may narrow what lies above the tree
    unless(["EEXIST"], () => fs.mkdir(childOf(parent, segment), 0o755));
    found = openChild(fs, parent, segment, "ancestor");
  }
  if (found === undefined) return undefined;
  return orClose(fs, found, () => judgeAncestor(found.path, fs.stat(found.fd), uid));
}

/**
 * A folder that is not the store's own, to make and remove single entries in; undefined when there is none. The
 * way to it is judged as the way to the trees is, and the folder itself more strictly: nobody else may add to it.
 * The caller closes it.
 * @throws {PosternError} UnsafeTree when others may write it or a folder above it, or a symlink is on the way
 */
export function openFolder(
  options: Pick<TreeOptions, "fs" | "uid">,
  path: string,
): Directory | undefined {
  const { fs, uid } = options;
  const segments = path.split("/").filter((segment) => segment !== "");
  const last = segments.pop();
  if (last === undefined) return { fd: fs.open(ROOT, "directory"), path: "" };
  let parent = openRoot(fs);
  for (const segment of segments) {
    const next = closing(fs, parent, (above) => openAncestor(options, above, segment, false));
    if (next === undefined) return undefined;
    parent = next;
  }
  return closing(fs, parent, (above) => {
    const found = openChild(fs, above, last);
    return (
      found && orClose(fs, found, () => judgeAncestor(found.path, unsticky(fs.stat(found.fd)), uid))
    );
  });
}

/** What others add to a sticky folder is no danger to what is in it, but may be in the way. */
function unsticky(entry: Entry): Entry {
  return { ...entry, mode: entry.mode & 0o777 };
}

function judgeAncestor(path: string, { uid: owner, mode }: Entry, uid: number): void {
  const sticky = (mode & 0o1000) !== 0;
  const fault = judgeOwnership({ uid: owner, mode, sticky, isDirectory: true }, uid);
  if (fault === undefined) return;
  throw new PosternError("UnsafeTree", `${quote(path)} is not safe to write below: ${fault}`, {
    hint: "whoever may write there could lead every reader elsewhere",
  });
}

function findOwn(
  fs: FileSystem,
  parent: Directory,
  name: string,
  uid: number,
): Directory | undefined {
  const found = openChild(fs, parent, name);
  return found && orClose(fs, found, () => judgeOwn(found.path, fs.stat(found.fd), uid));
}

// statfs(2): what these hold never reaches a disk, but for swap
const MEMORY_FILE_SYSTEMS: readonly number[] = [0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */];

/** Whether what lies on such a file system never reaches a disk. */
export function isInMemory({ type }: Pick<Mount, "type">): boolean {
  // the kernel's number is signed on some architectures
  return MEMORY_FILE_SYSTEMS.includes(type >>> 0);
}

/** What a person should know about a run directory on such a file system. */
export function adviceOn(run: string, mount: Pick<Mount, "type">): readonly string[] {
  if (isInMemory(mount)) return [];
  return [
    `${quote(run)} is not on tmpfs: secrets will lie on a disk; ` +
      `mount one with: mount -t tmpfs -o mode=0755,nosuid,nodev,noexec tmpfs ${run}`,
  ];
}
