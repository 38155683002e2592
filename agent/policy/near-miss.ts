/**
 * Why a statement is not about a request: which of its elements are about another.
 * @module
 */
import { type Condition, holds } from "./condition.ts";
import type { Policy, Statement } from "./document.ts";
import { type Asked, coversAction, coversResource, namingBy } from "./statement.ts";

export type Miss =
  | { readonly element: "principal" }
  | { readonly element: "action" }
  | { readonly element: "resource" }
  | {
      readonly element: "condition";
      readonly operator: string;
      readonly key: string;
      /** As the policy has them. */
      readonly expected: readonly string[];
      /** None where the request lacks the key. */
      readonly given: readonly string[];
    };

export interface NearMiss {
  readonly statement: Statement;
  /** None: the statement is about the request. */
  readonly misses: readonly Miss[];
}

/** What of the statement does not fit, elements first. @throws {PosternError} BadData as `evaluate` does */
export function missesOf(statement: Statement, asked: Asked): readonly Miss[] {
  const misses: Miss[] = [];
  if (namingBy(statement, asked) === undefined) misses.push({ element: "principal" });
  if (!coversAction(statement, asked)) misses.push({ element: "action" });
  if (!coversResource(statement, asked)) misses.push({ element: "resource" });
  for (const condition of statement.conditions)
    if (!holds(condition, asked.context)) misses.push(missOf(condition, asked));
  return misses;
}

function missOf(condition: Condition, { context }: Asked): Miss {
  const { operator, key, lowerKey, values: expected } = condition;
  return {
    element: "condition",
    operator: operatorName(operator),
    key,
    expected,
    given: context.get(lowerKey) ?? [],
  };
}

/** As policies write it: "ForAllValues:StringEqualsIfExists". */
export function operatorName({ name, set, ifExists }: Condition["operator"]): string {
  const prefix = { all: "ForAllValues:", any: "ForAnyValue:" };
  return `${set === undefined ? "" : prefix[set]}${name}${ifExists ? "IfExists" : ""}`;
}

/**
 * The statements of that effect that are not about the request, the nearest first: a statement about another action is
 * further off than any other, since it was never meant for this request.
 */
export function nearMisses(
  policies: readonly (Policy | undefined)[],
  effect: Statement["effect"],
  asked: Asked,
): readonly NearMiss[] {
  return policies
    .flatMap((policy) => policy?.statements ?? [])
    .filter((statement) => statement.effect === effect)
    .map((statement): NearMiss => ({ statement, misses: missesOf(statement, asked) }))
    .filter(({ misses }) => misses.length > 0)
    .toSorted((one, other) => distanceOf(one) - distanceOf(other));
}

/** More than there are other elements and conditions in any one statement. */
const OTHER_ACTION = 100;

function distanceOf({ misses }: NearMiss): number {
  const isOther = misses.some(({ element }) => element === "action");
  return misses.length + (isOther ? OTHER_ACTION : 0);
}
