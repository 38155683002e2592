/** Rules about the actions of a statement. @module */
import { allowedBy } from "./probe.ts";
import { allowsOf, hasAction, resourceOf } from "./sample.ts";
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import { actionsLike, KNOWN_ACTIONS } from "./action-table.ts";
import type { LintDocument, Written, WrittenStatement } from "./document.ts";
import type { Harm, Rule } from "./rule.ts";
import type { DocumentSet } from "./set.ts";

const ACTION =
  "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html";

export const ACTION_RULES: readonly Rule[] = [
  {
    id: "wildcard-action",
    severity: "warning",
    title: "an Allow of `s3:*`, `s3:Get*`, `s3:GetObject*`, `kms:*` and the like",
    why: "It includes what a reader or publisher must not do, such as read old versions or change the policy, and what AWS adds later.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    fix: "name the actions",
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket", "key"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) =>
        statement.statement.actions.negated
          ? []
          : statement.actions.flatMap((action) => excessOf(document, set, statement, action)),
      ),
  },
  {
    id: "not-action-allow",
    severity: "error",
    title: "an Allow with `NotAction`",
    why: "It allows everything else, of every service that the resources fit, and what AWS adds later.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html",
    fix: "name the actions that are allowed",
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket", "key"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => restOf(document, set, statement)),
  },
  {
    id: "unknown-action",
    severity: "error",
    title: "an action of S3, KMS or STS that does not exist",
    why: "It matches no request, so that a misspelt Deny guards nothing.",
    page: ACTION,
    fix: "write the action as the Service Authorization Reference does",
    witness: false,
    judges: "document",
    kinds: ["identity", "bucket", "key", "trust", "endpoint", "boundary", "session", "scp", "rcp"],
    find: (document) =>
      document.statements.flatMap(({ actions }) =>
        actions.flatMap((one) => unknownOf(document, one)),
      ),
  },
];

/** What a pattern must not include besides what its name says. */
const EXCESS = [
  "s3:PutBucketPolicy",
  "s3:GetObjectVersion",
  "s3:DeleteObjectVersion",
  "s3:PutObjectAcl",
  "s3:GetObjectAcl",
  "s3:BypassGovernanceRetention",
  "s3:ListBucketVersions",
  "kms:PutKeyPolicy",
  "kms:CreateGrant",
  "kms:Decrypt",
];

function excessOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  { text, path }: Written,
): readonly Harm[] {
  // what a key's own policy lets the account decide is key-policy-delegates-use
  if (!/[*?]/.test(text) || isDelegation(document, statement)) return [];
  const covered = actionsLike(text);
  for (const action of EXCESS.filter((one) => covered.includes(one))) {
    const resource = resourceOf(document, set, statement, action);
    const witness = allowedBy(statement, {
      document,
      set,
      name: `${action} is granted as well`,
      action,
      resource,
    });
    if (witness !== undefined) {
      const message = `expected the actions by name, got "${text}", which includes ${action}`;
      return [{ document, path, message, witness }];
    }
  }
  return [];
}

function isDelegation(
  { kind }: LintDocument,
  { statement: { principal } }: WrittenStatement,
): boolean {
  return kind === "key" && (principal?.set.accounts.size ?? 0) > 0;
}

function restOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
): readonly Harm[] {
  if (!statement.statement.actions.negated) return [];
  for (const action of [...EXCESS, "s3:GetObject"]) {
    if (!hasAction(statement, action)) continue;
    const resource = resourceOf(document, set, statement, action);
    const name = `${action} is granted as well`;
    const witness = allowedBy(statement, { document, set, name, action, resource });
    if (witness === undefined) continue;
    const message = `expected Action in an Allow, got NotAction, which includes ${action}`;
    return [{ document, path: `${statement.path}.NotAction`, message, witness }];
  }
  return [];
}

function unknownOf(document: LintDocument, { text, path }: Written): readonly Harm[] {
  if (!/^(s3|kms|sts):/i.test(text) || actionsLike(text).length > 0) return [];
  const near = nearestWord(text, KNOWN_ACTIONS);
  const hint = near === undefined ? "" : `; did you mean ${quote(near)}?`;
  const what = /[*?]/.test(text) ? "a pattern of actions that exist" : "an action that exists";
  return [{ document, path, message: `expected ${what}, got ${quote(text)}${hint}` }];
}
