/**
 * Looks for a context in which the evaluator decides a request as wanted.
 *
 * 1. Decide the request as it is.
 * 2. Where a statement decides otherwise, take each of its conditions, and each value at which that condition turns
 *    over: a constant of the documents, one beside it, none.
 * 3. Decide again with each, breadth first, until the verdict is as wanted or nothing new is left.
 *
 * What it finds is sure, since the evaluator decided it. That it finds nothing proves nothing: rules that tell of what
 * is impossible must not rest on it alone.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { type Condition, holds } from "../policy/condition.ts";
import type { Context } from "../policy/context.ts";
import type { Policy, Statement } from "../policy/document.ts";
import { evaluate } from "../policy/evaluate.ts";
import { matchesAction, matchesResource } from "../policy/match.ts";
import type { AccessRequest, Policies } from "../policy/request.ts";
import type { Verdict } from "../policy/verdict.ts";
import { type Candidates, candidatesOf } from "./candidates.ts";

export interface Question {
  readonly request: AccessRequest;
  readonly policies: Policies;
  /** Whether a key, in lower case, is a fact that must stay as it is. */
  readonly isFixed: (key: string) => boolean;
}

/** "allow" by the statement, if there is one; or the statement denies. */
export interface Goal {
  readonly decision: "allow" | "explicit deny";
  readonly by?: Statement | undefined;
}

export interface Decided {
  readonly context: Context;
  readonly verdict: Verdict;
}

// a document of 20 statements with 5 keys each is done with far fewer
const MOST_DECISIONS = 400;

export function findContext(question: Question, goal: Goal): Decided | undefined {
  const candidates = candidatesOf(allOf(question.policies).flatMap(({ statements }) => statements));
  const seen = new Set<string>();
  const queue: Context[] = [consistent(question.request.context, question.isFixed)];
  for (let at = 0; at < queue.length && at < MOST_DECISIONS; at += 1) {
    const context = queue[at];
    if (context === undefined) break;
    const verdict = decide(question, context);
    if (verdict === undefined) continue;
    if (isMet(goal, verdict)) return { context, verdict };
    for (const next of turnsOf(question, context, verdict, goal, candidates)) {
      const key = keyOf(next);
      if (!seen.has(key)) queue.push(next);
      seen.add(key);
    }
  }
  return undefined;
}

export function decide({ request, policies }: Question, context: Context): Verdict | undefined {
  try {
    return evaluate({ ...request, context }, policies);
  } catch (error) {
    // a value of the wrong type for another condition on the key: no such request
    if (error instanceof PosternError) return undefined;
    throw error;
  }
}

/** The same for the same keys and values, whatever their order. */
function keyOf(context: Context): string {
  return [...context]
    .map((entry) => JSON.stringify(entry))
    .sort()
    .join();
}

function isMet({ decision, by }: Goal, verdict: Verdict): boolean {
  const word = verdict.decision === "allow" ? "allow" : verdict.explicit ? "explicit deny" : "";
  return (
    word === decision &&
    (by === undefined ||
      verdict.statements.some(({ policy, index }) => policy === by.policy && index === by.index))
  );
}

/** The contexts in which a condition that stands in the way turns over. */
function turnsOf(
  question: Question,
  context: Context,
  verdict: Verdict,
  { decision, by }: Goal,
  candidates: Candidates,
): readonly Context[] {
  const statements = allOf(question.policies).flatMap((policy) => policy.statements);
  const [place] = verdict.statements;
  const denying = statements.find(
    ({ policy, index }) => verdict.explicit && policy === place?.policy && index === place.index,
  );
  const turned = (condition: Condition, want: boolean): readonly Context[] =>
    variantsOf(condition, context, candidates, question.isFixed).filter(
      (next) => holdsSafely(condition, next) === want,
    );
  if (denying !== undefined && denying !== by)
    return denying.conditions.flatMap((condition) => turned(condition, false));
  const effect = decision === "allow" ? "Allow" : "Deny";
  const wanted = by === undefined ? statements.filter((one) => one.effect === effect) : [by];
  return wanted
    .filter((one) => isAbout(one, question.request))
    .flatMap((one) => {
      const failing = one.conditions.find((condition) => holdsSafely(condition, context) !== true);
      return failing === undefined ? [] : turned(failing, true);
    });
}

function isAbout({ actions, resources }: Statement, request: AccessRequest): boolean {
  const lowerAction = request.action.toLowerCase();
  const hasAction = actions.patterns.some((one) => matchesAction(one, lowerAction));
  if (hasAction === actions.negated) return false;
  if (resources === undefined) return true;
  const has = resources.patterns.some((one) =>
    matchesResource(one, request.resource, request.context),
  );
  return has !== resources.negated;
}

function variantsOf(
  condition: Condition,
  context: Context,
  candidates: Candidates,
  isFixed: (key: string) => boolean,
): readonly Context[] {
  const variables = condition.values.flatMap((value) =>
    [...value.matchAll(/\$\{\s*([^\s,'{}$*?]+:[^,'{}$*?]+?)\s*[,}]/g)].map(([, key = ""]) =>
      key.toLowerCase(),
    ),
  );
  const keys = [condition.lowerKey, ...variables].filter((key) => !isFixed(key));
  return [keys.slice(0, 1), keys].flatMap((some) =>
    (candidates.get(some[0] ?? "") ?? []).map((values) => {
      const next = new Map(context);
      for (const key of some)
        if (values.length === 0) next.delete(key);
        else next.set(key, values);
      return consistent(next, isFixed);
    }),
  );
}

const PAIR = "kms:encryptioncontext:";
const NAMES = "kms:encryptioncontextkeys";

/** The names of an encryption context are those of its pairs. */
function consistent(context: Context, isFixed: (key: string) => boolean): Context {
  if (isFixed(NAMES)) return context;
  const names = [...context.keys()].filter((key) => key.startsWith(PAIR));
  const next = new Map(context);
  if (names.length === 0) next.delete(NAMES);
  else
    next.set(
      NAMES,
      names.map((key) => key.slice(PAIR.length)),
    );
  return next;
}

function holdsSafely(condition: Condition, context: Context): boolean | undefined {
  try {
    return holds(condition, context);
  } catch (error) {
    if (error instanceof PosternError) return undefined;
    throw error;
  }
}

function allOf({
  identity,
  resource,
  session,
  boundary,
  scp,
  rcp,
  endpoint,
}: Policies): readonly Policy[] {
  return [...identity, resource, session, boundary, endpoint, ...scp.flat(), ...rcp.flat()].filter(
    (one) => one !== undefined,
  );
}
