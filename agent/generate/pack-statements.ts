/**
 * Fewer statements that allow the same.
 *
 * Two that allow and differ in one of their elements alone are one with both lists in it, which holds of Action and of
 * Resource, since a request has one of each.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
 * @module
 */
import type { PolicyJson } from "../policy/deployment.ts";
import type { Draft } from "./draft.ts";

/**
 * The order is that of the first of each; those that deny stay as they are.
 * @param isFit whether a statement fits into a document
 */
export function mergedStatements(
  drafts: readonly Draft[],
  isFit: (one: Draft) => boolean,
): readonly Draft[] {
  return mergedBy("Resource", mergedBy("Action", drafts, isFit), isFit);
}

function mergedBy(
  element: "Action" | "Resource",
  drafts: readonly Draft[],
  isFit: (one: Draft) => boolean,
): readonly Draft[] {
  const merged = new Map<string, Draft>();
  for (const [at, one] of drafts.entries()) {
    const { Sid, [element]: own, ...rest } = one.statement;
    const isMergeable = one.statement["Effect"] === "Allow" && own !== undefined;
    const key = isMergeable ? JSON.stringify(rest) : `${at} ${String(Sid)}`;
    const same = merged.get(key);
    const together = same === undefined ? one : both(same, one, element);
    if (isFit(together)) merged.set(key, together);
    else merged.set(`${at} ${String(Sid)}`, one);
  }
  return [...merged.values()];
}

function both(one: Draft, other: Draft, element: "Action" | "Resource"): Draft {
  const listOf = (statement: PolicyJson): readonly unknown[] => [statement[element]].flat();
  const values = new Set([...listOf(one.statement), ...listOf(other.statement)]);
  return {
    statement: { ...one.statement, [element]: [...values] },
    from: [...one.from, ...other.from],
  };
}
