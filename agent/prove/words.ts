/**
 * Strings that realise every combination in which patterns can match.
 *
 * The patterns run side by side as one automaton, whose states are the positions reached in each of them. From a
 * state only the characters that some pattern waits for lead to different states, and all others to one and the
 * same; so a breadth-first search over those and a few others finds a shortest string for every combination that
 * any string whatsoever has.
 * @module
 */
import { literalTokens, ONE, RUN } from "../policy/glob.ts";

/**
 * A pattern's code units, wildcards as in policy/glob.ts, and here besides: wildcards that match no colon, as those
 * of an ARN's first segments, and letters in either case.
 */
export type PatternTokens = readonly number[];

const RUN_WITHIN_SEGMENT = -3;
const ONE_WITHIN_SEGMENT = -4;
const EITHER_CASE = 0x1_0000;
const COLON = ":".charCodeAt(0);
const KELVIN = 0x212a;

/** The token that matches `unit` in either case; only for ASCII. */
export function eitherCase(unit: number): number {
  return EITHER_CASE + lowerOf(unit);
}

function lowerOf(unit: number): number {
  return unit >= 65 && unit <= 90 ? unit + 32 : unit;
}

export interface Words {
  /** By combination, shortest first: as many as were asked for, or all that there are. */
  readonly words: readonly string[];
  /** The automaton has more states than are looked at: combinations may be missing. */
  readonly isCut: boolean;
}

// positions that are stepped from: 100 ARNs take some 10,000; patterns with many "*" inside can multiply
const STEPS = 1_000_000;

/** @param amount how many strings of each combination are wanted */
export function wordsOf(patterns: readonly PatternTokens[], amount: number): Words {
  const start = patterns.map((pattern, at) => ({ at, positions: closed(pattern, [0]) }));
  const queue: { readonly state: State; readonly word: string }[] = [{ state: start, word: "" }];
  const visits = new Map<string, number>([[keyOf(start), 1]]);
  const found = new Map<string, number>();
  const words: string[] = [];
  let steps = 0;
  for (let head = 0; head < queue.length; head += 1) {
    const { state, word } = queue[head] ?? { state: [], word: "" };
    const matched = state
      .filter(({ at, positions }) => positions.includes(patterns[at]?.length ?? 0))
      .map(({ at }) => at)
      .join(",");
    const before = found.get(matched) ?? 0;
    if (before < amount) words.push(word);
    found.set(matched, before + 1);
    for (const unit of unitsFrom(patterns, state, amount)) {
      for (const { positions } of state) steps += positions.length;
      if (steps > STEPS) return { words, isCut: true };
      const next = step(patterns, state, unit);
      const key = keyOf(next);
      const seen = visits.get(key) ?? 0;
      if (seen >= amount) continue;
      visits.set(key, seen + 1);
      queue.push({ state: next, word: word + String.fromCharCode(unit) });
    }
  }
  return { words, isCut: false };
}

/** The patterns that can still match, with the positions reached in each. */
type State = readonly { readonly at: number; readonly positions: readonly number[] }[];

function keyOf(state: State): string {
  return state.map(({ at, positions }) => `${at}:${positions.join(".")}`).join(" ");
}

function isRun(token: number | undefined): boolean {
  return token === RUN || token === RUN_WITHIN_SEGMENT;
}

/** With the positions behind a run, which may be empty. */
function closed(pattern: PatternTokens, positions: readonly number[]): readonly number[] {
  const all = new Set<number>();
  for (const position of positions) {
    let at = position;
    all.add(at);
    while (isRun(pattern[at])) {
      at += 1;
      all.add(at);
    }
  }
  return [...all].sort((one, other) => one - other);
}

function step(patterns: readonly PatternTokens[], state: State, unit: number): State {
  return state.flatMap(({ at, positions }) => {
    const pattern = patterns[at] ?? [];
    const next = positions.flatMap((position) => {
      const token = pattern[position];
      if (token === undefined || !takes(token, unit)) return [];
      return [isRun(token) ? position : position + 1];
    });
    return next.length === 0 ? [] : [{ at, positions: closed(pattern, next) }];
  });
}

function takes(token: number, unit: number): boolean {
  if (token === RUN || token === ONE) return true;
  if (token === RUN_WITHIN_SEGMENT || token === ONE_WITHIN_SEGMENT) return unit !== COLON;
  if (token < EITHER_CASE) return token === unit;
  return token - EITHER_CASE === (unit === KELVIN ? "k".charCodeAt(0) : lowerOf(unit));
}

/** Those that some pattern waits for, and `amount` others. */
function unitsFrom(
  patterns: readonly PatternTokens[],
  state: State,
  amount: number,
): readonly number[] {
  const wanted = new Set<number>();
  for (const { at, positions } of state)
    for (const position of positions) {
      const token = patterns[at]?.[position];
      if (token === undefined) continue;
      for (const unit of unitsOf(token)) wanted.add(unit);
    }
  const others: number[] = [];
  for (let at = 0; others.length < amount; at += 1) {
    const unit = OTHERS.charCodeAt(at) || 0x100 + at;
    if (!wanted.has(unit)) others.push(unit);
  }
  // a plain character before the odd ones: witnesses are read by people
  return [...others, ...wanted];
}

const OTHERS = "xyzwvutsrqponmlkjihgfedcba0123456789";

function unitsOf(token: number): readonly number[] {
  if (token === RUN_WITHIN_SEGMENT || token === ONE_WITHIN_SEGMENT) return [COLON];
  if (token < 0) return [];
  if (token < EITHER_CASE) return [token];
  const lower = token - EITHER_CASE;
  if (lower < 97 || lower > 122) return [lower];
  return lower === "k".charCodeAt(0) ? [lower, lower - 32, KELVIN] : [lower, lower - 32];
}

/** An ARN's first five segments are compared one by one, so that their wildcards end at a colon. */
export function arnTokens(tokens: PatternTokens): PatternTokens {
  const colons = [...tokens.keys()].filter((at) => tokens[at] === COLON);
  const fifth = colons[4];
  if (fifth === undefined) return tokens;
  return tokens.map((token, at) => {
    if (at > fifth || token >= 0) return token;
    return token === RUN ? RUN_WITHIN_SEGMENT : ONE_WITHIN_SEGMENT;
  });
}

/** Any ARN: `arn:partition:service:region:account:resource`, of which service and resource are not empty. */
export const ANY_ARN: PatternTokens = [
  ...literalTokens("arn:"),
  RUN_WITHIN_SEGMENT,
  COLON,
  ONE_WITHIN_SEGMENT,
  RUN_WITHIN_SEGMENT,
  COLON,
  RUN_WITHIN_SEGMENT,
  COLON,
  RUN_WITHIN_SEGMENT,
  COLON,
  ONE,
  RUN,
];
