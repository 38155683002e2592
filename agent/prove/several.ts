/**
 * Keys of several values: the sets of values that are told apart by set operators.
 * @module
 */
import type { Context } from "../policy/context.ts";
import type { ConditionAtom } from "./atoms.ts";
import type { Group, Member, ScopedKey } from "./groups.ts";
import type { Values } from "./request-class.ts";

/** Whether the key may have more than one value: so the class says, or all that ask of it are set operators. */
export function takesSeveral(key: ScopedKey, group: Group): boolean {
  if (key.constraint?.kind !== "free") return false;
  const asked = conditionsOn(key, group);
  const isVariable = membersOf(group).some(
    ({ link, atom }) => isIn(key, link, atom.keys) && !asked.some((one) => one.atom === atom),
  );
  const hasSets = asked.some(({ atom }) => atom.condition.operator.set !== undefined);
  const hasPlain = asked.some(({ atom }) => isPlain(atom));
  return !isVariable && (key.constraint.several ?? (hasSets && !hasPlain));
}

function isPlain({ condition: { operator } }: ConditionAtom): boolean {
  return operator.set === undefined && operator.name !== "Null";
}

function membersOf({ members, where }: Group): readonly Member[] {
  return [...members, ...where];
}

function isIn(key: ScopedKey, link: number, names: readonly string[]): boolean {
  return key.links.includes(link) && names.includes(key.name);
}

interface Asking {
  readonly link: number;
  readonly atom: ConditionAtom;
}

/** The conditions on the key itself. */
function conditionsOn(key: ScopedKey, group: Group): readonly Asking[] {
  return membersOf(group).flatMap(({ link, atom }) =>
    atom.kind === "condition" && isIn(key, link, [atom.condition.lowerKey]) ? [{ link, atom }] : [],
  );
}

// the sets over one list of names are some dozens
const SETS = 4096;

/**
 * What a set operator says of a set follows from what it says of each value alone: so the ways in which all of them
 * can turn out are found by adding one value after the other, until there is no new one.
 */
export function severalOf(
  key: ScopedKey,
  words: readonly string[],
  group: Group,
  contexts: readonly Context[],
): { readonly values: readonly Values[]; readonly gap: string | undefined } {
  const asked = conditionsOn(key, group);
  const values: Values[] = [[], ...(words.includes("") ? [[""]] : [])];
  if (asked.some(({ atom }) => isPlain(atom)))
    return {
      values: [...values, ...words.map((word) => [word])],
      gap: `several values of ${key.name} under an operator for one`,
    };
  const sets = asked.filter(({ atom }) => atom.condition.operator.set !== undefined);
  const isAll = sets.map(({ atom }) => atom.condition.operator.set === "all");
  const singles = words
    .filter((word) => word !== "")
    .map((word) => ({
      word,
      truths: sets.map(({ link, atom }) =>
        atom.holds(new Map([...(contexts[link] ?? []), [key.name, [word]]])),
      ),
    }));
  const found = new Map<string, { readonly values: Values; readonly truths: readonly boolean[] }>();
  const queue = singles.map(({ word, truths }) => ({ values: [word], truths }));
  for (const one of queue) {
    const signature = one.truths.map(Number).join("");
    if (found.has(signature)) continue;
    if (found.size >= SETS)
      return { values: [...values, ...valuesIn(found)], gap: `too many sets of ${key.name}` };
    found.set(signature, one);
    for (const { word, truths } of singles)
      if (!one.values.includes(word))
        queue.push({
          values: [...one.values, word],
          truths: truths.map((truth, at) => {
            const before = one.truths[at] ?? false;
            return isAll[at] === true ? truth && before : truth || before;
          }),
        });
  }
  return { values: [...values, ...valuesIn(found)], gap: undefined };
}

function valuesIn(found: ReadonlyMap<string, { readonly values: Values }>): readonly Values[] {
  return [...found.values()].map((one) => one.values);
}
