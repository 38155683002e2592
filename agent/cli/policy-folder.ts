/**
 * A folder of generated files: written whole, and told apart from a folder that somebody else keeps.
 *
 * A list of what was written (`.postern-files`) stays in the folder, so that the next time what is no longer made is
 * removed, and nothing else is.
 * @module
 */
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { DocumentFile } from "../generate/files.ts";

const LIST = ".postern-files";

export interface FolderChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/**
 * What writing `files` would change; nothing is written.
 * @throws {PosternError} CannotWrite for a folder that holds something else
 */
export async function compareFolder(
  folder: string,
  files: readonly DocumentFile[],
): Promise<FolderChanges> {
  const before = await listOf(folder);
  const looked = await Promise.all(
    files.map(async ({ path, text }) => ({ path, text, old: await textOf(join(folder, path)) })),
  );
  const foreign = looked.find(({ path, old }) => old !== undefined && !before.includes(path));
  if (foreign !== undefined) throw occupied(folder, foreign.path);
  return {
    added: looked.filter(({ old }) => old === undefined).map(({ path }) => path),
    changed: looked
      .filter(({ old, text }) => old !== undefined && old !== text)
      .map(({ path }) => path),
    removed: before.filter((path) => !files.some((file) => file.path === path)),
  };
}

/**
 * Writes what `compareFolder` found: each file under another name and then in its place, the list first, so that a
 * next run knows whatever this one wrote, however it ended.
 * @throws {PosternError} CannotWrite
 */
export async function writeFolder(
  folder: string,
  files: readonly DocumentFile[],
  { added, changed, removed }: FolderChanges,
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const paths = files.map(({ path }) => path);
    await writeOver(join(folder, LIST), `${[...paths, ...removed].toSorted().join("\n")}\n`);
    const written = new Set([...added, ...changed]);
    for (const { path, text } of files)
      if (written.has(path)) await writeOver(join(folder, path), text);
    for (const path of removed) await remove(folder, path);
    await writeOver(join(folder, LIST), `${paths.toSorted().join("\n")}\n`);
  } catch (cause) {
    throw new PosternError(
      "CannotWrite",
      `cannot write to ${quote(folder)}: ${errnoOf(cause) ?? "unknown reason"}`,
      { cause },
    );
  }
}

/** With the folders that it leaves empty. */
async function remove(folder: string, path: string): Promise<void> {
  await rm(join(folder, path), { force: true });
  for (let above = dirname(path); above !== "."; above = dirname(above))
    try {
      await rmdir(join(folder, above));
    } catch {
      // something else is in it
      return;
    }
}

async function writeOver(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const other = `${path}.new`;
  await writeFile(other, text);
  await rename(other, path);
}

/** Of an empty or missing folder none. */
async function listOf(folder: string): Promise<readonly string[]> {
  const list = await textOf(join(folder, LIST));
  // what a list names lies in its folder, whoever wrote it
  if (list !== undefined)
    return list.split("\n").filter((path) => path !== "" && !/(^|\/)\.\.(\/|$)|^\//.test(path));
  const entries = await readdir(folder).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return [];
    throw new PosternError(
      "CannotWrite",
      `cannot look into ${quote(folder)}: ${errnoOf(error) ?? "unknown reason"}`,
      { cause: error },
    );
  });
  const [first] = entries;
  if (first !== undefined) throw occupied(folder, first);
  return [];
}

function occupied(folder: string, path: string): PosternError {
  return new PosternError(
    "CannotWrite",
    `${quote(folder)}: expected an empty folder, or one that was generated, got ${quote(path)} in it`,
    { hint: "name another folder" },
  );
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return undefined;
    throw new PosternError(
      "CannotWrite",
      `cannot look at ${quote(path)}: ${errnoOf(error) ?? "unknown reason"}`,
      { cause: error },
    );
  }
}
