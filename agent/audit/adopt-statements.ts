/** Statements of documents as they are written. @module */
import type { PolicyJson } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";

export function statementsOf(document: PolicyJson | undefined): readonly PolicyJson[] {
  return document === undefined ? [] : listed(document["Statement"]).filter(isRecord);
}

export function listed(element: unknown): readonly unknown[] {
  if (element === undefined) return [];
  return Array.isArray(element) ? element : [element];
}

export function textsOf(element: unknown): readonly string[] {
  return listed(element).filter((one) => typeof one === "string");
}

/** The values of a condition key, under whatever operator that `operator` matches. */
export function valuesUnder(
  statement: PolicyJson,
  operator: RegExp,
  key: string,
): readonly string[] {
  const { Condition: condition } = statement;
  if (!isRecord(condition)) return [];
  return Object.entries(condition).flatMap(([name, keys]) =>
    operator.test(name) && isRecord(keys)
      ? Object.entries(keys).flatMap(([one, values]) =>
          one.toLowerCase() === key ? listed(values).map(String) : [],
        )
      : [],
  );
}
