/**
 * Decides all requests of a class at once, and shows one that is decided otherwise.
 *
 * 1. The statements that can matter, bared of what is the same for each request (relevance.ts).
 * 2. What they ask of the context, in groups of atoms that hang together (groups.ts).
 * 3. For each group the ways in which its atoms can turn out (representatives.ts).
 * 4. A search over those (search.ts), in which the evaluator itself decides on the statements that are left.
 * 5. The evaluator confirms the request that was found, with the whole documents.
 *
 * Where a group cannot be told for certain, it is first taken to turn out in whatever way helps: if nothing is found
 * even so, that is certain.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import type { Context } from "../policy/context.ts";
import { evaluate } from "../policy/evaluate.ts";
import type { AccessRequest, Policies } from "../policy/request.ts";
import type { Verdict } from "../policy/verdict.ts";
import { type Atom, newAtoms } from "./atoms.ts";
import { newWordFinder } from "./candidates.ts";
import { type Group, groupsOf, type Member, type Scope } from "./groups.ts";
import { newRelevance, type Remainder } from "./relevance.ts";
import { type Assignment, type Representatives, representativesOf } from "./representatives.ts";
import { type RequestClass, requestOf, type Values } from "./request-class.ts";
import { DECISIONS, type Has, search, type Settled, type Slot } from "./search.ts";

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

export type Finding =
  /** By link; confirmed by the evaluator. */
  | {
      readonly kind: "found";
      readonly requests: readonly AccessRequest[];
      readonly verdicts: readonly Verdict[];
    }
  /** Proved: no request of the class is decided so. */
  | { readonly kind: "none"; readonly decisions: number }
  /** None was found, but not all were looked at. */
  | { readonly kind: "sampled"; readonly reason: string; readonly decisions: number };

export interface Prover {
  /**
   * @throws {PosternError} BadData for a class that holds no request, or a value of it that is of the wrong type
   */
  readonly find: (chain: Chain, decision: Decision) => Finding;
}

/** Remembers what it found out of documents and groups: one prover for many classes. */
export function newProver(): Prover {
  const atoms = newAtoms();
  const remainderOf = newRelevance(atoms);
  const settle = newSettler();
  return {
    find: (chain, decision) => {
      const problem = problemOf(chain, decision, remainderOf);
      const scope = {
        classes: chain.links.map((one) => one.requestClass),
        shared: chain.shared,
        failing: problem.failing,
      };
      const where = scope.classes.flatMap((one, link) =>
        one.where.map((condition) => ({ link, atom: atoms.ofCondition(condition) })),
      );
      for (const group of groupsOf(scope, [], where)) refuseEmpty(settle(group, scope));
      // most classes are settled by which statements there are
      if (!problem.isDecided((slot) => problem.slots[slot]?.wanted ?? false))
        return { kind: "none", decisions: problem.decisions() };
      const groups = groupsOf(scope, problem.members, where);
      return findAmong(
        chain,
        problem,
        groups.map((group) => settle(group, scope)),
      );
    },
  };
}

function newSettler(): (group: Group, scope: Scope) => Settled {
  const findWords = newWordFinder();
  const known = new Map<string, Representatives>();
  return (group, { classes }) => {
    const ids = [group.members, group.where].map((list) =>
      list.map(({ link, atom }) => [link, atom.id]),
    );
    const signature = JSON.stringify([classes.length, group.keys, group.correlations, ids]);
    const representatives =
      known.get(signature) ?? representativesOf(group, classes.length, findWords);
    known.set(signature, representatives);
    return { group, representatives };
  };
}

function refuseEmpty({ group, representatives: { assignments, gap } }: Settled): void {
  if (assignments.length > 0 || gap !== undefined) return;
  const names = group.keys.map((key) => key.name).join(", ");
  throw new PosternError(
    "BadData",
    `a request class holds no request: nothing is left of ${names}`,
  );
}

