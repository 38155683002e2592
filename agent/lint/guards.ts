/** Rules about Denies of a bucket policy that reach too far, or not far enough. @module */
import { undenied, deniedBy } from "./probe.ts";
import { deniesOf, hasAction, resourceOf } from "./sample.ts";
import type { LintDocument, Written, WrittenStatement } from "./document.ts";
import type { Harm, Rule } from "./rule.ts";
import { bucketOf, type DocumentSet, someRole } from "./set.ts";

export const GUARD_RULES: readonly Rule[] = [
  {
    id: "history-wildcard",
    severity: "warning",
    title: "a Deny of `s3:GetObjectVersion*`",
    why: "It also denies GetObjectVersionForReplication, by which S3 replicates objects.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html",
    fix: "name GetObjectVersion, GetObjectVersionAcl and GetObjectVersionTagging",
    witness: true,
    judges: "document",
    kinds: ["bucket"],
    find: (document, set) =>
      deniesOf(document).flatMap((statement) =>
        statement.actions.flatMap((action) => replicationOf(document, set, statement, action)),
      ),
  },
  {
    id: "closed-world-action-list",
    severity: "warning",
    title: "a Deny for all but some principals that lists actions of objects by name",
    why: "What is not listed, such as ReplicateObject, still writes or changes objects.",
    page: "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html",
    fix: "deny `s3:*` to everyone but the principals that are listed",
    witness: true,
    judges: "document",
    kinds: ["bucket"],
    find: (document, set) =>
      deniesOf(document).flatMap((statement) => forgottenOf(document, set, statement)),
  },
];

function replicationOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  { text, path }: Written,
): readonly Harm[] {
  if (!/^s3:GetObjectVersion[A-Za-z]*\*$/i.test(text)) return [];
  const action = "s3:GetObjectVersionForReplication";
  if (!hasAction(statement, action)) return [];
  const resource = resourceOf(document, set, statement, action);
  const name = "replication is denied";
  const replication = someRole(set, "replication");
  const witness = deniedBy(statement, { document, set, name, action, resource }, replication);
  if (witness === undefined) return [];
  const message = `expected the actions by name, got "${text}", which includes ${action}`;
  return [{ document, path, message, witness }];
}

function forgottenOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
): readonly Harm[] {
  const { conditions, statement: parsed } = statement;
  const exempts = conditions.some(
    ({ condition: { lowerKey, operator } }) => lowerKey === "aws:principalarn" && operator.negated,
  );
  const isWhole = statement.resources.some(({ text }) => /^arn:[^:]*:s3:::[^/]+\/\*$/.test(text));
  const forgotten = "s3:ReplicateObject";
  const isClosed = ["s3:GetObject", "s3:PutObject"].every((action) => hasAction(statement, action));
  // with further conditions it is a guard of another kind
  if (!exempts || !isWhole || !isClosed || parsed.conditions.length > 1) return [];
  if (hasAction(statement, forgotten)) return [];
  const witness = undenied({
    document,
    set,
    name: "another principal writes an object",
    action: forgotten,
    resource: `arn:${set.partition}:s3:::${bucketOf(document, set)}/some/secret`,
  });
  if (witness === undefined) return [];
  const message = `expected "s3:*" denied to all but those listed, got a list of actions without ${forgotten}`;
  return [{ document, path: `${statement.path}.Action`, message, witness }];
}
