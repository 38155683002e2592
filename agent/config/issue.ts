/** What is wrong with a config, and where: gathered over all files, told at once. @module */
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";

/** One step into a document: a mapping's key or a sequence's index. */
export type PathPart = string | number;

export interface Issue {
  readonly file: string;
  /** From 1; 0 when the whole file is meant. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly path: readonly PathPart[];
  /** `expected …, got …` */
  readonly message: string;
}

/**
 * The issues as lines `file:line:column: path: expected …, got …`, by file and place, each said once.
 *
 * @param files the order of the files
 */
export function encodeIssues(issues: readonly Issue[], files: readonly string[]): string[] {
  const sorted = issues.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
  return [...new Set(sorted.map(encodeIssue))];
}

/** `groups.web.files["site.key"].path`: keys that are not plain words are quoted, indexes bracketed. */
function encodePath(path: readonly PathPart[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (!/^[\w-]+$/.test(part)) text += `[${quote(part)}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** What stands in the document, for `got …`: a type, and the value where it is short. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string")
    return quote(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === "number" || typeof value === "boolean") return `${typeof value} ${value}`;
  return Array.isArray(value) ? "a list" : "a mapping";
}

/** `; did you mean "prefix"?` when one of `words` is near enough to `word`, else nothing. */
export function didYouMean(word: string, words: readonly string[]): string {
  const near = nearestWord(word, words);
  return near === undefined ? "" : `; did you mean ${quote(near)}?`;
}

function encodeIssue({ file, line, column, path, message }: Issue): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return path.length === 0 ? `${place}: ${message}` : `${place}: ${encodePath(path)}: ${message}`;
}
