/**
 * Who may do what by one deployment and not by another, each with a request that shows it.
 *
 * 1. What differs between the documents; nothing: nobody's access does.
 * 2. Who is asked for, and what (access-callers.ts, access-requests.ts).
 * 3. Of these the requests that some difference is about.
 * 4. Of each, whether in some context one side allows it and the other denies it (prove/decide.ts).
 *
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { type Bindings, bindingsOf } from "../policy/bindings.ts";
import type { Context } from "../policy/context.ts";
import type { Deployment } from "../policy/deployment.ts";
import { type Policy, parsePolicy } from "../policy/document.ts";
import { evaluate } from "../policy/evaluate.ts";
import type { Policies } from "../policy/request.ts";
import type { Verdict } from "../policy/verdict.ts";
import { type Finding, newProver, type Prover } from "../prove/decide.ts";
import { requestOf } from "../prove/request-class.ts";
import { type Ask, asksOf, classOf, fixedKeys } from "./access-asks.ts";
import { callersOf, nameOfCaller } from "./access-callers.ts";
import { thingsOf } from "./access-requests.ts";
import { keysAskedIn, policiesIn } from "./deployment-policies.ts";
import { type Pair, suspectsBetween } from "./suspects.ts";

export interface AccessChange {
  readonly kind: "gained" | "lost";
  readonly caller: string;
  readonly action: string;
  /** How many actions are decided alike, this one among them. */
  readonly alike: number;
  readonly resource: string;
  /** Of the witness, what does not follow from who asks for what: condition keys, each with its values. */
  readonly context: Readonly<Record<string, readonly string[]>>;
  readonly before: Verdict;
  readonly after: Verdict;
}

export interface AccessDrift {
  readonly changes: readonly AccessChange[];
  /** Undefined: what is not among the changes does not differ, whatever the context. Else why that is not certain. */
  readonly sampled: string | undefined;
  /** How many classes of requests were looked at. */
  readonly classes: number;
}

// some seconds
const MAX_CLASSES = 20_000;

/** @throws {PosternError} BadData when a document is none */
export function accessDrift(before: Deployment, after: Deployment): AccessDrift {
  // (1)
  const suspects = suspectsBetween(before, after);
  if (suspects.length === 0) return { changes: [], sampled: undefined, classes: 0 };
  // (2)
  const deployments: Pair = [before, after];
  const policies = deployments.flatMap(policiesIn);
  const callers = callersOf(deployments, policies);
  const { things, gap } = thingsOf(deployments, policies);
  // (3)
  const asks = asksOf({ callers, things, deployments }, (candidate) =>
    suspects.some((suspect) => suspect(candidate)),
  );
  // (4)
  const compare = comparer(deployments, new Set(keysAskedIn(deployments, policies)));
  const findings = asks.slice(0, MAX_CLASSES).map(compare);
  const gaps = [
    gap,
    asks.length > MAX_CLASSES ? `more than ${MAX_CLASSES} classes of requests` : undefined,
    ...findings.map(({ sampled }) => sampled),
  ];
  return {
    changes: withoutRepeats(findings.flatMap(({ changes }) => changes)),
    sampled: gaps.find((one) => one !== undefined),
    classes: Math.min(asks.length, MAX_CLASSES),
  };
}

/** What differs without an endpoint need not be shown through each of them. */
function withoutRepeats(changes: readonly AccessChange[]): readonly AccessChange[] {
  const seen = new Set<string>();
  return changes.filter(({ kind, caller, action, resource }) => {
    const text = JSON.stringify([kind, caller, action, resource]);
    const isNew = !seen.has(text);
    seen.add(text);
    return isNew;
  });
}

interface Compared {
  readonly changes: readonly AccessChange[];
  readonly sampled: string | undefined;
}

function comparer(deployments: Pair, shared: ReadonlySet<string>): (ask: Ask) => Compared {
  const prover = newProver();
  const bindings = deployments.map(bindingsOf);
  return (ask) => {
    const requestClass = classOf(ask);
    const sides = bindings.map((bind) => bound(ask, bind));
    const links = sides.map((policies) => ({ policies, requestClass }));
    const changes: AccessChange[] = [];
    const gaps: string[] = [];
    for (const [kind, wanted] of WANTED) {
      const finding = foundBy(prover, { links, shared }, wanted);
      const change = finding.kind === "found" ? changeOf(ask, kind, finding, sides) : undefined;
      if (change !== undefined) changes.push(change);
      else if (finding.kind === "found") gaps.push("a context that is not one for both");
      else if (finding.kind === "sampled") gaps.push(finding.reason);
    }
    return { changes, sampled: gaps[0] };
  };
}

const WANTED = [
  ["gained", ["deny", "allow"]],
  ["lost", ["allow", "deny"]],
] as const;

/** A class that cannot be decided, as by a key of the wrong type, is one of which nothing is proved. */
function foundBy(
  prover: Prover,
  chain: Parameters<Prover["findEach"]>[0],
  wanted: Parameters<Prover["findEach"]>[1],
): Finding {
  try {
    return prover.findEach(chain, wanted);
  } catch (error) {
    if (error instanceof PosternError && error.code === "BadData")
      return { kind: "sampled", reason: error.message, decisions: 0 };
    throw error;
  }
}

const EVERYTHING = parsePolicy(
  { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } },
  "identity",
  "its own policies",
);

function bound({ somebody, candidate }: Ask, bind: Bindings): Policies {
  const { endpoint } = candidate;
  const context: Context = new Map(endpoint === undefined ? [] : [["aws:sourcevpce", [endpoint]]]);
  const policies = bind({ ...candidate, context });
  const identity: readonly Policy[] = somebody.isAllMighty ? [EVERYTHING] : policies.identity;
  return { ...policies, identity };
}

/** Undefined where the two requests that were found are not one. */
function changeOf(
  { somebody, thing, candidate, endpoints }: Ask,
  kind: AccessChange["kind"],
  { requests }: Extract<Finding, { kind: "found" }>,
  sides: readonly Policies[],
): AccessChange | undefined {
  const context = new Map(requests.flatMap((one) => [...one.context]));
  const request = requestOf(classOf({ somebody, thing, candidate, endpoints }), context);
  const [before, after] = sides.map((policies) => evaluate(request, policies));
  if (before === undefined || after === undefined || before.decision === after.decision)
    return undefined;
  const fixed = new Set(fixedKeys(candidate).map(([key]) => key.toLowerCase()));
  return {
    kind,
    caller: nameOfCaller(somebody),
    action: thing.action,
    alike: thing.alike,
    resource: thing.resource.text,
    context: Object.fromEntries(
      [...context].filter(([key, values]) => values.length > 0 && !fixed.has(key)),
    ),
    before,
    after,
  };
}
