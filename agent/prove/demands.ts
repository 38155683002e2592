/**
 * What the atoms of a group compare its free keys with, once the others have their values.
 * @module
 */
import type { Condition } from "../policy/condition.ts";
import type { Context } from "../policy/context.ts";
import { literalTokens } from "../policy/glob.ts";
import { resolveTemplate, type Template } from "../policy/template.ts";
import { type ConditionAtom, typeOf } from "./atoms.ts";
import type { Group, Member } from "./groups.ts";
import { familyOf, type Typed } from "./values.ts";
import { ANY_ARN, arnTokens, eitherCase, type PatternTokens } from "./words.ts";

export interface Demands {
  /** What values are compared with as strings and ARNs, for all keys of the group together. */
  readonly patterns: readonly PatternTokens[];
  /** Whether free keys are compared with one another. */
  readonly areTied: boolean;
  /** By place of a free key: as what its values are taken, besides as strings. */
  readonly families: ReadonlyMap<number, ReadonlySet<Typed>>;
  /** What values of those other kinds are compared with. */
  readonly constants: readonly string[];
  /** Why there is no telling which values matter. */
  readonly gap: string | undefined;
}

/**
 * @param contexts by link, with the values of all keys that are not free
 * @param free the places of those that are
 */
export function demandsOf(
  { keys, members, where }: Group,
  contexts: readonly Context[],
  free: readonly number[],
): Demands {
  const families = new Map(free.map((at) => [at, new Set(keys[at]?.types)]));
  const found: Found = { patterns: new Map(), families, constants: new Set() };
  if ([...families.values()].some((types) => types.has("arn"))) add(ANY_ARN, found);
  const placeOf = (link: number, name: string): number | undefined =>
    free.find((at) => keys[at]?.name === name && keys[at].links.includes(link));
  for (const member of [...members, ...where])
    read(member, contexts[member.link] ?? new Map(), placeOf, found);
  return {
    patterns: [...found.patterns.values()],
    areTied: found.areTied ?? false,
    families: found.families,
    constants: [...found.constants],
    gap: found.gap,
  };
}

interface Found {
  readonly patterns: Map<string, PatternTokens>;
  readonly families: Map<number, Set<Typed>>;
  readonly constants: Set<string>;
  areTied?: boolean;
  gap?: string;
}

type PlaceOf = (link: number, name: string) => number | undefined;

function read({ link, atom }: Member, context: Context, placeOf: PlaceOf, found: Found): void {
  switch (atom.kind) {
    case "condition":
      readCondition(atom, context, (name) => placeOf(link, name), found);
      return;
    case "grant":
      for (const value of atom.wanted.values()) add(literalTokens(value), found);
      return;
    case "resource": {
      const open = atom.keys.find((key) => placeOf(link, key) !== undefined);
      if (open !== undefined) found.gap ??= `a resource with the variable ${open}, of any value`;
      return;
    }
    default:
      atom satisfies never;
  }
}

function readCondition(
  atom: ConditionAtom,
  context: Context,
  placeOf: (name: string) => number | undefined,
  found: Found,
): void {
  const { condition, templates } = atom;
  const { operator, lowerKey, values } = condition;
  const own = placeOf(lowerKey);
  const family = familyOf(operator.name);
  if (own !== undefined && family !== undefined && family !== "string") {
    const type = typeOf(atom);
    if (type !== undefined) found.families.get(own)?.add(type);
    if (family === "arn") add(ANY_ARN, found);
    else for (const value of values) found.constants.add(value);
  }
  for (const template of templates)
    readTemplate(template, { condition, context, isOwnFree: own !== undefined, placeOf }, found);
}

interface Reading {
  readonly condition: Condition;
  readonly context: Context;
  readonly isOwnFree: boolean;
  readonly placeOf: (name: string) => number | undefined;
}

function readTemplate(
  template: Template,
  { condition, context, isOwnFree, placeOf }: Reading,
  found: Found,
): void {
  const { operator, lowerKey } = condition;
  const [part, ...more] = template.parts.filter(
    (one) => one.kind === "tokens" || placeOf(one.key) !== undefined,
  );
  const isOpen = template.parts.some(
    (one) => one.kind === "variable" && placeOf(one.key) !== undefined,
  );
  if (!isOpen) {
    const tokens = isOwnFree ? resolveTemplate(template, context) : undefined;
    if (tokens !== undefined) addCompared(tokens, condition, found);
    return;
  }
  if (part?.kind !== "variable" || more.length > 0 || template.parts.length > 1)
    found.gap ??= `${lowerKey} is compared with a text around the variable ${keyIn(template)}, of any value`;
  else if (operator.name.endsWith("IgnoreCase"))
    found.gap ??= `${lowerKey} is compared without case with the variable ${part.key}, of any value`;
  else if (isOwnFree && operator.set !== undefined)
    found.gap ??= `the values of ${lowerKey} are compared with the variable ${part.key}, of any value`;
  else {
    if (part.fallback !== undefined) addCompared(part.fallback, condition, found);
    if (isOwnFree) found.areTied = true;
    else for (const value of context.get(lowerKey) ?? []) add(literalTokens(value), found);
  }
}

function keyIn({ parts }: Template): string {
  return parts.find((one) => one.kind === "variable")?.key ?? "";
}

/** As the operator takes them. */
function addCompared(tokens: PatternTokens, { operator, lowerKey }: Condition, found: Found): void {
  if (familyOf(operator.name) === "arn") add(arnTokens(tokens), found);
  else if (!operator.name.endsWith("IgnoreCase")) add(tokens, found);
  else if (tokens.every((token) => token < 0x80)) add(tokens.map(foldLetter), found);
  else found.gap ??= `${lowerKey} is compared without case with letters beyond ASCII`;
}

function add(pattern: PatternTokens, found: Found): void {
  found.patterns.set(pattern.join(" "), pattern);
}

function foldLetter(token: number): number {
  return /[A-Za-z]/.test(String.fromCharCode(token)) ? eitherCase(token) : token;
}
