/** Requests that are decided together, and what is left to decide of them. @module */
import type { Context } from "../policy/context.ts";
import { evaluate } from "../policy/evaluate.ts";
import type { Policies } from "../policy/request.ts";
import type { Verdict } from "../policy/verdict.ts";
import type { Member } from "./groups.ts";
import type { Remainder } from "./relevance.ts";
import { type RequestClass, requestOf } from "./request-class.ts";
import type { Has, Slot } from "./search.ts";

export interface Link {
  readonly policies: Policies;
  readonly requestClass: RequestClass;
}

/**
 * Requests that are made one after the other, as a read of S3 and then its decryption: allowed if all are. Each has
 * a context of its own, but for the keys that are shared.
 */
export interface Chain {
  readonly links: readonly Link[];
  /** In lower case; the same in all links, absent in all or none. */
  readonly shared: ReadonlySet<string>;
}

export type Decision = Verdict["decision"];

/** How a chain is to be decided. */
export interface Goal {
  readonly ofLink: (link: number) => Decision;
  /** @param allowed by link */
  readonly isMet: (allowed: readonly boolean[]) => boolean;
}

/** Allowed, all of them; or denied, whichever. */
export function wholly(decision: Decision): Goal {
  return {
    ofLink: () => decision,
    isMet: (allowed) => allowed.every(Boolean) === (decision === "allow"),
  };
}

/** Each link in its own way. */
export function linkByLink(wanted: readonly Decision[]): Goal {
  return {
    ofLink: (link) => wanted[link] ?? "allow",
    isMet: (allowed) => allowed.every((one, link) => one === (wanted[link] === "allow")),
  };
}

/** What is left to decide of one link. */
export interface LinkProblem extends Pick<Remainder, "conditionals" | "failing"> {
  /** With those conditionals that hold. */
  readonly isAllowed: (has: (at: number) => boolean | undefined) => boolean;
}

export function linkProblemOf(
  { policies, requestClass }: Link,
  remainderOf: (policies: Policies, requestClass: RequestClass) => Remainder,
): LinkProblem {
  const { conditionals, failing, withThose } = remainderOf(policies, requestClass);
  const request = requestOf(requestClass, NO_CONTEXT);
  return {
    conditionals,
    failing,
    isAllowed: (has) =>
      evaluate(
        request,
        withThose((at) => has(at) === true),
      ).decision === "allow",
  };
}

/** What is left to decide of a chain. */
export interface Problem {
  readonly goal: Goal;
  readonly slots: readonly Slot[];
  /** What all slots ask, each once. */
  readonly members: readonly Member[];
  /** Whether the chain is decided as wanted when those slots hold. */
  readonly isDecided: (has: Has) => boolean;
  /** How often it was asked. */
  readonly decisions: () => number;
}

export function problemOf(links: readonly LinkProblem[], goal: Goal): Problem {
  const slots: Slot[] = [];
  const members = new Map<string, Member>();
  const parts = links.map(({ conditionals, isAllowed }, link) => {
    const first = slots.length;
    for (const { opens, atoms } of conditionals) {
      slots.push({ link, atoms, wanted: opens === (goal.ofLink(link) === "allow") });
      for (const atom of atoms) members.set(`${link} ${atom.id}`, { link, atom });
    }
    return (has: Has): boolean => isAllowed((at) => has(first + at));
  });
  let decisions = 0;
  return {
    goal,
    slots,
    members: [...members.values()],
    isDecided: (has) => {
      decisions += 1;
      return goal.isMet(parts.map((isAllowed) => isAllowed(has)));
    },
    decisions: () => decisions,
  };
}

const NO_CONTEXT: Context = new Map();
