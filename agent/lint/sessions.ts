/** Rules about sessions of roles in conditions. @module */
import type { Caller } from "../policy/caller.ts";
import { layersOf } from "./asking.ts";
import { filledOf } from "./candidates.ts";
import type { LintDocument, WrittenCondition, WrittenStatement } from "./document.ts";
import { deniedBy, undenied } from "./probe.ts";
import type { Harm, Rule } from "./rule.ts";
import { sampleOf } from "./sample.ts";
import { type DocumentSet, roleOf } from "./set.ts";
import { refusalOf, type Witness, witnessOf } from "./witness.ts";

export const SESSION_RULES: readonly Rule[] = [
  {
    id: "session-in-principal-arn",
    severity: "error",
    title: "the ARN of a session (`assumed-role/…`) as value of aws:PrincipalArn",
    why: "The key has the ARN of the role, so that the condition never matches a session.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn",
    fix: "name the role: `arn:aws:iam::ACCOUNT:role/NAME`",
    witness: true,
    judges: "document",
    kinds: ["bucket", "key"],
    find: (document, set) =>
      document.statements.flatMap((statement) =>
        statement.conditions.flatMap((condition) =>
          sessionsOf(document, set, statement, condition),
        ),
      ),
  },
];

function sessionsOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  { condition, path }: WrittenCondition,
): readonly Harm[] {
  const sample = sampleOf(document, set, statement);
  if (condition.lowerKey !== "aws:principalarn" || sample === undefined) return [];
  return condition.values.flatMap((value) => {
    const [, partition, account, name] =
      /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(value) ?? [];
    if (name === undefined) return [];
    const caller = roleOf(`arn:${partition}:iam::${account}:role/${filledOf(name)[0] ?? name}`);
    const request = { document, set, ...sample, name: "the session that is meant is not matched" };
    const witness = unmatched(statement, condition.operator.negated, request, caller);
    if (witness === undefined) return [];
    const message = `expected the ARN of a role, got that of a session: "${value}"`;
    return [{ document, path, message, witness }];
  });
}

function unmatched(
  statement: WrittenStatement,
  isNegated: boolean,
  request: Parameters<typeof undenied>[0],
  caller: Caller,
): Witness | undefined {
  const { document, set, action } = request;
  if (statement.statement.effect === "Deny")
    return isNegated ? deniedBy(statement, request, caller) : undenied(request, caller);
  const layers = layersOf(document, set, statement, caller, action);
  const ask = { ...request, caller, layers };
  const granted = witnessOf(ask, { decision: "allow" });
  if (isNegated) return granted;
  return granted === undefined ? refusalOf(ask) : undefined;
}
