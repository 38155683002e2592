/** Which statements keep a guard, told by the requests that they deny. @module */
import { holds } from "../policy/condition.ts";
import type { Context } from "../policy/context.ts";
import type { Statement } from "../policy/document.ts";
import type { AccessRequest, Policies } from "../policy/request.ts";
import { askedOf, coversAction, coversResource, namingBy } from "../policy/statement.ts";
import { type RequestClass, requestOf, type Values } from "./request-class.ts";

/**
 * A request of the class: of each key the first alternative, of what belongs together the first row, and no key that
 * is free. What the class demands beside is not looked at.
 */
export function plainRequestOf(requestClass: RequestClass): AccessRequest {
  const context = new Map<string, Values>();
  for (const [key, constraint] of requestClass.keys)
    if (constraint.kind === "one of") context.set(key, constraint.alternatives[0] ?? []);
  for (const { keys, rows } of requestClass.correlations)
    for (const [at, key] of keys.entries()) context.set(key, rows[0]?.[at] ?? []);
  const given: Context = new Map([...context].filter(([, values]) => values.length > 0));
  return requestOf(requestClass, given);
}

/** Those that deny the request, of all documents. */
export function denialsOf(request: AccessRequest, policies: Policies): readonly Statement[] {
  const asked = askedOf(request, policies);
  const { identity, resource, boundary } = policies;
  return [...identity, resource, boundary].flatMap((policy) =>
    (policy?.statements ?? []).filter(
      (one) =>
        one.effect === "Deny" &&
        coversAction(one, asked) &&
        coversResource(one, asked) &&
        namingBy(one, asked) !== undefined &&
        one.conditions.every((condition) => holds(condition, asked.context)),
    ),
  );
}
