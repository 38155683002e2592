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
import { evaluate } from "../policy/evaluate.ts";
import type { AccessRequest } from "../policy/request.ts";
import type { Verdict } from "../policy/verdict.ts";
import { newAtoms } from "./atoms.ts";
import { newWordFinder } from "./candidates.ts";
import {
  type Chain,
  type Decision,
  type Goal,
  linkByLink,
  type LinkProblem,
  linkProblemOf,
  type Problem,
  problemOf,
  wholly,
} from "./chain.ts";
import { type Group, groupsOf, type Member, type Scope } from "./groups.ts";
import { newRelevance } from "./relevance.ts";
import { type Assignment, type Representatives, representativesOf } from "./representatives.ts";
import { type RequestClass, requestOf, type Values } from "./request-class.ts";
import { DECISIONS, search, type Settled } from "./search.ts";

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
  /**
   * As `find`, where each link is to be decided in its own way: with one request of two links, what one set of
   * documents allows and another does not.
   * @param wanted by link
   */
  readonly findEach: (chain: Chain, wanted: readonly Decision[]) => Finding;
}

/** Remembers what it found out of documents and groups: one prover for many classes. */
export function newProver(): Prover {
  const atoms = newAtoms();
  const { canAllow, remainderOf } = newRelevance(atoms);
  const settle = newSettler();
  const findGoal = (chain: Chain, goal: Goal): Finding => {
    const classes = chain.links.map((one) => one.requestClass);
    const where = classes.flatMap((one, link) =>
      one.where.map((condition) => ({ link, atom: atoms.ofCondition(condition) })),
    );
    const plain = { classes, shared: chain.shared, failing: [] };
    for (const group of groupsOf(plain, [], where)) refuseEmpty(settle(group, plain));
    const links: LinkProblem[] = [];
    for (const [at, link] of chain.links.entries()) {
      if (goal.ofLink(at) === "allow" && !canAllow(link.policies, link.requestClass))
        return { kind: "none", decisions: 0 };
      const problem = linkProblemOf(link, remainderOf);
      // most chains are closed at their first link, by which statements there are
      if (
        goal.ofLink(at) === "allow" &&
        !problem.isAllowed((one) => problem.conditionals[one]?.opens)
      )
        return { kind: "none", decisions: links.length + 1 };
      links.push(problem);
    }
    const problem = problemOf(links, goal);
    if (!problem.isDecided((slot) => problem.slots[slot]?.wanted ?? false))
      return { kind: "none", decisions: problem.decisions() };
    const scope = { ...plain, failing: links.map((one) => one.failing) };
    if (isDeniedByDemand(problem, scope, where, settle))
      return { kind: "none", decisions: problem.decisions() };
    const settled = groupsOf(scope, problem.members, where).map((one) => settle(one, scope));
    for (const one of settled) refuseEmpty(one);
    return findAmong(chain, problem, settled);
  };
  return {
    find: (chain, decision) => findGoal(chain, wholly(decision)),
    findEach: (chain, wanted) => findGoal(chain, linkByLink(wanted)),
  };
}

/**
 * Whether one statement alone stops all of the class by what the class demands: of who is not in a list, what stops
 * whoever is not in that list. Then nothing else that is asked of the same keys need be told apart.
 */
function isDeniedByDemand(
  { slots, isDecided }: Problem,
  scope: Scope,
  where: readonly Member[],
  settle: Settle,
): boolean {
  const demanded = new Set(
    where.flatMap(({ link, atom }) => atom.keys.map((key) => `${link} ${key}`)),
  );
  return slots.some(
    ({ link, atoms, wanted }, at) =>
      !wanted &&
      atoms.every(({ keys }) => keys.every((key) => demanded.has(`${link} ${key}`))) &&
      groupsOf(
        scope,
        atoms.map((atom) => ({ link, atom })),
        where,
      ).every((group) => isAlwaysMet(settle(group, scope))) &&
      !isDecided((slot) => slot === at || (slots[slot]?.wanted ?? false)),
  );
}

function isAlwaysMet({ representatives: { assignments, gap } }: Settled): boolean {
  return gap === undefined && assignments.every(({ truths }) => truths.every(Boolean));
}

type Settle = (group: Group, scope: Scope) => Settled;

function newSettler(): Settle {
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
  { goal }: Problem,
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
  if (goal.isMet(verdicts.map((one) => one.decision === "allow")))
    return { kind: "found", requests, verdicts };
  const said = requests.map(({ action, context }) => `${action} ${JSON.stringify([...context])}`);
  throw new PosternError(
    "Internal",
    `expected the evaluator to confirm a decision, got another on ${said.join(", then ")}`,
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
