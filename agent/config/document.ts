/**
 * One YAML 1.2 document (core schema) as plain data that remembers where everything stands.
 *
 * Refused beside broken syntax: several documents, keys given twice, tags, keys that are not strings, and more
 * aliases than a person writes.
 * @see https://yaml.org/spec/1.2.2/
 * @module
 */
import {
  LineCounter,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Pair,
} from "yaml";
import type { Issue, PathPart } from "./issue.ts";

export interface ConfigDocument {
  readonly file: string;
  /** False when the syntax is too broken to say anything about the content. */
  readonly isReadable: boolean;
  readonly value: unknown;
  readonly issues: readonly Issue[];
  /** An issue at `path`: at the value, at its key, or at the nearest parent that exists. */
  readonly issueAt: (path: readonly PathPart[], message: string, at?: "key" | "value") => Issue;
}

/** Broken syntax makes errors cascade: the first few say it all. */
const MAX_SYNTAX_ISSUES = 20;
/** Anchors share a list of keys or two; thousands of expansions are an attack ("billion laughs"). */
const MAX_ALIASES = 100;

/** Never throws: what is wrong is in `issues`. `file` only names the document. */
export function parseConfigDocument(file: string, text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: "1.2",
    schema: "core",
    stringKeys: true,
    uniqueKeys: true,
    // "silent" would also let a second document pass
    logLevel: "error",
  });
  const place = (offset: number, path: readonly PathPart[], message: string): Issue => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), path, message };
  };
  const faults = [...document.errors, ...document.warnings].slice(0, MAX_SYNTAX_ISSUES);
  const issues = faults.map(({ code, message, pos }) =>
    place(pos[0], [], SYNTAX_MESSAGES[code] ?? `expected valid YAML, got: ${firstLine(message)}`),
  );
  const hostile = protoKeys(document);
  issues.push(
    ...hostile.map((key) => place(startOf(key), [], 'expected another key, got "__proto__"')),
  );
  // after a key given twice the rest of the document still means something
  const readable =
    hostile.length === 0 && document.errors.every(({ code }) => code === "DUPLICATE_KEY");
  const { value, fault } = readable ? plainValue(document) : {};
  if (fault !== undefined) issues.push(place(0, [], fault));
  return {
    file,
    isReadable: readable && fault === undefined,
    value,
    issues,
    issueAt: (path, message, at = "value") => place(offsetOf(document, path, at), path, message),
  };
}

const SYNTAX_MESSAGES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "expected each key once, got it again",
  MULTIPLE_DOCS: "expected one document, got another",
  NON_STRING_KEY: "expected a string as key, got a list or mapping",
  RESOURCE_EXHAUSTION: "expected shallow nesting, got too deep a document",
  TAB_AS_INDENT: "expected spaces as indentation, got a tab",
  TAG_RESOLVE_FAILED: "expected no tag, got one",
};

/** Keys that would change an object's prototype rather than its content. */
function protoKeys(document: Document.Parsed): unknown[] {
  const keys: unknown[] = [];
  visit(document, {
    Pair: (_, pair) => {
      if (keyOf(pair) === "__proto__") keys.push(pair.key);
    },
  });
  return keys;
}

function plainValue(document: Document.Parsed): { value?: unknown; fault?: string } {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { fault: `expected at most ${MAX_ALIASES} aliases, got more` };
  }
}

/** Walks `path` as far as it goes; a key's offset is the key's own, also when its value is missing. */
function offsetOf(
  document: Document.Parsed,
  path: readonly PathPart[],
  at: "key" | "value",
): number {
  let node = resolved(document, document.contents);
  let offset = startOf(node);
  for (const [index, part] of path.entries()) {
    const last = index === path.length - 1;
    const pair = isMap(node) ? node.items.find((item) => keyOf(item) === String(part)) : undefined;
    const next = isSeq(node) ? node.items[Number(part)] : pair?.value;
    if (pair === undefined && next === undefined) return offset;
    node = resolved(document, next);
    // a whole mapping or list is pointed at by its key: its own start is already its first entry
    const byKey = pair !== undefined && (!last || at === "key" || !isScalar(node));
    offset = byKey ? startOf(pair.key) : startOf(next);
  }
  return offset;
}

function resolved(document: Document.Parsed, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function keyOf(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}

function startOf(node: unknown): number {
  return isNodeWithRange(node) ? node.range[0] : 0;
}

function isNodeWithRange(node: unknown): node is Node & { range: [number, number, number] } {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? "";
}
