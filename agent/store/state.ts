/**
 * `state/GROUP`: one line for readers that have no JSON parser, such as a shell.
 *
 *     STATE LAST_SUCCESS FRESH_UNTIL GENERATION
 *     fresh 1793000000 1793003600 7f3a9c51e0b2
 *
 * Times are epoch seconds, 0 for never; the generation is "-" when there is none. And `status.json`, whose
 * words are the caller's.
 * @module
 */
import { GROUP_STATES, type Standing } from "../core/group-state.ts";
import type { GroupName } from "../core/names.ts";
import { readOwnFile, replaceFile } from "./durable-file.ts";
import { guarded } from "./fault.ts";
import { STATUS } from "./layout.ts";
import { type GenerationId, parseGenerationId } from "./target.ts";
import type { Tree } from "./tree.ts";

/** What the line says. */
export interface StateLine {
  readonly standing: Standing;
  readonly generation: GenerationId | undefined;
}

/** Times lose their milliseconds, downward: no reader takes a set for fresh longer than it is. */
export function encodeState({ standing, generation }: StateLine): string {
  const { state, lastSuccess, freshUntil } = standing;
  return `${state} ${toSeconds(lastSuccess)} ${toSeconds(freshUntil)} ${generation ?? "-"}\n`;
}

/** What `text` says, or undefined when `encodeState` did not write it. */
export function parseState(text: string): StateLine | undefined {
  const match = /^([a-z]+) (\d{1,13}) (\d{1,13}) ([0-9a-f]{12}|-)\n$/.exec(text);
  const state = GROUP_STATES.find((known) => known === match?.[1]);
  if (state === undefined || match === null) return undefined;
  return {
    standing: { state, lastSuccess: fromSeconds(match[2]), freshUntil: fromSeconds(match[3]) },
    generation: parseGenerationId(match[4] ?? ""),
  };
}

/** @throws {PosternError} CannotWrite when the kernel refuses */
export function writeState(tree: Tree, group: GroupName, line: StateLine): void {
  const { standings } = tree;
  guarded(`${standings.path}/${group}`, () =>
    replaceFile(tree, standings, group, Buffer.from(encodeState(line)), 0o644),
  );
}

/** The group's line, or undefined when there is none that this user wrote. */
export function readState(tree: Tree, group: GroupName): StateLine | undefined {
  const { fs, standings, uid } = tree;
  const bytes = guarded(`${standings.path}/${group}`, () =>
    readOwnFile(fs, standings, group, { uid, maxBytes: 128, readable: "by all" }),
  );
  return bytes && parseState(bytes.toString("utf8"));
}

/** @throws {PosternError} CannotWrite when the kernel refuses */
export function writeStatus(tree: Tree, text: string): void {
  guarded(`${tree.run.path}/${STATUS}`, () =>
    replaceFile(tree, tree.run, STATUS, Buffer.from(text), 0o644),
  );
}

/**
 * The text of `status.json`, or undefined when there is none.
 * @throws {PosternError} UnsafeTree when it is not this user's own file
 */
export function readStatus(tree: Tree): string | undefined {
  const { fs, run, uid } = tree;
  const rules = { uid, maxBytes: MAX_STATUS_BYTES, readable: "by all" } as const;
  return guarded(`${run.path}/${STATUS}`, () => readOwnFile(fs, run, STATUS, rules))?.toString();
}

// far more than a thousand groups need
const MAX_STATUS_BYTES = 4 * 1024 * 1024;

function toSeconds(ms: number | undefined): number {
  return Math.floor((ms ?? 0) / 1000);
}

function fromSeconds(text: string | undefined): number | undefined {
  const seconds = Number(text);
  return seconds === 0 ? undefined : seconds * 1000;
}