/** What is left to decide of a chain. */
interface Problem {
  readonly decision: Decision;
  readonly slots: readonly Slot[];
  /** What all slots ask, each once. */
  readonly members: readonly Member[];
  /** By link: what fails for all requests. */
  readonly failing: readonly (readonly Atom[])[];
  /** Whether the chain is decided as wanted when those slots hold. */
  readonly isDecided: (has: Has) => boolean;
  /** How often it was asked. */
  readonly decisions: () => number;
}

function problemOf(
  { links }: Chain,
  decision: Decision,
  remainderOf: (policies: Policies, requestClass: RequestClass) => Remainder,
): Problem {
  const slots: Slot[] = [];
  const members = new Map<string, Member>();
  const parts = links.map(({ policies, requestClass }, link) => {
    const first = slots.length;
    const { conditionals, failing, withThose } = remainderOf(policies, requestClass);
    for (const { opens, atoms } of conditionals) {
      slots.push({ link, atoms, wanted: opens === (decision === "allow") });
      for (const atom of atoms) members.set(`${link} ${atom.id}`, { link, atom });
    }
    const request = requestOf(requestClass, NO_CONTEXT);
    const isAllowed = (has: Has): boolean =>
      evaluate(
        request,
        withThose((at) => has(first + at)),
      ).decision === "allow";
    return { isAllowed, failing };
  });
  let decisions = 0;
  return {
    decision,
    slots,
    members: [...members.values()],
    failing: parts.map((one) => one.failing),
    isDecided: (has) => {
      decisions += 1;
      return parts.every(({ isAllowed }) => isAllowed(has)) === (decision === "allow");
    },
    decisions: () => decisions,
  };
}

const NO_CONTEXT: Context = new Map();

function findAmong(chain: Chain, problem: Problem, settled: readonly Settled[]): Finding {
  const { slots, isDecided, decisions } = problem;
  const gap = settled.find((one) => one.representatives.gap !== undefined)?.representatives.gap;
  const hopeful = search(slots, settled, "whatever helps", isDecided);
  if (hopeful.kind === "none") return { kind: "none", decisions: decisions() };
  const outcome = gap === undefined ? hopeful : search(slots, settled, "as known", isDecided);
  if (outcome.kind === "found") return confirm(chain, problem, settled, outcome.assignments);
  const reason = outcome.kind === "cut" ? `more than ${DECISIONS} combinations` : (gap ?? "");
  return { kind: "sampled", reason, decisions: decisions() };
}

/** @throws {PosternError} Internal when the evaluator decides otherwise: then nothing that was proved holds */
function confirm(
  { links }: Chain,
  { decision }: Problem,
  settled: readonly Settled[],
  assignments: readonly Assignment[],
): Finding {
  const witnesses = links.map(({ policies, requestClass }, link) => {
    const asked = settled.flatMap(({ group }) =>
      group.keys.filter((key) => key.links.includes(link)).map((key) => key.name),
    );
    const context = new Map([
      ...othersOf(requestClass, new Set(asked)),
      ...assignments.flatMap(({ contexts }) => [...(contexts[link] ?? [])]),
    ]);
    const request = requestOf(requestClass, context);
    return { request, verdict: evaluate(request, policies) };
  });
  const requests = witnesses.map((one) => one.request);
  const verdicts = witnesses.map((one) => one.verdict);
  const isAllowed = verdicts.every((one) => one.decision === "allow");
  if (isAllowed === (decision === "allow")) return { kind: "found", requests, verdicts };
  const said = requests.map(({ action, context }) => `${action} ${JSON.stringify([...context])}`);
  throw new PosternError(
    "Internal",
    `expected the evaluator to confirm ${decision}, got another decision on ${said.join(", then ")}`,
  );
}

/** The keys that nothing asks of, each as the first that the class has. */
function othersOf(
  { keys }: RequestClass,
  asked: ReadonlySet<string>,
): readonly (readonly [string, Values])[] {
  return [...keys].flatMap(([key, constraint]) => {
    const [values = []] = constraint.kind === "one of" ? constraint.alternatives : [];
    return values.length === 0 || asked.has(key) ? [] : [[key, values] as const];
  });
}
