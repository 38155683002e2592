/** Rules about keys that a request may have or lack. @module */
import { someValue } from "./candidates.ts";
import { deniedBy, flippedBy, undenied } from "./probe.ts";
import type { Harm, Rule } from "./rule.ts";
import { sampleOf } from "./sample.ts";

import { eachCondition, type Find } from "./conditions.ts";

export const PRESENCE_RULES: readonly Rule[] = [
  {
    id: "null-polarity",
    severity: "error",
    title: 'a Deny with `Null` and `"false"` on what requests ought to have',
    why: "It denies the requests that have the key, and lets those pass that lack it.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null",
    fix: 'write `"true"` to deny requests that lack it',
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket", "key"],
    find: eachCondition(invertedNullOf),
  },
  {
    id: "redundant-if-exists",
    severity: "note",
    title: "a Deny with a negated operator and IfExists on what a request may leave out",
    why: "Negated operators hold without the key anyway: IfExists spares nobody.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IfExists",
    fix: 'to spare requests without the key add `"Null": {KEY: "false"}`, else leave out IfExists',
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket", "key"],
    find: eachCondition(needlessIfExistsOf),
  },
  {
    id: "bool-without-if-exists",
    severity: "warning",
    title: 'a Deny with `Bool` and `"false"` on a key that requests may lack',
    why: "Without the key it does not hold, and the guard is off: aws:MultiFactorAuthPresent is missing from requests with long-term keys.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html",
    fix: "use BoolIfExists",
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket", "key"],
    find: eachCondition(absentBoolOf),
  },
];

/** What requests ought to have; of others, such as SSE-C's header, a Deny of those that have them is right. */
const WANTED =
  /^(s3:x-amz-server-side-encryption(-aws-kms-key-id)?|s3:if-none-match|aws:multifactorauthage|aws:sourcevpce?|aws:principalorgid|kms:encryptioncontext:.+)$/;

function invertedNullOf(
  ...[document, set, statement, { condition, path }]: Parameters<Find>
): readonly Harm[] {
  const sample = sampleOf(document, set, statement);
  const { effect, conditions } = statement.statement;
  if (effect !== "Deny" || condition.operator.name !== "Null" || sample === undefined) return [];
  if (!condition.values.includes("false") || !WANTED.test(condition.lowerKey)) return [];
  // with a condition on its value the Null spares requests that lack the key
  const others = conditions.filter((one) => one !== condition);
  if (others.some(({ lowerKey }) => !lowerKey.startsWith("aws:principal"))) return [];
  const request = { document, set, ...sample };
  const context = { [condition.key]: [someValue(condition.lowerKey)] };
  const name = `a request with ${condition.key} is denied`;
  const denied = deniedBy(statement, { ...request, name, context });
  const isOpen = undenied({ ...request, name, context: { [condition.key]: [] } }) !== undefined;
  if (denied === undefined || !isOpen) return [];
  const message = `expected Null "true", which denies requests that lack ${condition.key}, got "false"`;
  return [{ document, path, message, witness: denied }];
}

/** What the request itself brings, or leaves out. */
const OPTIONAL =
  /^(s3:(x-amz-|prefix$|delimiter$|versionid$|if-)|kms:(viaservice$|encryptioncontext))/;

function needlessIfExistsOf(
  ...[document, set, statement, { condition, path, operator }]: Parameters<Find>
): readonly Harm[] {
  const { operator: parsed, lowerKey, key } = condition;
  const sample = sampleOf(document, set, statement);
  if (statement.statement.effect !== "Deny" || !parsed.negated || !parsed.ifExists) return [];
  if (!OPTIONAL.test(lowerKey) || parsed.set !== undefined || sample === undefined) return [];
  const witness = deniedBy(statement, {
    document,
    set,
    ...sample,
    name: `a request without ${key} is denied all the same`,
    context: { [key]: [] },
  });
  if (witness === undefined) return [];
  const message = `expected ${operator.replace(/IfExists$/, "")}, or a Null that spares requests without ${key}, got ${operator}`;
  return [{ document, path, message, witness }];
}

const MAY_BE_ABSENT = ["aws:multifactorauthpresent", "aws:viaawsservice"];

function absentBoolOf(
  ...[document, set, statement, { condition, path }]: Parameters<Find>
): readonly Harm[] {
  const { operator, lowerKey, key, values } = condition;
  const sample = sampleOf(document, set, statement);
  if (statement.statement.effect !== "Deny" || operator.name !== "Bool") return [];
  if (operator.ifExists || operator.set !== undefined || sample === undefined) return [];
  if (!MAY_BE_ABSENT.includes(lowerKey) || !values.includes("false")) return [];
  // all else that the Deny asks must hold, else it would not have been denied anyway
  const request = { document, set, ...sample, name: `a request without ${key} is not denied` };
  const witness = flippedBy(statement, request, key, ["false"], { [key]: [] });
  if (witness === undefined) return [];
  const message = `expected BoolIfExists, got Bool, which a request without ${key} does not meet`;
  return [{ document, path, message, witness }];
}
