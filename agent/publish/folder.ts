/** A folder of plain files as a set: what is published, and what is compared with S3. @module */
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote, type SecretName } from "../core/names.ts";
import type { Group } from "./group.ts";
import { nameIn } from "./group.ts";

/**
 * Every file below `folder`, under its path from there, also those whose name begins with a dot. The caller wipes
 * them.
 *
 * @throws {PosternError} NotFound for no such folder; BadName for files that no host would take; BadData for what is
 * neither file nor folder; Denied; TooLarge
 */
export async function readFolder(
  folder: string,
  group: Group,
): Promise<ReadonlyMap<SecretName, Buffer>> {
  const paths = await filesBelow(folder);
  const values = new Map<SecretName, Buffer>();
  let room = group.config.maxGroupBytes;
  for (const path of paths.sort()) {
    const name = nameIn(group, path);
    const value = await guarded(join(folder, path), (file) => readFile(file));
    room -= value.length;
    if (room < 0)
      throw new PosternError(
        "TooLarge",
        `${quote(folder)} is too large: expected at most ${group.config.maxGroupBytes} bytes together`,
        { hint: "is it the right folder? raise max_group_size if it is meant to be this large" },
      );
    values.set(name, value);
  }
  return values;
}

async function filesBelow(folder: string, below = ""): Promise<string[]> {
  const here = join(folder, below);
  const entries = await guarded(here, (path) => readdir(path));
  const found: string[] = [];
  for (const entry of entries) {
    const name = below === "" ? entry : `${below}/${entry}`;
    const path = join(folder, name);
    const stats = await guarded(path, (file) => lstat(file));
    if (stats.isDirectory()) found.push(...(await filesBelow(folder, name)));
    else if (stats.isFile()) found.push(name);
    else
      throw new PosternError(
        "BadData",
        `${quote(path)}: expected files and folders, got ${stats.isSymbolicLink() ? "a link" : "neither"}`,
        { hint: "put the file itself there: what a link leads to may change while it is read" },
      );
  }
  return found;
}

async function guarded<T>(path: string, act: (path: string) => Promise<T>): Promise<T> {
  try {
    return await act(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") throw new PosternError("NotFound", `no such folder ${quote(path)}`);
    if (errno === "ENOTDIR")
      throw new PosternError("Usage", `expected a folder, got a file: ${quote(path)}`);
    if (errno === "EACCES") throw new PosternError("Denied", `denied: cannot read ${quote(path)}`);
    throw new PosternError("BadData", `cannot read ${quote(path)}: ${errno ?? "unknown reason"}`, {
      cause: error,
    });
  }
}
