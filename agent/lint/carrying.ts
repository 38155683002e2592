/** Rules about conditions on keys that an action never carries. @module */
import { quote } from "../core/names.ts";
import { actionsLike } from "./action-table.ts";
import { callersOf, layersOf } from "./asking.ts";
import type { LintDocument, WrittenCondition, WrittenStatement } from "./document.ts";
import { carriersOf } from "./key-table.ts";
import { deniedBy, undenied } from "./probe.ts";
import type { Harm, Rule } from "./rule.ts";
import { resourceOf } from "./sample.ts";
import type { DocumentSet } from "./set.ts";
import { refusalOf, type Witness } from "./witness.ts";

export const CARRYING_RULES: readonly Rule[] = [
  {
    id: "action-without-key",
    severity: "error",
    title:
      "an action that cannot carry a condition key of its statement, such as kms:DescribeKey with an encryption context",
    why: "Its requests lack the key: an Allow never holds for it, and a Deny holds never or always.",
    page: "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
    fix: "move the action to a statement of its own",
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket", "key"],
    find: (document, set) =>
      document.statements.flatMap((statement) =>
        statement.statement.actions.negated
          ? []
          : statement.conditions.flatMap((condition) =>
              strayOf(document, set, statement, condition),
            ),
      ),
  },
];

function strayOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  { condition }: WrittenCondition,
): readonly Harm[] {
  const carriers = carriersOf(condition.lowerKey);
  if (carriers === undefined) return [];
  // a denial that says what holds without the key means the actions that lack it, too
  if (statement.statement.effect === "Deny" && condition.operator.ifExists) return [];
  const service = condition.lowerKey.split(":")[0] ?? "";
  return statement.actions.flatMap(({ text, path: at }) => {
    const covered = actionsLike(text).filter((action) => action.startsWith(`${service}:`));
    const stray = covered.find(
      (action) => !carriers.includes(action) && action !== "s3:BypassGovernanceRetention",
    );
    // a pattern that covers actions which carry it is meant for those, where it does no harm to others
    const isPattern = covered.some((action) => carriers.includes(action));
    if (stray === undefined) return [];
    const witness = harmOf(document, set, statement, { stray, isPattern, key: condition.key });
    if (witness === undefined) return [];
    const often = witness.expect === "explicit deny" ? "always" : "never";
    const message = `expected actions that carry ${quote(condition.key)}, got ${stray}, for which it ${often} holds`;
    return [{ document, path: at, message, witness }];
  });
}

function harmOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  {
    stray,
    isPattern,
    key,
  }: { readonly stray: string; readonly isPattern: boolean; readonly key: string },
): Witness | undefined {
  const request = {
    document,
    set,
    action: stray,
    resource: resourceOf(document, set, statement, stray),
    name: `${stray} never has ${key}`,
    context: { [key]: [] },
  };
  if (statement.statement.effect === "Deny") {
    const always = deniedBy(statement, request);
    return always ?? (isPattern ? undefined : undenied(request));
  }
  const [caller] = callersOf(document, set, statement);
  if (caller === undefined || isPattern) return undefined;
  const layers = layersOf(document, set, statement, caller, stray);
  return refusalOf({ ...request, caller, layers });
}
