/** The files of one set, written into a directory that nobody else may enter yet. @module */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { GroupName, SecretName } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { closing, openChild, openSecret, readWhole } from "./directory.ts";
import { type Access, createFile } from "./durable-file.ts";
import { type Generation, inGenerations } from "./generation.ts";
import { keyedDigest } from "./host-key.ts";
import { generationMode } from "./layout.ts";
import {
  type BundleMark,
  filesIn,
  type Fingerprints,
  type ManifestFile,
  type ManifestSecret,
  type SourceMark,
} from "./manifest.ts";
import { type Directory, foldersOf, freshFile } from "./target.ts";
import type { Tree } from "./tree.ts";

/** The whole of a set, as it shall be. */
export interface StagePlan {
  readonly group: GroupName;
  readonly access: Access;
  readonly fingerprints: Fingerprints;
  readonly bundle: BundleMark | undefined;
  readonly secrets: readonly PlannedSecret[];
  readonly rendered: readonly PlannedFile[];
}

/** A file made from the secrets, to lie beside them. */
export interface PlannedFile {
  readonly name: SecretName;
  /** The caller wipes them. */
  readonly bytes: SecretBytes;
}

export interface PlannedSecret extends SourceMark {
  readonly name: SecretName;
  readonly content: Content;
}

/**
 * - `fresh`: these bytes. The caller wipes them, after the last attempt to stage them.
 * - `kept`: the bytes that the current generation has under this name.
 */
export type Content =
  | { readonly kind: "fresh"; readonly bytes: SecretBytes }
  | { readonly kind: "kept" };

/** What came of it: when `tampered` names any, the set is not whole and must go. */
export interface WrittenSet {
  readonly secrets: readonly ManifestSecret[];
  readonly rendered: readonly ManifestFile[];
  /** Kept secrets that no longer are what was written. */
  readonly tampered: readonly SecretName[];
}

/** Where kept secrets are copied from. */
export interface Origin {
  readonly generations: Directory;
  readonly current: Generation | undefined;
}

// some milliseconds of work: other groups wait no longer than that for their turn
const FILES_A_TURN = 64;

/** Makes the folders and files of `plan` in `directory`, the rendered ones last, as steps 4 to 6 of `stage`. */
export async function writeSet(
  tree: Tree,
  plan: StagePlan,
  directory: Directory,
  origin: Origin,
): Promise<WrittenSet> {
  const { fs } = tree;
  const tampered: SecretName[] = [];
  const secrets: ManifestSecret[] = [];
  const rendered: ManifestFile[] = [];
  const { current } = origin;
  const old = current && openChild(fs, origin.generations, current.id);
  const known = new Map(current?.manifest.secrets.map((secret) => [secret.name, secret]));
  try {
    const names = [...plan.secrets, ...plan.rendered].map(({ name }) => name);
    const folders = [...new Set(names.flatMap((name) => foldersOf(name)))].sort();
    for (const folder of folders) fs.mkdir(freshFile(directory, folder), 0o700);
    for (const [index, secret] of plan.secrets.entries()) {
      const before = known.get(secret.name);
      const written = writeSecret(tree, plan, secret, directory, before && old, before);
      if (written === undefined) tampered.push(secret.name);
      else secrets.push(written);
      if (index % FILES_A_TURN === FILES_A_TURN - 1) await nextTurn();
    }
    for (const file of plan.rendered) rendered.push(writeFile(tree, plan, file, directory));
    if (tampered.length === 0) giveAway(tree, plan.access, directory, folders);
  } finally {
    if (old !== undefined) fs.close(old.fd);
  }
  return { secrets, rendered, tampered };
}

/** Where a planned secret comes from: of one that S3 only called unchanged, the rest is as it was before. */
export function sourceOf(planned: PlannedSecret, before: SourceMark | undefined): SourceMark {
  const { key, etag, versionId, lastModified, content } = planned;
  const rest = content.kind === "kept" ? before : undefined;
  return {
    key,
    etag,
    versionId: versionId ?? rest?.versionId,
    lastModified: lastModified ?? rest?.lastModified,
  };
}

/**
 * The bytes of the named files of a generation, or undefined when any is not what its manifest says. The caller
 * wipes them.
 */
export function readKept(
  tree: Tree,
  { id, manifest }: Generation,
  names: ReadonlySet<SecretName>,
): ReadonlyMap<SecretName, Buffer> | undefined {
  const { fs } = tree;
  const found = new Map<SecretName, Buffer>();
  const wanted = filesIn(manifest).filter(({ name }) => names.has(name));
  inGenerations(tree, manifest.group, (generations) => {
    const directory = openChild(fs, generations, id);
    if (directory === undefined) return;
    closing(fs, directory, () => {
      for (const file of wanted) {
        const bytes = readVerified(tree, manifest.group, directory, file);
        if (bytes !== undefined) found.set(file.name, bytes);
      }
    });
  });
  if (found.size === names.size) return found;
  for (const bytes of found.values()) bytes.fill(0);
  return undefined;
}

/** The bytes of `file` in the open generation, or undefined when they are not what its manifest says. */
export function readVerified(
  tree: Tree,
  group: GroupName,
  directory: Directory,
  file: ManifestFile,
): Buffer | undefined {
  const fd = openSecret(tree.fs, directory, file.name);
  if (fd === undefined) return undefined;
  try {
    const bytes = readWhole(tree.fs, fd, file.size);
    if (bytes === undefined) return undefined;
    if (keyedDigest(tree.hostKey, group, file.name, bytes) === file.digest) return bytes;
    bytes.fill(0);
    return undefined;
  } finally {
    tree.fs.close(fd);
  }
}

function writeFile(
  tree: Tree,
  { group, access }: Pick<StagePlan, "group" | "access">,
  { name, bytes: content }: PlannedFile,
  directory: Directory,
): ManifestFile {
  const bytes = content.expose();
  createFile(tree.fs, freshFile(directory, name), bytes, access);
  return { name, size: bytes.length, digest: keyedDigest(tree.hostKey, group, name, bytes) };
}

function writeSecret(
  tree: Tree,
  { group, access }: StagePlan,
  secret: PlannedSecret,
  directory: Directory,
  old: Directory | undefined,
  before: ManifestSecret | undefined,
): ManifestSecret | undefined {
  const { name, content } = secret;
  if (content.kind === "fresh") {
    const file = writeFile(tree, { group, access }, { name, bytes: content.bytes }, directory);
    return { ...file, ...sourceOf(secret, before) };
  }
  const bytes = old && before && readVerified(tree, group, old, before);
  if (bytes === undefined || before === undefined) return undefined;
  try {
    createFile(tree.fs, freshFile(directory, name), bytes, access);
  } finally {
    bytes.fill(0);
  }
  return { name, ...sourceOf(secret, before), size: before.size, digest: before.digest };
}

/** Deepest first, so that whoever may enter a folder finds all in it as it shall be. */
function giveAway(
  tree: Tree,
  access: Access,
  directory: Directory,
  folders: readonly SecretName[],
): void {
  const { fs, uid } = tree;
  const mode = generationMode(access, uid);
  const give = ({ fd }: Directory): void => {
    fs.chown(fd, access.uid, access.gid);
    fs.chmod(fd, mode);
    fs.sync(fd);
  };
  for (const folder of folders.toReversed()) {
    const path = `${directory.path}/${folder}`;
    closing(fs, { fd: fs.open(freshFile(directory, folder), "directory"), path }, give);
  }
  give(directory);
}
