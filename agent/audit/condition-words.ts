/** Conditions of policies, in words. @module */
import type { Miss } from "../policy/near-miss.ts";

/** What `operator` says of a key and its values; the rest of a sentence that begins with the key. */
const WORDS: Readonly<Record<string, readonly [one: string, several: string]>> = {
  StringEquals: ["is", "is one of"],
  StringEqualsIgnoreCase: ["is, in any case,", "is, in any case, one of"],
  StringLike: ["is like", "is like one of"],
  StringNotEquals: ["is not", "is none of"],
  StringNotEqualsIgnoreCase: ["is not, in any case,", "is, in any case, none of"],
  StringNotLike: ["is not like", "is like none of"],
  ArnEquals: ["is", "is one of"],
  ArnLike: ["is like", "is like one of"],
  ArnNotEquals: ["is not", "is none of"],
  ArnNotLike: ["is not like", "is like none of"],
  IpAddress: ["is in", "is in one of"],
  NotIpAddress: ["is not in", "is in none of"],
  Bool: ["is", "is one of"],
  BinaryEquals: ["is", "is one of"],
  NumericEquals: ["is", "is one of"],
  NumericNotEquals: ["is not", "is none of"],
  NumericLessThan: ["is below", "is below one of"],
  NumericLessThanEquals: ["is at most", "is at most one of"],
  NumericGreaterThan: ["is above", "is above one of"],
  NumericGreaterThanEquals: ["is at least", "is at least one of"],
  DateEquals: ["is", "is one of"],
  DateNotEquals: ["is not", "is none of"],
  DateLessThan: ["is before", "is before one of"],
  DateLessThanEquals: ["is at the latest", "is at the latest one of"],
  DateGreaterThan: ["is after", "is after one of"],
  DateGreaterThanEquals: ["is at the earliest", "is at the earliest one of"],
};

/** As many values as a person reads; the rest are counted. */
const MOST_VALUES = 3;

/** "aws:SourceVpce is not vpce-1", "s3:prefix is there". @param operator whole: "ForAllValues:StringEqualsIfExists" */
export function conditionWords(operator: string, key: string, values: readonly string[]): string {
  const [, set, name = "", ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  if (name === "Null") return `${key} is ${values.includes("true") ? "not there" : "there"}`;
  const [one, several] = WORDS[name] ?? [name, `${name} one of`];
  const subject = { ForAllValues: `each ${key}`, ForAnyValue: `some ${key}` }[set ?? ""] ?? key;
  const missing = ifExists === undefined ? "" : ", or not there";
  return `${subject} ${values.length > 1 ? several : one} ${listed(values)}${missing}`;
}

/** Why a condition does not hold, or what it would take: "aws:SourceVpce is not there; expected vpce-1". */
export function missWords(miss: Miss): string {
  if (miss.element !== "condition") return `it is about another ${miss.element}`;
  const { operator, key, expected, given } = miss;
  const got = given.length === 0 ? "not there" : listed(given);
  return `it asks that ${conditionWords(operator, key, expected)}, and here it is ${got}`;
}

function listed(values: readonly string[]): string {
  const shown = values.slice(0, MOST_VALUES).join(", ");
  const rest = values.length - MOST_VALUES;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
