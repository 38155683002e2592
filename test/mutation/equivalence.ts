/**
 * Whether a change of a document changes any decision, with the document taken by itself: of a bucket or a key against
 * callers with `*:*`, of an identity where the bucket and the keys leave all to it, of an endpoint where all else is open.
 *
 * 1. Two versions of a statement that denies differ in a request that one denies and the document does not without it:
 *    the one turned into a statement that allows, and the rest, must allow the same request.
 * 2. Two versions of one that allows differ in a request that the one allows and nothing else does: the others turned
 *    into statements that deny.
 * 3. The prover looks for such a request in whatever context (asked.ts), and the evaluator decides it by both versions.
 * @module
 */
import assert from "node:assert/strict";
import type { AccessMap } from "../../agent/map/access-map.ts";
import type { Caller } from "../../agent/policy/caller.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import type { Policy } from "../../agent/policy/document.ts";
import { evaluate } from "../../agent/policy/evaluate.ts";
import type { Arn } from "../../agent/policy/glob.ts";
import { matchesAction, matchesResource } from "../../agent/policy/match.ts";
import type { AccessRequest } from "../../agent/policy/request.ts";
import { newProver, type Prover } from "../../agent/prove/decide.ts";
import type { RequestClass } from "../../agent/prove/request-class.ts";
import { type Alone, policiesOf, policyOf } from "./alone.ts";
import { actionsOn, askersFor, classesOf, resourcesFor } from "./asked.ts";
import type { Mutant } from "./mutants.ts";
import { placesIn, type DocumentPlace, type StatementJson, statementsOf } from "./places.ts";

export type Equivalence =
  | { readonly kind: "equivalent"; readonly classes: number }
  /** Decided otherwise, by the document alone. */
  | { readonly kind: "differs"; readonly request: AccessRequest; readonly was: string }
  | { readonly kind: "sampled"; readonly reason: string };

type Changed = NonNullable<Mutant["at"]>;

interface Search extends Alone {
  readonly prover: Prover;
  /** What stays: of an identity, that of its other documents too. */
  readonly rest: readonly StatementJson[];
  /** In lower case: every key that is asked of. */
  readonly shared: ReadonlySet<string>;
}

export function equivalenceOf(
  map: AccessMap,
  base: Deployment,
  deployment: Deployment,
  { place, before, after }: Changed,
): Equivalence {
  const rest = restOf(base, place, before);
  const versions = [before, ...(after === undefined ? [] : [after])];
  const statements = [...rest, ...versions];
  const policies = versions.map((one) => policyOf(place, [one]));
  const search: Search = {
    map,
    place,
    prover: newProver(),
    rest,
    shared: keysIn(statements),
    known: new Map(),
  };
  let classes = 0;
  let reason: string | undefined;
  const askers = askersFor(map, place, deployment);
  for (const [action, resource] of questionsOf(search, policyOf(place, statements), policies))
    for (const asker of askers)
      if (!isBeyondDocuments(asker.caller, action))
        for (const requestClass of classesOf(map, asker, action, resource, versions)) {
          classes += 1;
          for (const [one, other] of [
            [before, after],
            [after, before],
          ]) {
            if (one === undefined) continue;
            const found = differenceIn(search, requestClass, one, other);
            if (found.kind === "sampled") reason ??= found.reason;
            if (found.kind !== "found") continue;
            const [request] = found.requests;
            assert.ok(request !== undefined);
            return confirmed(search, request, before, after);
          }
        }
  return reason === undefined ? { kind: "equivalent", classes } : { kind: "sampled", reason };
}

