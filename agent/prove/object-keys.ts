/**
 * Keys of objects that stand for all: one for each way in which the documents and the map can take a key.
 *
 * 1. The patterns of the documents that objects of a bucket are compared with, and the map's own.
 * 2. A shortest key for each combination of them that any key has (words.ts).
 * 3. Near misses of the map's prefixes and keys, which would be read as witnesses by people.
 * 4. Of keys that the same patterns match and that lie in the same place, one.
 * @module
 */
import type { AccessMap, Group } from "../map/access-map.ts";
import { holdsKey } from "../map/reach.ts";
import { globOf, literalTokens, matchesGlob, RUN, wildTokens } from "../policy/glob.ts";
import type { ObjectSet } from "./obligation.ts";
import { wordsOf } from "./words.ts";

/** Where a key lies: in a group, at the root of one, or in none. */
export interface KeyPlace {
  readonly group: Group | undefined;
  /** The prefix itself, an object with an empty name: nobody's secret, but below what readers are granted. */
  readonly isRoot: boolean;
}

export function placeOf({ groups }: AccessMap, key: string): KeyPlace {
  const group = groups.find((one) => holdsKey(one, key));
  if (group !== undefined) return { group, isRoot: false };
  const rooted = groups.find(({ reach }) => reach.kind === "prefix" && reach.prefix === key);
  return { group: rooted, isRoot: rooted !== undefined };
}

/** Keys that a careless pattern would take for the group's, and keys of it. */
function probesOf({ groups }: AccessMap): readonly string[] {
  return ["x", "x/y", ...groups.flatMap(({ reach }) => probesOfReach(reach))];
}

function probesOfReach(reach: Group["reach"]): readonly string[] {
  switch (reach.kind) {
    case "prefix": {
      const bare = reach.prefix.slice(0, -1);
      return [
        `${reach.prefix}x`,
        `${reach.prefix}x/y`,
        reach.prefix,
        bare,
        `${bare}-x/y`,
        `${bare}x`,
        `${bare.slice(0, -1)}/x`,
        `${reach.prefix.toUpperCase()}x`,
      ];
    }
    case "only":
      return reach.names.flatMap((name) => around(`${reach.prefix}${name}`));
    case "bundle":
      return around(reach.key);
    default:
      return reach satisfies never;
  }
}

function around(key: string): readonly string[] {
  return [key, `${key}x`, `${key}/x`, key.slice(0, -1), key.toUpperCase()];
}

export interface KeySpace {
  /** One key for each way in which the documents take the keys of the set; of equal sets the same list. */
  readonly keysOf: (set: ObjectSet) => readonly string[];
  /** Why some may be missing. */
  readonly gap: string | undefined;
}

/**
 * @param patterns that the documents compare keys with, as globs over keys
 */
export function keySpaceOf(map: AccessMap, patterns: readonly string[]): KeySpace {
  const wanted = map.expectations.map((one) => one.pattern);
  const all = [...new Set([...patterns, ...wanted, ...map.groups.flatMap(globsOfReach)])];
  const globs = all.map((text) => globOf(wildTokens(text)));
  // an object's key has a character at least
  const { words, isCut } = wordsOf([...all.map(wildTokens), [...literalTokens("x"), RUN]], 1);
  const kept = new Map<string, Kept>();
  for (const key of [...probesOf(map), ...words]) {
    if (key === "") continue;
    const place = placeOf(map, key);
    const matched = globs.map((glob) => (matchesGlob(glob, key) ? "1" : "0")).join("");
    const signature = `${place.group?.name ?? ""} ${place.isRoot} ${matched}`;
    if (!kept.has(signature)) kept.set(signature, { key, place });
  }
  const known = new Map<string, readonly string[]>();
  const keysIn = (set: ObjectSet): readonly string[] =>
    set.kind === "arns"
      ? set.arns
      : [...kept.values()].filter((one) => isIn(set, one)).map(({ key }) => key);
  return {
    keysOf: (set) => {
      const name = nameOf(set);
      const keys = known.get(name) ?? keysIn(set);
      known.set(name, keys);
      return keys;
    },
    gap: isCut ? "patterns of keys with too many combinations" : undefined,
  };
}

/** Equal for equal sets. */
function nameOf(set: ObjectSet): string {
  switch (set.kind) {
    case "groups":
      return `groups ${set.withRoot} ${[...set.names].join()}`;
    case "outside":
    case "everywhere":
      return set.kind;
    case "pattern":
      return `pattern ${set.pattern}`;
    case "arns":
      return `arns ${set.arns.join()}`;
    default:
      return set satisfies never;
  }
}

interface Kept {
  readonly key: string;
  readonly place: KeyPlace;
}

function globsOfReach({ reach }: Group): readonly string[] {
  switch (reach.kind) {
    case "prefix":
      return [`${reach.prefix}*`];
    case "only":
      return reach.names.map((name) => `${reach.prefix}${name}`);
    case "bundle":
      return [reach.key];
    default:
      return reach satisfies never;
  }
}

function isIn(set: ObjectSet, { key, place: { group, isRoot } }: Kept): boolean {
  switch (set.kind) {
    case "groups":
      return group !== undefined && set.names.has(group.name) && (set.withRoot || !isRoot);
    case "outside":
      return group === undefined;
    case "everywhere":
      return true;
    case "arns":
      return false;
    case "pattern":
      return set.pattern.endsWith("*")
        ? key.startsWith(set.pattern.slice(0, -1))
        : key === set.pattern;
    default:
      return set satisfies never;
  }
}
