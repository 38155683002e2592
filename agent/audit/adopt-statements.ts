/** Statements of documents as they are written. @module */
import type { PolicyJson } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";

export interface WrittenCondition {
  readonly operator: string;
  /** As it is written. */
  readonly key: string;
  readonly lowerKey: string;
  readonly values: readonly string[];
}

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

export function conditionsOf({ Condition: condition }: PolicyJson): readonly WrittenCondition[] {
  return Object.entries(isRecord(condition) ? condition : {}).flatMap(([operator, keys]) =>
    Object.entries(isRecord(keys) ? keys : {}).map(([key, values]) => {
      return { operator, key, lowerKey: key.toLowerCase(), values: listed(values).map(String) };
    }),
  );
}

/** Whether it denies everybody, but for what its conditions say. */
export function isDenialOfAll({ Effect: effect, Principal: principal }: PolicyJson): boolean {
  return effect === "Deny" && /^("\*"|\{"AWS":\[?"\*"\]?\})$/.test(JSON.stringify(principal));
}