/** A request that `one` decides and `other`, with the rest, does not. */
function differenceIn(
  search: Search,
  requestClass: RequestClass,
  one: StatementJson,
  other: StatementJson | undefined,
): ReturnType<Prover["find"]> {
  const { prover, rest, shared } = search;
  const without = [...rest, ...(other === undefined ? [] : [other])];
  const link = (statements: readonly StatementJson[], isGiven: boolean) => ({
    policies: policiesOf(search, requestClass, statements, isGiven),
    requestClass,
  });
  if (one["Effect"] === "Deny")
    return prover.find(
      { links: [link(without, true), link([turned(one)], false)], shared },
      "allow",
    );
  const denied = without.map((each) => (each["Effect"] === "Allow" ? turned(each) : each));
  return prover.find({ links: [link([one, ...denied], false)], shared: new Set() }, "allow");
}

const turnedBefore = new WeakMap<StatementJson, StatementJson>();

function turned(statement: StatementJson): StatementJson {
  const found = turnedBefore.get(statement) ?? {
    ...statement,
    Effect: statement["Effect"] === "Allow" ? "Deny" : "Allow",
  };
  turnedBefore.set(statement, found);
  return found;
}

function confirmed(
  search: Search,
  request: AccessRequest,
  before: StatementJson,
  after: StatementJson | undefined,
): Equivalence {
  const isGiven = before["Effect"] === "Deny";
  const decide = (statements: readonly StatementJson[]): string =>
    evaluate(request, policiesOf(search, request, statements, isGiven)).decision;
  const was = decide([...search.rest, before]);
  const is = decide([...search.rest, ...(after === undefined ? [] : [after])]);
  assert.notEqual(was, is, `${request.action} ${request.resource?.text ?? ""}`);
  return { kind: "differs", request, was };
}

function restOf(
  base: Deployment,
  place: DocumentPlace,
  before: StatementJson,
): readonly StatementJson[] {
  const own =
    place.kind === "identity"
      ? placesIn(base).filter((one) => one.kind === "identity" && one.owner === place.owner)
      : [place];
  return own.flatMap(({ document }) => statementsOf(document)).filter((one) => one !== before);
}

function keysIn(statements: readonly StatementJson[]): ReadonlySet<string> {
  const conditions = statements.map((one) => JSON.stringify(one["Condition"] ?? {})).join();
  const variables = [...conditions.matchAll(/\$\{([^},]+)/g)].map(([, key = ""]) => key);
  const keys = statements.flatMap(({ Condition: condition }) =>
    Object.values((condition ?? {}) as Readonly<Record<string, object>>).flatMap(Object.keys),
  );
  return new Set([...keys, ...variables].map((one) => one.toLowerCase()));
}

// @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html (what the root user always may)
function isBeyondDocuments({ kind }: Caller, action: string): boolean {
  return kind === "root" && /^s3:(Get|Put|Delete)BucketPolicy$/.test(action);
}

/** What could be told apart; of actions and resources of S3 that the same statements are about, one. */
function questionsOf(
  { map, place }: Search,
  whole: Policy,
  changed: readonly Policy[],
): readonly (readonly [action: string, resource: Arn])[] {
  const seen = new Set<string>();
  return resourcesFor(map, place, [whole]).flatMap((resource) =>
    actionsOn(resource)
      .filter((action) => changed.some((one) => aboutIn(one, action, resource) !== ""))
      .filter((action) => {
        if (resource.head[2] !== "s3" || action.endsWith("BucketPolicy")) return true;
        const bucket = resource.tail.split("/", 1)[0] ?? "";
        const signature = `${bucket} ${aboutIn(whole, action, resource)}`;
        const isNew = !seen.has(signature);
        seen.add(signature);
        return isNew;
      })
      .map((action) => [action, resource] as const),
  );
}

/** Which statements are about the action on the resource. */
function aboutIn({ statements }: Policy, action: string, resource: Arn): string {
  const lower = action.toLowerCase();
  return statements
    .flatMap(({ actions, resources }, at) =>
      actions.patterns.some((one) => matchesAction(one, lower)) !== actions.negated &&
      (resources === undefined ||
        resources.patterns.some((one) => matchesResource(one, resource, new Map())) !==
          resources.negated)
        ? [at]
        : [],
    )
    .join();
}
