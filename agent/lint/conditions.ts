/** Rules about operators that do not do what they seem to do. @module */
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import { holds } from "../policy/condition.ts";
import { contextOf } from "../policy/context.ts";
import { callerOf } from "./asking.ts";
import { filledOf } from "./candidates.ts";
import type { LintDocument, WrittenCondition, WrittenStatement } from "./document.ts";
import { hasOneValue, isKnownKey, keysOf } from "./key-table.ts";
import { allowedBy, deniedBy, flippedBy, undenied } from "./probe.ts";
import type { Harm, Rule } from "./rule.ts";
import { sampleOf } from "./sample.ts";
import type { DocumentSet } from "./set.ts";
import type { Witness } from "./witness.ts";

const OPERATORS =
  "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html";
const SETS =
  "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html";

export type Find = (
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  condition: WrittenCondition,
) => readonly Harm[];

export function eachCondition(
  find: Find,
): (document: LintDocument, set: DocumentSet) => readonly Harm[] {
  return (document, set) =>
    document.statements.flatMap((statement) =>
      statement.conditions.flatMap((condition) => find(document, set, statement, condition)),
    );
}

const KINDS = ["identity", "bucket", "key"] as const;

export const CONDITION_RULES: readonly Rule[] = [
  {
    id: "wildcard-in-equals",
    severity: "error",
    title: 'a "*" or "?" in a value of StringEquals, StringNotEquals or their IgnoreCase forms',
    why: "These operators take it literally, so that the value matches nothing that is meant.",
    page: OPERATORS,
    fix: "use StringLike or StringNotLike",
    witness: true,
    judges: "document",
    kinds: KINDS,
    find: eachCondition(literalOf),
  },
  {
    id: "set-operator-on-single-value",
    severity: "warning",
    title: "ForAllValues or ForAnyValue on a key of one value, where that decides otherwise",
    why: "ForAllValues holds for a request that lacks the key, and ForAnyValue with a negated operator does not.",
    page: SETS,
    fix: "leave out the set operator",
    witness: true,
    judges: "document",
    kinds: KINDS,
    find: eachCondition(needlessSetOf),
  },
  {
    id: "for-all-values-without-null",
    severity: "error",
    title: "an Allow with ForAllValues that a request without the key fulfils",
    why: "ForAllValues holds for an empty set.",
    page: SETS,
    fix: 'add `"Null": {KEY: "false"}`, or require one of the values as well',
    witness: true,
    judges: "document",
    kinds: KINDS,
    find: eachCondition(emptySetOf),
  },
  {
    id: "unknown-condition-key",
    severity: "error",
    title: "a condition key of aws, s3, kms or sts that does not exist",
    why: "No request has it, so that an Allow never holds, or a Deny with a negated operator always does.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html",
    fix: "write the key as the Service Authorization Reference does",
    witness: false,
    judges: "document",
    kinds: ["identity", "bucket", "key", "trust", "endpoint", "boundary", "session", "scp", "rcp"],
    find: eachCondition((document, _set, _statement, { condition: { key, lowerKey }, path }) => {
      if (isKnownKey(lowerKey) !== false) return [];
      const near = nearestWord(lowerKey, keysOf(lowerKey.split(":")[0] ?? ""));
      const hint = near === undefined ? "" : `; did you mean ${quote(near)}?`;
      return [
        {
          document,
          path,
          message: `expected a condition key that exists, got ${quote(key)}${hint}`,
        },
      ];
    }),
  },
];

function literalOf(
  ...[document, set, statement, { condition, path, operator }]: Parameters<Find>
): readonly Harm[] {
  const sample = sampleOf(document, set, statement);
  if (!/^String(Not)?Equals/.test(condition.operator.name) || sample === undefined) return [];
  return condition.values.flatMap((value, at) => {
    if (!/[*?]/.test(value.replace(/\$\{[^}]*\}/g, ""))) return [];
    const [meant = ""] = filledOf(value.replace(/\$\{[*?$]\}/g, "x"));
    const isNegated = condition.operator.negated;
    const request = {
      document,
      set,
      ...sample,
      name: "what the pattern was written for is not matched",
    };
    // a role is who it is: the pattern cannot be asked for by its letters
    const caller = condition.lowerKey === "aws:principalarn" ? callerOf(meant) : undefined;
    const witness = isNegated
      ? caught(statement, { ...request, context: { [condition.key]: [meant] } }, caller)
      : flippedBy(statement, request, condition.key, [value], { [condition.key]: [meant] }, caller);
    if (witness === undefined) return [];
    const place = condition.values.length > 1 ? `${path}[${at}]` : path;
    const message = `expected a literal value under ${operator}, got ${quote(value)}, which does not match "${meant}"`;
    return [{ document, path: place, message, witness }];
  });
}

/** By the statement, whichever effect it has. */
function caught(
  statement: WrittenStatement,
  request: Parameters<typeof allowedBy>[1],
  caller?: Parameters<typeof deniedBy>[2],
): Witness | undefined {
  return statement.statement.effect === "Allow"
    ? allowedBy(statement, request, caller === undefined ? undefined : [caller])
    : deniedBy(statement, request, caller);
}

function needlessSetOf(
  ...[document, set, statement, { condition, path, operator }]: Parameters<Find>
): readonly Harm[] {
  const sample = sampleOf(document, set, statement);
  if (condition.operator.set === undefined || !hasOneValue(condition.lowerKey)) return [];
  if (sample === undefined) return [];
  const plain = { ...condition, operator: { ...condition.operator, set: undefined } };
  const without = contextOf({});
  // with one value set operators decide as without; what differs is a request that lacks the key
  if (holds(condition, without) === holds(plain, without)) return [];
  const request = {
    document,
    set,
    ...sample,
    name: `a request without ${condition.key} is decided otherwise than ${condition.operator.name} would`,
    context: { [condition.key]: [] },
  };
  const witness = holds(condition, without)
    ? caught(statement, request)
    : statement.statement.effect === "Deny"
      ? undenied(request)
      : undefined;
  if (witness === undefined) return [];
  const message = `expected ${operator.replace(/^.*:/, "")} for a key of one value, got ${operator}`;
  return [{ document, path, message, witness }];
}

function emptySetOf(
  ...[document, set, statement, { condition, path, operator }]: Parameters<Find>
): readonly Harm[] {
  const sample = sampleOf(document, set, statement);
  if (statement.statement.effect !== "Allow" || condition.operator.set !== "all") return [];
  if (hasOneValue(condition.lowerKey) || sample === undefined) return [];
  const isNames = condition.lowerKey === "kms:encryptioncontextkeys";
  const witness = allowedBy(statement, {
    document,
    set,
    ...sample,
    name: `a request without ${condition.key} is allowed`,
    context: { [condition.key]: [] },
    // no names means no pairs
    facts: isNames ? ["kms:encryptioncontext:"] : [],
  });
  if (witness === undefined) return [];
  const message = `expected a Null beside ${operator}, got an Allow that an empty set fulfils`;
  return [{ document, path, message, witness }];
}
