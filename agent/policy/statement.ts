/** Which statements of a document are about a request. @module */
import { PosternError } from "../core/errors.ts";
import { accountOf } from "./caller.ts";
import { holds } from "./condition.ts";
import type { Policy, Statement } from "./document.ts";
import { matchesAction, matchesResource } from "./match.ts";
import { isSpared, type Naming, namingOf, type PrincipalSet } from "./principal.ts";
import type { AccessRequest } from "./request.ts";

/** A request, with what all statements ask of it worked out once. */
export interface Asked extends AccessRequest {
  readonly lowerAction: string;
  readonly hasBoundary: boolean;
}

/** How the statement names the caller, "itself" where its document belongs to the caller; undefined: not at all. */
function appliesTo(statement: Statement, asked: Asked): Naming | undefined {
  const { actions, resources, conditions } = statement;
  const hasAction = actions.patterns.some((one) => matchesAction(one, asked.lowerAction));
  if (hasAction === actions.negated) return undefined;
  if (resources !== undefined) {
    const hasResource = resources.patterns.some((one) =>
      matchesResource(one, asked.resource, asked.context),
    );
    if (hasResource === resources.negated) return undefined;
  }
  const naming = namingBy(statement, asked);
  if (naming === undefined) return undefined;
  return conditions.every((condition) => holds(condition, asked.context)) ? naming : undefined;
}

function namingBy({ principal }: Statement, asked: Asked): Naming | undefined {
  if (principal === undefined) return "itself";
  const { caller, hasBoundary } = asked;
  const canonical = namesCanonically(principal.set, asked);
  if (!principal.negated)
    return namingOf(principal.set, caller) ?? (canonical ? "account" : undefined);
  return canonical || isSpared(principal.set, caller, hasBoundary) ? undefined : "anyone";
}

/** @throws {PosternError} BadData when the request does not say what decides it */
function namesCanonically({ canonicalUsers }: PrincipalSet, asked: Asked): boolean {
  if (canonicalUsers.size === 0 || accountOf(asked.caller) === undefined) return false;
  if (asked.canonicalUser === undefined)
    throw new PosternError(
      "BadData",
      "a policy names a CanonicalUser: expected the caller's canonicalUser in the request",
    );
  return canonicalUsers.has(asked.canonicalUser);
}

/** The first statement with the effect that is about the request. */
export function firstOf(
  policies: readonly (Policy | undefined)[],
  effect: Statement["effect"],
  asked: Asked,
): Statement | undefined {
  for (const policy of policies)
    for (const statement of policy?.statements ?? [])
      if (statement.effect === effect && appliesTo(statement, asked) !== undefined)
        return statement;
  return undefined;
}

/** The first statement that allows the request, by how it names the caller. */
export function allowsByNaming(
  policy: Policy | undefined,
  asked: Asked,
): ReadonlyMap<Naming, Statement> {
  const found = new Map<Naming, Statement>();
  for (const statement of policy?.statements ?? []) {
    if (statement.effect !== "Allow") continue;
    const naming = appliesTo(statement, asked);
    if (naming !== undefined && !found.has(naming)) found.set(naming, statement);
  }
  return found;
}
