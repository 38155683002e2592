/**
 * Strings that realise every combination in which patterns can match.
 *
 * The patterns run side by side as one automaton: a tree of their tokens, in which patterns that begin alike share
 * what they begin with, and whose states are the places reached in it. From a state only the characters that some
 * pattern waits for lead to different states, and all others to one and the same; so a breadth-first search over
 * those and a few others finds a shortest string for every combination that any string whatsoever has.
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

// places that are stepped from: 100 ARNs take some 1,000; patterns with many "*" inside can multiply
const STEPS = 1_000_000;

/** @param amount how many strings of each combination are wanted */
export function wordsOf(patterns: readonly PatternTokens[], amount: number): Words {
  const start = closed([treeOf(patterns)]);
  const queue: { readonly state: State; readonly word: string }[] = [{ state: start, word: "" }];
  const visits = new Map<string, number>([[keyOf(start), 1]]);
  const found = new Map<string, number>();
  const words: string[] = [];
  let steps = 0;
  for (let head = 0; head < queue.length; head += 1) {
    const { state, word } = queue[head] ?? { state: [], word: "" };
    const matched = keyOf(state.filter(({ isEnd }) => isEnd));
    const before = found.get(matched) ?? 0;
    if (before < amount) words.push(word);
    found.set(matched, before + 1);
    for (const unit of unitsFrom(state, amount)) {
      steps += state.length;
      if (steps > STEPS) return { words, isCut: true };
      const next = step(state, unit);
      const key = keyOf(next);
      const seen = visits.get(key) ?? 0;
      if (seen >= amount) continue;
      visits.set(key, seen + 1);
      queue.push({ state: next, word: word + String.fromCharCode(unit) });
    }
  }
  return { words, isCut: false };
}

/** A place in the tree of all patterns. */
interface Place {
  readonly id: number;
  /** The run that led here: its characters lead here again. */
  readonly run: number | undefined;
  /** Places behind a run, which may be empty. */
  readonly runs: Map<number, Place>;
  /** By token that takes one character. */
  readonly next: Map<number, Place>;
  /** Whether a pattern ends here. */
  isEnd: boolean;
}

function treeOf(patterns: readonly PatternTokens[]): Place {
  let places = 0;
  const newPlace = (run: number | undefined): Place => {
    places += 1;
    return { id: places, run, runs: new Map(), next: new Map(), isEnd: false };
  };
  const root = newPlace(undefined);
  for (const pattern of patterns) {
    let place = root;
    for (const token of pattern) {
      const among = isRun(token) ? place.runs : place.next;
      let child = among.get(token);
      if (child === undefined) {
        child = newPlace(isRun(token) ? token : undefined);
        among.set(token, child);
      }
      place = child;
    }
    place.isEnd = true;
  }
  return root;
}

/** Places that can still lead to the end of a pattern, in the order of their ids. */
type State = readonly Place[];

function keyOf(state: State): string {
  return state.map(({ id }) => id).join(" ");
}

function isRun(token: number | undefined): boolean {
  return token === RUN || token === RUN_WITHIN_SEGMENT;
}

/** With the places behind runs, each once. */
function closed(places: readonly Place[]): State {
  const all = new Set(places);
  // a set that grows is walked to its end
  for (const { runs } of all) for (const place of runs.values()) all.add(place);
  return [...all].sort((one, other) => one.id - other.id);
}

function step(state: State, unit: number): State {
  const reached: Place[] = [];
  for (const place of state) {
    if (place.run !== undefined && takes(place.run, unit)) reached.push(place);
    for (const [token, next] of place.next) if (takes(token, unit)) reached.push(next);
  }
  return closed(reached);
}

/** Whether one character of a token, or of a run, may be this. */
function takes(token: number, unit: number): boolean {
  if (token === RUN || token === ONE) return true;
  if (token === RUN_WITHIN_SEGMENT || token === ONE_WITHIN_SEGMENT) return unit !== COLON;
  if (token < EITHER_CASE) return token === unit;
  return token - EITHER_CASE === (unit === KELVIN ? "k".charCodeAt(0) : lowerOf(unit));
}

/** Those that some pattern waits for, and `amount` others. */
function unitsFrom(state: State, amount: number): readonly number[] {
  const wanted = new Set<number>();
  for (const { run, next } of state) {
    if (run === RUN_WITHIN_SEGMENT) wanted.add(COLON);
    for (const token of next.keys()) for (const unit of unitsOf(token)) wanted.add(unit);
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
  if (token === ONE_WITHIN_SEGMENT) return [COLON];
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
