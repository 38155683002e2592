/** The generation that is current, as far as it can be believed. @module */
import { PosternError } from "../core/errors.ts";
import { type GroupName, quote } from "../core/names.ts";
import { closing, lookUp, openChild } from "./directory.ts";
import { readOwnFile } from "./durable-file.ts";
import { guarded } from "./fault.ts";
import { keyId } from "./host-key.ts";
import { CURRENT, GENERATIONS, manifestName } from "./layout.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { childOf, type Directory, type GenerationId, parseGenerationId } from "./target.ts";
import type { Tree } from "./tree.ts";

/** One complete set on this host's disk. */
export interface Generation {
  readonly id: GenerationId;
  /** Its own path, which no swap changes: for readers. */
  readonly path: string;
  readonly manifest: Manifest;
}

/**
 * - `none`: there never was one.
 * - `refused`: what is there is not to be believed; the next pass fetches everything anew.
 */
export type Current =
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly id: GenerationId | undefined; readonly why: string }
  | { readonly kind: "generation"; readonly generation: Generation };

// ten thousand secrets with names as long as S3 allows need half of it
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/** @throws {PosternError} CannotWrite when something other than a symlink is in the place of `current` */
export function readCurrent(tree: Tree, group: GroupName): Current {
  const { fs, groups } = tree;
  return guarded(`${groups.path}/${group}`, () => {
    const directory = openChild(fs, groups, group);
    if (directory === undefined) return { kind: "none" };
    return closing(fs, directory, () => readCurrentIn(tree, directory, group));
  });
}

/** Generation `id` of the group, or undefined when it is gone or there is no manifest to believe. */
export function readGeneration(
  tree: Tree,
  group: GroupName,
  id: GenerationId,
): Generation | undefined {
  return guarded(`${tree.groups.path}/${group}`, () =>
    inGenerations(tree, group, (generations) => {
      if (lookUp(tree.fs, generations, id)?.kind !== "directory") return undefined;
      const manifest = readManifest(tree, generations, group, id);
      if (typeof manifest === "string") return undefined;
      return { id, path: `${generations.path}/${id}`, manifest };
    }),
  );
}

/**
 * The id that `current` in the group's directory names: undefined when there is no such link, "odd" when it
 * leads anywhere but to `gen/ID`. Throws as `readCurrent`.
 */
export function readCurrentId(tree: Tree, directory: Directory): GenerationId | "odd" | undefined {
  const entry = lookUp(tree.fs, directory, CURRENT);
  if (entry === undefined) return undefined;
  if (entry.kind !== "link") throw obstacle(`${directory.path}/${CURRENT}`);
  const [folder, name, ...rest] = tree.fs.readlink(childOf(directory, CURRENT)).split("/");
  if (folder !== GENERATIONS || name === undefined || rest.length > 0) return "odd";
  return parseGenerationId(name) ?? "odd";
}

/** The manifest of generation `id`, or why there is none to believe. */
export function readManifest(
  tree: Tree,
  generations: Directory,
  group: GroupName,
  id: GenerationId,
): Manifest | string {
  const rules = { uid: tree.uid, maxBytes: MAX_MANIFEST_BYTES, readable: "by owner" } as const;
  try {
    const bytes = readOwnFile(tree.fs, generations, manifestName(id), rules);
    if (bytes === undefined) return "it has no manifest";
    const manifest = parseManifest(bytes, group, id, keyId(tree.hostKey));
    return typeof manifest === "string" ? `its manifest is not valid: ${manifest}` : manifest;
  } catch (error) {
    if (error instanceof PosternError && error.code === "UnsafeTree") return error.message;
    throw error;
  }
}

/** What `use` makes of the group's open `gen`, or undefined when there is none. */
export function inGenerations<Result>(
  tree: Tree,
  group: GroupName,
  use: (generations: Directory) => Result,
): Result | undefined {
  const { fs, groups } = tree;
  const directory = openChild(fs, groups, group);
  const generations =
    directory && closing(fs, directory, () => openChild(fs, directory, GENERATIONS));
  return generations && closing(fs, generations, use);
}

/** What stands where a symlink has to be. */
export function obstacle(path: string): PosternError {
  return new PosternError(
    "CannotWrite",
    `${quote(path)} is in the way: expected a symbolic link that postern made, or nothing`,
    { hint: `look at what is in it, then move it away: mv ${quote(path)} ELSEWHERE` },
  );
}

function readCurrentIn(tree: Tree, directory: Directory, group: GroupName): Current {
  const id = readCurrentId(tree, directory);
  if (id === undefined) return { kind: "none" };
  const path = `${directory.path}/${CURRENT}`;
  if (id === "odd")
    return { kind: "refused", id: undefined, why: `${quote(path)} leads to no generation` };
  const refused = (why: string): Current => ({
    kind: "refused",
    id,
    why: `${quote(path)}: ${why}`,
  });
  const generations = openChild(tree.fs, directory, GENERATIONS);
  if (generations === undefined) return refused("it leads nowhere");
  return closing(tree.fs, generations, () => {
    if (lookUp(tree.fs, generations, id)?.kind !== "directory") return refused("it leads nowhere");
    const manifest = readManifest(tree, generations, group, id);
    if (typeof manifest === "string") return refused(manifest);
    return {
      kind: "generation",
      generation: { id, path: `${generations.path}/${id}`, manifest },
    };
  });
}
