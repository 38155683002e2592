/**
 * The values that the free keys of a group need be given, so that its atoms turn out in every way in which they can.
 *
 * 1. As strings, what patterns match: one string of each combination that has one (words.ts). Where keys are
 *    compared with one another, as many of each combination as there are keys: any values that they can have are then
 *    matched, one to one, by some of these of the same combinations.
 * 2. As numbers, dates, addresses and the like: values.ts, with as many more as the documents have constants, and
 *    those. Patterns with wildcards over such a key are not told apart.
 * 3. A key of several values: sets of these, one for each way in which "any" and "all" over them can turn out.
 * 4. No value.
 * @module
 */
import type { Context } from "../policy/context.ts";
import { ONE, RUN } from "../policy/glob.ts";
import { type Demands, demandsOf } from "./demands.ts";
import type { Group } from "./groups.ts";
import type { Values } from "./request-class.ts";
import { severalOf, takesSeveral } from "./several.ts";
import { type Family, isOf, valuesOf } from "./values.ts";
import { type PatternTokens, wordsOf } from "./words.ts";

export interface Candidates {
  /** By free key, in the order of their places. */
  readonly values: readonly (readonly Values[])[];
  /** Why they may not be all that are needed. */
  readonly gap: string | undefined;
}

/** Remembers the words of patterns, which are the same whatever values the other keys have. */
export type FindWords = (demands: Demands, free: number) => Words;

/**
 * @param contexts by link, with the values of all keys that are not free
 * @param free the places of those that are
 */
export function candidatesOf(
  group: Group,
  contexts: readonly Context[],
  free: readonly number[],
  findWords: FindWords,
): Candidates {
  const demands = demandsOf(group, contexts, free);
  const { words, gap } = findWords(demands, free.length);
  let missing = demands.gap ?? gap;
  const values = free.map((at) => {
    const key = group.keys[at];
    const families = [...(demands.families.get(at) ?? [])];
    const own = words.filter((word) => families.every((family) => isOf(family, word)));
    const single = [[], ...own.map((word) => [word])];
    if (key === undefined || !takesSeveral(key, group)) return single;
    const sets = severalOf(key, own, group, contexts);
    missing ??= sets.gap;
    return sets.values;
  });
  return { values, gap: missing };
}

export interface Words {
  readonly words: readonly string[];
  readonly gap: string | undefined;
}

/** Whether a string is empty is told apart always: some operators take an empty one for none. */
const ANY_BUT_EMPTY: PatternTokens = [ONE, RUN];

export function newWordFinder(): FindWords {
  const known = new Map<string, Words>();
  return (demands, free) => {
    const { patterns, areTied, constants } = demands;
    const families = [...demands.families].map(([at, one]) => [at, ...one]);
    const signature = JSON.stringify([patterns, areTied, constants, families, free]);
    const found = known.get(signature) ?? findWords(demands, free);
    known.set(signature, found);
    return found;
  };
}

function findWords({ patterns, areTied, families, constants }: Demands, free: number): Words {
  const all = new Set([...families.values()].flatMap((one) => [...one]));
  const typed = [...all].filter((one) => one !== "arn");
  const amount = areTied ? free : 1;
  const [family, ...others] = typed;
  if (family === undefined) {
    const { words, isCut } = wordsOf([ANY_BUT_EMPTY, ...patterns], amount);
    return {
      words: emptyLast(words),
      gap: isCut ? "patterns of too many combinations" : undefined,
    };
  }
  const literals = patterns.filter((one) => one.every((token) => token >= 0 && token <= 0xffff));
  // each kind of value is as large as if all literals were of it
  const wanted = amount + literals.length;
  const words = typed.flatMap((one) => [...valuesOf(one, constants, wanted)]);
  const strings = wordsOf([ANY_BUT_EMPTY, ...literals], amount).words;
  return {
    words: emptyLast([...new Set([...words, ...literals.map(textOf), ...strings])]),
    gap: gapAmong(family, others, all, literals.length < patterns.length, constants),
  };
}

// longer ones are not written without an exponent for certain
const LONGEST_NUMBER = 15;

function gapAmong(
  family: Family,
  others: readonly Family[],
  all: ReadonlySet<Family>,
  hasWildcards: boolean,
  constants: readonly string[],
): string | undefined {
  if (others.length > 0 || all.has("arn"))
    return `a value that is compared as ${[...all].join(" and as ")}`;
  if (hasWildcards) return `a value that is compared as ${family} and with wildcards`;
  return family === "number" && constants.some((one) => one.length > LONGEST_NUMBER)
    ? `a number of more than ${LONGEST_NUMBER} characters`
    : undefined;
}

/** Of two values that decide alike the first is shown. */
function emptyLast(words: readonly string[]): readonly string[] {
  return [...words.filter((one) => one !== ""), ...words.filter((one) => one === "")];
}

function textOf(tokens: PatternTokens): string {
  return tokens.map((token) => String.fromCharCode(token)).join("");
}
