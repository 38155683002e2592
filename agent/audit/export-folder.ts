/** The files of an exported folder. @module */
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { ExportedFile } from "./exported.ts";

// an account's authorization details of 5,000 roles are some 50 MB
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Every JSON file at whatever depth, in the order of their paths.
 * @throws {PosternError} NotFound without such a folder, BadData where nothing is in it
 */
export function readExportFolder(folder: string): readonly ExportedFile[] {
  const paths = listed(folder)
    .filter((path) => path.endsWith(".json"))
    .toSorted();
  if (paths.length === 0)
    throw new PosternError("BadData", `expected files *.json in ${quote(folder)}, got none`);
  let bytes = 0;
  return paths.map((path) => {
    const content = readFileSync(join(folder, path));
    bytes += content.length;
    if (bytes > MAX_BYTES)
      throw new PosternError("TooLarge", `${quote(folder)}: expected at most 256 MiB, got more`);
    return { path: path.split(sep).join("/"), text: content.toString("utf8") };
  });
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (error) {
    throw new PosternError(
      "NotFound",
      `cannot read folder ${quote(folder)}: ${errnoOf(error) ?? "unknown reason"}`,
      { cause: error },
    );
  }
}
