/**
 * For a group of atoms, one assignment of its keys for each way in which the atoms can turn out.
 * @module
 */
import type { Context } from "../policy/context.ts";
import { candidatesOf, type FindWords } from "./candidates.ts";
import type { Group, ScopedKey } from "./groups.ts";
import type { Values } from "./request-class.ts";

export interface Assignment {
  /** Of the group's keys, by link. */
  readonly contexts: readonly Context[];
  /** By member of the group. */
  readonly truths: readonly boolean[];
}

export interface Representatives {
  readonly assignments: readonly Assignment[];
  /** Why there may be others; undefined when these are all. */
  readonly gap: string | undefined;
}

// 2^16: two tied keys of 255 values each, decided in some hundred milliseconds
export const ASSIGNMENTS = 65_536;

/** @throws {PosternError} BadData for a value of the class that is of the wrong type */
export function representativesOf(
  group: Group,
  links: number,
  findWords: FindWords,
): Representatives {
  const found = new Map<string, Assignment>();
  const contexts = Array.from({ length: links }, () => new Map<string, Values>());
  const free = [...group.keys.keys()].filter((at) => group.keys[at]?.constraint?.kind === "free");
  let gap: string | undefined;
  let tried = 0;
  for (const settled of product(choicesOf(group))) {
    for (const { places, values } of settled) put(contexts, group.keys, places, values);
    const candidates = candidatesOf(group, contexts, free, findWords);
    gap ??= candidates.gap;
    for (const values of product(candidates.values)) {
      tried += 1;
      if (tried > ASSIGNMENTS) {
        gap = `more than ${ASSIGNMENTS} assignments of ${group.keys.map((key) => key.name).join(", ")}`;
        return { assignments: [...found.values()], gap };
      }
      put(contexts, group.keys, free, values);
      keep(group, contexts, found);
    }
    put(contexts, group.keys, free, []);
  }
  return { assignments: [...found.values()], gap };
}

/** The first assignment of each way is kept, of those that the class has. */
function keep(
  { members, where }: Group,
  contexts: readonly Context[],
  found: Map<string, Assignment>,
): void {
  const none: Context = new Map();
  if (!where.every(({ link, atom }) => atom.holds(contexts[link] ?? none))) return;
  const truths = members.map(({ link, atom }) => atom.holds(contexts[link] ?? none));
  const signature = truths.map(Number).join("");
  if (!found.has(signature))
    found.set(signature, { contexts: contexts.map((one) => new Map(one)), truths });
}

interface Choice {
  readonly places: readonly number[];
  readonly values: readonly Values[];
}

/** What the keys that are not free can be given, by what is chosen at once. */
function choicesOf({ keys, correlations }: Group): readonly (readonly Choice[])[] {
  return [
    ...correlations.map(({ places, rows }) => rows.map((values) => ({ places, values }))),
    ...[...keys.entries()].flatMap(([at, { constraint }]) =>
      constraint?.kind === "one of"
        ? [constraint.alternatives.map((values) => ({ places: [at], values: [values] }))]
        : [],
    ),
  ];
}

/** Gives the keys at `places` their values; a key that is given none is absent. */
function put(
  contexts: readonly Map<string, Values>[],
  keys: readonly ScopedKey[],
  places: readonly number[],
  values: readonly Values[],
): void {
  for (const [at, place] of places.entries()) {
    const key = keys[place];
    const given = values[at] ?? [];
    for (const link of key?.links ?? []) {
      if (key === undefined) continue;
      if (given.length === 0) contexts[link]?.delete(key.name);
      else contexts[link]?.set(key.name, given);
    }
  }
}

/** Every way of taking one of each list; none at all where a list is empty. */
function* product<Item>(lists: readonly (readonly Item[])[]): Generator<readonly Item[]> {
  const [first, ...others] = lists;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const item of first) for (const rest of product(others)) yield [item, ...rest];
}
