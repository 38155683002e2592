import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.ts";

/** The text of a page, by its path from the root. */
export function readPage(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The fenced blocks of a language, in their order. */
export function blocksOf(page: string, language: string): readonly string[] {
  const blocks = page.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms);
  return [...blocks].filter(([, , of]) => of === language).map(([, , , text = ""]) => text);
}

/** What stands below a second-level heading, up to the next. */
export function sectionOf(page: string, title: string): string {
  const after = page.split(`\n## ${title}\n`)[1] ?? "";
  return after.split("\n## ")[0] ?? "";
}

/** The cells of every table row below its heads, trimmed, without the marks of code. */
export function rowsOf(page: string): readonly (readonly string[])[] {
  return page
    .split("\n")
    .filter((line, at, lines) => isRow(line) && !isRule(line) && !isRule(lines[at + 1] ?? ""))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

function isRow(line: string): boolean {
  return line.startsWith("| ");
}

function isRule(line: string): boolean {
  return /^\|( -+ \|)+$/.test(line);
}
