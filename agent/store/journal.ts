/**
 * `destinations.json`: what postern made outside its own trees, so that it knows it again, there or not.
 *
 * Kept with the state that survives a reboot. Each path is written down before anything is made at it: a pass
 * that dies leaves nothing behind that the next one does not find.
 * @module
 */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import {
  type GroupName,
  parseFileName,
  parseGroupName,
  quote,
  type SecretName,
} from "../core/names.ts";
import { readOwnFile, replaceFile } from "./durable-file.ts";
import { guarded } from "./fault.ts";
import { JOURNAL } from "./layout.ts";
import type { Tree } from "./tree.ts";

/** What postern made, or is about to: enough to tell it from what others made. */
export type Mark =
  | { readonly kind: "link"; readonly text: string }
  | {
      readonly kind: "copy";
      readonly group: GroupName;
      readonly name: SecretName;
      /** Bytes. */
      readonly size: number;
      /** See `keyedDigest`. */
      readonly digest: string;
    };

export interface JournalEntry {
  /** Absolute, normalised. */
  readonly path: string;
  readonly group: GroupName;
  /** What was made last, as far as is known. */
  readonly is: Mark | undefined;
  /** What was about to be made; undefined when all is done. */
  readonly becomes: Mark | undefined;
}

// far more than a thousand groups need
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * All entries, in the order of their paths.
 * @throws {PosternError} UnsafeTree or BadData when the file cannot be believed
 */
export function readJournal(tree: Pick<Tree, "fs" | "state" | "uid">): readonly JournalEntry[] {
  const { fs, state, uid } = tree;
  const path = `${state.path}/${JOURNAL}`;
  const rules = { uid, maxBytes: MAX_BYTES, readable: "by owner" } as const;
  const bytes = guarded(path, () => readOwnFile(fs, state, JOURNAL, rules));
  if (bytes === undefined) return [];
  try {
    const { destinations } = v.parse(SCHEMA, JSON.parse(bytes.toString("utf8")));
    return destinations.map((entry) => ({
      path: entry.path,
      group: entry.group,
      is: entry.is,
      becomes: entry.becomes,
    }));
  } catch (cause) {
    throw new PosternError("BadData", `${quote(path)} is not what postern wrote`, {
      cause,
      hint: "remove it: postern then takes for its own only what is exactly as it would make it",
    });
  }
}

/** The file's text: the same for the same entries in any order. */
export function encodeJournal(entries: readonly JournalEntry[]): string {
  const destinations = entries
    .toSorted((one, other) => (one.path < other.path ? -1 : 1))
    .map(({ path, group, is, becomes }) => ({ path, group, is, becomes }));
  return `${JSON.stringify({ version: 1, destinations }, undefined, 2)}\n`;
}

/**
 * Durable when it returns.
 * @throws {PosternError} CannotWrite when the kernel refuses
 */
export function writeJournal(tree: Tree, text: string): void {
  guarded(`${tree.state.path}/${JOURNAL}`, () =>
    replaceFile(tree, tree.state, JOURNAL, Buffer.from(text), 0o600),
  );
}

/** Whether two marks are of the same thing. */
export function sameMark(one: Mark | undefined, other: Mark | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.kind === "link") return other.kind === "link" && one.text === other.text;
  return (
    other.kind === "copy" &&
    one.group === other.group &&
    one.name === other.name &&
    one.digest === other.digest
  );
}

const group = v.pipe(v.string(), v.transform(parseGroupName));
const absolute = v.pipe(
  v.string(),
  v.check((path) => /^(\/[^/\0]+)+$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path)),
);
const mark = v.variant("kind", [
  v.strictObject({ kind: v.literal("link"), text: v.string() }),
  v.strictObject({
    kind: v.literal("copy"),
    group,
    name: v.pipe(v.string(), v.transform(parseFileName)),
    size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  }),
]);
const SCHEMA = v.strictObject({
  version: v.literal(1),
  destinations: v.array(
    v.strictObject({
      path: absolute,
      group,
      is: v.optional(mark),
      becomes: v.optional(mark),
    }),
  ),
});
