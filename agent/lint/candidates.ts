/** For each condition key the values at which some condition of some documents turns over. @module */
import type { Condition } from "../policy/condition.ts";
import type { Statement } from "../policy/document.ts";

/** By key in lower case; no value stands for a key that the request lacks. */
export type Candidates = ReadonlyMap<string, readonly (readonly string[])[]>;

export function candidatesOf(statements: readonly Statement[]): Candidates {
  const found = new Map<string, Map<string, readonly string[]>>();
  for (const { conditions } of statements)
    for (const condition of conditions) {
      const values = found.get(condition.lowerKey) ?? new Map([["[]", []]]);
      for (const one of valuesOf(condition)) values.set(JSON.stringify(one), one);
      found.set(condition.lowerKey, values);
    }
  return new Map([...found].map(([key, values]) => [key, [...values.values()]]));
}

function valuesOf(condition: Condition): readonly (readonly string[])[] {
  const { operator, values } = condition;
  const singles = values.flatMap((value) => around(condition, value)).map((value) => [value]);
  return operator.set === undefined ? singles : [...singles, values];
}

// addresses that AWS's documentation and RFC 5737 keep for examples
const OUTSIDE = "203.0.113.250";

function around({ operator: { name }, lowerKey }: Condition, value: string): readonly string[] {
  const concrete = value.includes("${") ? [someValue(lowerKey)] : filledOf(value);
  if (name === "Null") return [someValue(lowerKey)];
  if (name === "Bool") return ["true", "false"];
  if (name.startsWith("Numeric")) return [-1, 0, 1].map((by) => String(Number(value) + by));
  if (name.startsWith("Date")) return [value, "2001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"];
  if (name.endsWith("IpAddress")) return [value.replace(/\/\d+$/, ""), OUTSIDE];
  if (name.startsWith("Binary")) return [value];
  return name.startsWith("Arn")
    ? [...concrete.filter((one) => one.startsWith("arn:")), someValue("arn")]
    : [...concrete, someValue(lowerKey)];
}

/** The pattern with something in place of its wildcards. */
export function filledOf(pattern: string): readonly string[] {
  const fill = (run: string): string => pattern.replaceAll("?", "x").replaceAll("*", run);
  return pattern.includes("*") ? [fill("x"), fill("")] : [fill("x")];
}

/** Of the type that the key has, as far as its name tells. */
export function someValue(lowerKey: string): string {
  if (/arn$|key-id$/.test(lowerKey)) return "arn:aws:iam::444455556666:role/other";
  if (/ip$|ipv4$/.test(lowerKey)) return OUTSIDE;
  if (/present$|service$|securetransport$|operation$/.test(lowerKey)) return "true";
  if (/(age|version|delivery|seconds|max-keys|days)$/.test(lowerKey)) return "1";
  if (/(date|time)$/.test(lowerKey)) return "2026-11-25T00:00:00Z";
  if (/(account|owner)$/.test(lowerKey)) return "444455556666";
  return "other";
}
