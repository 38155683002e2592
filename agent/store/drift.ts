/** Where the files of a generation are no longer what was written. @module */
import { closing, listNames, lookUp, openChild } from "./directory.ts";
import { guarded } from "./fault.ts";
import type { Entry } from "./file-system.ts";
import { type Generation, inGenerations } from "./generation.ts";
import { generationMode } from "./layout.ts";
import type { Access } from "./durable-file.ts";
import { filesIn, type Manifest, type ManifestFile } from "./manifest.ts";
import { readVerified } from "./set.ts";
import { type Directory, foldersOf } from "./target.ts";
import type { Tree } from "./tree.ts";

/**
 * - `content`: other bytes.
 * - `mode`, `owner`: other than written.
 * - `missing`: the file is gone.
 * - `extra`: postern did not write it.
 * - `link`: a symlink, or anything else that is no file or folder, in the place of one.
 */
export interface Drift {
  readonly kind: "content" | "mode" | "owner" | "missing" | "extra" | "link";
  /** Below the generation's directory, "." for that itself. May hold anything: print it with `quote`. */
  readonly path: string;
}

/**
 * Compares the files of `generation` with its manifest, in the order of their paths.
 * @throws {PosternError} CannotWrite when the kernel refuses to let it look
 */
export function inspect(tree: Tree, generation: Generation): readonly Drift[] {
  const { id, manifest, path } = generation;
  const look = lookFor(manifest);
  guarded(path, () =>
    inGenerations(tree, manifest.group, (generations) => {
      const root = openChild(tree.fs, generations, id);
      if (root !== undefined)
        closing(tree.fs, root, () => inspectFolder(tree, { ...look, root }, root, ""));
    }),
  );
  const missing = [...look.files.keys()].filter((name) => !look.seen.has(name));
  const found = [
    ...look.found,
    ...missing.map((name) => ({ kind: "missing", path: name }) as const),
  ];
  return found.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** What is looked for, and what was found. */
interface Look {
  readonly manifest: Manifest;
  readonly files: ReadonlyMap<string, ManifestFile>;
  readonly folders: ReadonlySet<string>;
  readonly found: Drift[];
  /** Files that something was found in the place of. */
  readonly seen: Set<string>;
}

interface LookAt extends Look {
  /** The generation's directory. */
  readonly root: Directory;
}

function lookFor(manifest: Manifest): Look {
  const files = filesIn(manifest);
  return {
    manifest,
    files: new Map(files.map((file) => [file.name, file])),
    folders: new Set(files.flatMap(({ name }) => foldersOf(name))),
    found: [],
    seen: new Set(),
  };
}

function inspectFolder(tree: Tree, look: LookAt, folder: Directory, path: string): void {
  const { access } = look.manifest;
  const mode = generationMode(access, tree.uid);
  compareEntry(look, tree.fs.stat(folder.fd), { ...access, mode }, path === "" ? "." : path);
  for (const segment of listNames(tree.fs, folder)) {
    const child = path === "" ? segment : `${path}/${segment}`;
    const entry = lookUp(tree.fs, folder, segment);
    // gone since it was listed
    if (entry === undefined) continue;
    const file = look.files.get(child);
    if (file !== undefined) inspectFile(tree, look, entry, file);
    else if (!look.folders.has(child)) look.found.push({ kind: "extra", path: child });
    else if (entry.kind !== "directory") look.found.push({ kind: "link", path: child });
    else inspectChild(tree, look, folder, segment, child);
  }
}

function inspectChild(
  tree: Tree,
  look: LookAt,
  folder: Directory,
  segment: string,
  path: string,
): void {
  const child = openChild(tree.fs, folder, segment);
  if (child !== undefined) closing(tree.fs, child, () => inspectFolder(tree, look, child, path));
}

function inspectFile(tree: Tree, look: LookAt, entry: Entry, file: ManifestFile): void {
  const { name } = file;
  const { group, access } = look.manifest;
  look.seen.add(name);
  if (entry.kind !== "file") {
    look.found.push({ kind: "link", path: name });
    return;
  }
  compareEntry(look, entry, access, name);
  const bytes = readVerified(tree, group, look.root, file);
  if (bytes === undefined) look.found.push({ kind: "content", path: name });
  bytes?.fill(0);
}

function compareEntry(look: Look, entry: Entry, expected: Access, path: string): void {
  if (entry.mode !== expected.mode) look.found.push({ kind: "mode", path });
  if (entry.uid !== expected.uid || entry.gid !== expected.gid)
    look.found.push({ kind: "owner", path });
}
