/**
 * Whether a statement's conditions hold for a request.
 *
 * All operators and all their keys must hold; of a key's values one must match, or none where the operator is
 * negated. A key that the request lacks fails, unless the operator is negated or says "IfExists".
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { type Context, isConditionKey } from "./context.ts";
import { below, isRecord, kindOf, type Report } from "./issues.ts";
import { type Operator, parseOperator, type Test } from "./operators.ts";

export interface Condition {
  readonly operator: Operator;
  /** As written; keys are compared without case. */
  readonly key: string;
  readonly lowerKey: string;
  readonly values: readonly string[];
  /** Whether its document is of a version whose values have variables. */
  readonly variables: boolean;
  readonly tests: readonly Test[];
}

/** The conditions of a Condition element; what is wrong is reported. */
export function parseConditions(
  element: unknown,
  variables: boolean,
  path: string,
  report: Report,
): readonly Condition[] {
  if (!isRecord(element)) {
    report(path, `expected an object, got ${kindOf(element)}`);
    return [];
  }
  return Object.entries(element).flatMap(([name, keys]) => {
    const operator = parseOperator(name);
    if (typeof operator === "string") report(below(path, name), operator);
    else if (!isRecord(keys)) report(below(path, name), `expected an object, got ${kindOf(keys)}`);
    else
      return Object.entries(keys).flatMap(
        ([key, values]) =>
          parseCondition(
            { operator, key, variables },
            values,
            below(below(path, name), key),
            report,
          ) ?? [],
      );
    return [];
  });
}

function parseCondition(
  { operator, key, variables }: Pick<Condition, "operator" | "key" | "variables">,
  element: unknown,
  path: string,
  report: Report,
): Condition | undefined {
  if (!isConditionKey(key)) {
    report(path, `expected a condition key such as "aws:SourceIp", got ${quote(key)}`);
    return undefined;
  }
  const members: readonly unknown[] = Array.isArray(element) ? element : [element];
  if (members.length === 0) report(path, "expected at least one value");
  const values: string[] = [];
  const tests: Test[] = [];
  for (const [at, member] of members.entries()) {
    const place = Array.isArray(element) ? `${path}[${at}]` : path;
    // JSON's numbers and booleans are taken as their text
    if (!["string", "number", "boolean"].includes(typeof member)) {
      report(place, `expected a string, got ${kindOf(member)}`);
      continue;
    }
    const text = String(member);
    const test = operator.parseTest(text, variables);
    if (typeof test === "string") report(place, test);
    else {
      values.push(text);
      tests.push(test);
    }
  }
  return { operator, key, lowerKey: key.toLowerCase(), values, variables, tests };
}

/** @throws {PosternError} BadData when the request's value is of another type than the operator's */
export function holds(condition: Condition, context: Context): boolean {
  const { operator, lowerKey, tests, key } = condition;
  const given = context.get(lowerKey) ?? NO_VALUES;
  if (operator.name === "Null") {
    return tests.some((test) => test(String(given.length === 0), context, key));
  }
  // seen on AWS itself: ForAnyValue fails without the key, whatever IfExists says
  // @see https://repost.aws/questions/QU9HFmDzP0QGuU-fd7rS6B7w/foranyvalue-stringequalsifexists-behaving-unexpectedly
  if (given.length === 0 && operator.ifExists && operator.set !== "any") return true;
  if (operator.set === undefined) {
    const [value] = given;
    if (value === undefined) return operator.negated;
    if (given.length > 1) throw severalValues(condition, given.length);
    return matches(condition, value, context);
  }
  // to set operators a key that resolves to an empty string is a null data set
  const values = given.filter((value) => value !== "");
  const isMatch = (value: string): boolean => matches(condition, value, context);
  return operator.set === "all" ? values.every(isMatch) : values.some(isMatch);
}

const NO_VALUES: readonly string[] = [];

function matches({ operator, tests, key }: Condition, value: string, context: Context): boolean {
  for (const test of tests) if (test(value, context, key)) return !operator.negated;
  return operator.negated;
}

function severalValues({ key, operator }: Condition, amount: number): PosternError {
  return new PosternError(
    "BadData",
    `condition key ${quote(key)}: expected one value under ${operator.name}, got ${amount}`,
    { hint: "a key of several values needs ForAllValues or ForAnyValue" },
  );
}
