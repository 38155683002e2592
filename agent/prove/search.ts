/**
 * Looks for a way in which the groups of atoms can turn out so that the documents decide as wanted.
 *
 * A decision is monotone: one more statement that allows never closes, one more that denies never opens. So of a
 * group only those assignments matter that are best for what is wanted, and groups that are not settled yet may be
 * taken at their best: where even that does not do, nothing below can.
 * @module
 */
import type { Atom } from "./atoms.ts";
import type { Group } from "./groups.ts";
import type { Assignment, Representatives } from "./representatives.ts";

/** A statement or grant, and whether it helps when it holds or when it does not. */
export interface Slot {
  readonly link: number;
  readonly atoms: readonly Atom[];
  readonly wanted: boolean;
}

export interface Settled {
  readonly group: Group;
  readonly representatives: Representatives;
}

/** What is made of groups of which not all assignments are known: those that are, or whatever helps. */
export type Gaps = "as known" | "whatever helps";

export type Outcome =
  | { readonly kind: "found"; readonly assignments: readonly Assignment[]; readonly has: Has }
  | { readonly kind: "none" }
  /** Given up after `DECISIONS`. */
  | { readonly kind: "cut" };

/** Whether the slot at a place holds. */
export type Has = (slot: number) => boolean;

// 2^16 decisions take some hundred milliseconds
export const DECISIONS = 65_536;

/**
 * @param isDecided whether the documents with those slots that hold decide as wanted; called once for each step
 */
export function search(
  slots: readonly Slot[],
  settled: readonly Settled[],
  gaps: Gaps,
  isDecided: (has: Has) => boolean,
): Outcome {
  const fields = settled.map((one) => fieldOf(one, slots, gaps));
  let decisions = 0;
  const descend = (chosen: readonly Option[]): Outcome => {
    decisions += 1;
    if (decisions > DECISIONS) return { kind: "cut" };
    const has = bestOf(slots, fields, chosen);
    if (!isDecided(has)) return { kind: "none" };
    const field = fields[chosen.length];
    if (field === undefined)
      return { kind: "found", assignments: chosen.map((one) => one.assignment), has };
    for (const option of field.options) {
      const outcome = descend([...chosen, option]);
      if (outcome.kind !== "none") return outcome;
    }
    return { kind: "none" };
  };
  return descend([]);
}

/** What one group says of the slots that ask something of it. */
interface Field {
  /** The slots, by place. */
  readonly places: readonly number[];
  readonly options: readonly Option[];
  /** By slot of `places`: whether some option is as wanted there. */
  readonly best: readonly boolean[];
}

interface Option {
  readonly assignment: Assignment;
  /** By slot of the field: whether all that it asks of the group is as wanted. */
  readonly isGood: readonly boolean[];
}

function fieldOf({ group, representatives }: Settled, slots: readonly Slot[], gaps: Gaps): Field {
  const { assignments, gap } = representatives;
  const parts = [...slots.entries()].flatMap(([place, { link, atoms, wanted }]) => {
    const asked = [...group.members.entries()].flatMap(([at, member]) =>
      member.link === link && atoms.includes(member.atom) ? [at] : [],
    );
    return asked.length === 0 ? [] : [{ place, asked, wanted }];
  });
  const options = assignments.map((assignment) => ({
    assignment,
    isGood: parts.map(
      ({ asked, wanted }) => asked.every((at) => assignment.truths[at] === true) === wanted,
    ),
  }));
  const anything = { assignment: { contexts: [], truths: [] }, isGood: parts.map(() => true) };
  const frontier =
    gap !== undefined && gaps === "whatever helps" ? [anything] : undominated(options);
  return {
    places: parts.map(({ place }) => place),
    options: frontier,
    best: parts.map((_, at) => frontier.some((one) => one.isGood[at])),
  };
}

/** Those that no other is at least as good as in everything; of equals the first. */
function undominated(options: readonly Option[]): readonly Option[] {
  const amount = ({ isGood }: Option): number => isGood.filter(Boolean).length;
  const byAmount = options.toSorted((one, other) => amount(other) - amount(one));
  const kept: Option[] = [];
  for (const option of byAmount) {
    const isCovered = kept.some((one) =>
      option.isGood.every((good, at) => !good || one.isGood[at]),
    );
    if (!isCovered) kept.push(option);
  }
  return kept;
}

/** The slots as chosen so far, and at their best where nothing is. */
function bestOf(slots: readonly Slot[], fields: readonly Field[], chosen: readonly Option[]): Has {
  // what is wanted to hold must be good in every group, what is not in one
  const holds = slots.map(() => true);
  for (const [at, { places, best }] of fields.entries()) {
    const goods = chosen[at]?.isGood ?? best;
    for (const [index, place] of places.entries()) {
      const wanted = slots[place]?.wanted ?? true;
      if (goods[index] !== wanted) holds[place] = false;
    }
  }
  return (slot) => holds[slot] ?? false;
}
