/** The files of one set, written into a directory that nobody else may enter yet. @module */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { GroupName, SecretName } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { closing, openChild, openSecret, readWhole } from "./directory.ts";
import { type Access, createFile } from "./durable-file.ts";
import type { Generation } from "./generation.ts";
import { keyedDigest } from "./host-key.ts";
import { generationMode } from "./layout.ts";
import type { BundleMark, Fingerprints, ManifestSecret, SourceMark } from "./manifest.ts";
import { type Directory, foldersOf, freshFile } from "./target.ts";
import type { Tree } from "./tree.ts";

/** The whole of a set, as it shall be. */
export interface StagePlan {
  readonly group: GroupName;
  readonly access: Access;
  readonly fingerprints: Fingerprints;
  readonly bundle: BundleMark | undefined;
  readonly secrets: readonly PlannedSecret[];
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

/** Makes the folders and files of `plan` in `directory`, as steps 4 to 6 of `stage`. */
export async function writeSet(
  tree: Tree,
  plan: StagePlan,
  directory: Directory,
  origin: Origin,
): Promise<WrittenSet> {
  const { fs } = tree;
  const tampered: SecretName[] = [];
  const secrets: ManifestSecret[] = [];
  const { current } = origin;
  const old = current && openChild(fs, origin.generations, current.id);
  const known = new Map(current?.manifest.secrets.map((secret) => [secret.name, secret]));
  try {
    const folders = [...new Set(plan.secrets.flatMap(({ name }) => foldersOf(name)))].sort();
    for (const folder of folders) fs.mkdir(freshFile(directory, folder), 0o700);
    for (const [index, secret] of plan.secrets.entries()) {
      const before = known.get(secret.name);
      const written = writeSecret(tree, plan, secret, directory, before && old, before);
      if (written === undefined) tampered.push(secret.name);
      else secrets.push(written);
      if (index % FILES_A_TURN === FILES_A_TURN - 1) await nextTurn();
    }
    if (tampered.length === 0) giveAway(tree, plan.access, directory, folders);
  } finally {
    if (old !== undefined) fs.close(old.fd);
  }
  return { secrets, tampered };
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

/** The bytes of `secret` in the open generation, or undefined when they are not what its manifest says. */
export function readVerified(
  tree: Tree,
  group: GroupName,
  directory: Directory,
  secret: ManifestSecret,
): Buffer | undefined {
  const fd = openSecret(tree.fs, directory, secret.name);
  if (fd === undefined) return undefined;
  try {
    const bytes = readWhole(tree.fs, fd, secret.size);
    if (bytes === undefined) return undefined;
    if (keyedDigest(tree.hostKey, group, secret.name, bytes) === secret.digest) return bytes;
    bytes.fill(0);
    return undefined;
  } finally {
    tree.fs.close(fd);
  }
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
  const path = freshFile(directory, name);
  if (content.kind === "fresh") {
    const bytes = content.bytes.expose();
    createFile(tree.fs, path, bytes, access);
    const digest = keyedDigest(tree.hostKey, group, name, bytes);
    return { name, ...sourceOf(secret, before), size: bytes.length, digest };
  }
  const bytes = old && before && readVerified(tree, group, old, before);
  if (bytes === undefined || before === undefined) return undefined;
  try {
    createFile(tree.fs, path, bytes, access);
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
