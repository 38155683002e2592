/** What a statement is about: its actions, and resources that they can have. @module */
import { matchesAction } from "../policy/match.ts";
import { aboutOf, actionsLike } from "./action-table.ts";
import { filledOf } from "./candidates.ts";
import type { LintDocument, WrittenStatement } from "./document.ts";
import { bucketOf, type DocumentSet, ownerOf } from "./set.ts";

export function allowsOf({ statements }: LintDocument): readonly WrittenStatement[] {
  return statements.filter(({ statement }) => statement.effect === "Allow");
}

export function deniesOf({ statements }: LintDocument): readonly WrittenStatement[] {
  return statements.filter(({ statement }) => statement.effect === "Deny");
}

/**
 * Whether the statement says by its Sid that it is there to open everything when all else is locked out, as those of
 * `policy-templates/break-glass` do: then that it is not limited to a group is what it is for.
 */
export function isBreakGlass({ statement: { sid } }: WrittenStatement): boolean {
  return sid?.startsWith("BreakGlass") === true;
}

/** Whether the action, in any case, is one of the statement's. */
export function hasAction({ statement: { actions } }: WrittenStatement, action: string): boolean {
  const lower = action.toLowerCase();
  return actions.patterns.some((one) => matchesAction(one, lower)) !== actions.negated;
}

/** An action that the statement is about, and a resource of its own: those of reading before others. */
export function sampleOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
): { readonly action: string; readonly resource: string } | undefined {
  const { actions, statement } = written;
  const known = ["s3:GetObject", "kms:Decrypt"].find((one) => hasAction(written, one));
  const named = statement.actions.negated
    ? undefined
    : actions.flatMap(({ text }) => [
        ...actionsLike(text),
        ...(/^[\w-]+:\w+$/.test(text) ? [text] : []),
      ])[0];
  const action = document.kind === "trust" ? named : (known ?? named);
  return action === undefined
    ? undefined
    : { action, resource: resourceOf(document, set, written, action) };
}

/** A resource of the statement's that the action can be about. */
export function resourceOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  action: string,
): string {
  if (document.kind === "trust") return trustedRoleOf(document, set);
  const about = aboutOf(action);
  if (about === "key") return keyFor(document, statement, set);
  const bucket = `arn:${set.partition}:s3:::${bucketOf(document, set)}`;
  if (about === "bucket") return bucket;
  const form = about === "object" ? /^arn:[^:]*:s3:::[^/*]+\/.+/ : /^arn:/;
  const named = statement.resources.find(({ text }) => form.test(text))?.text;
  const filled = named === undefined ? undefined : filledOf(named.replace(/\$\{[^}]*\}/g, "x"))[0];
  return filled ?? `${bucket}/some/secret`;
}

/** A key that the statement names, else that of the document, else the set's. */
export function keyFor(
  { attachedTo }: LintDocument,
  { resources }: WrittenStatement,
  set: DocumentSet,
): string {
  const isKey = (text: string): boolean => /^arn:[^:]*:kms:[^:]*:[^:]*:key\//.test(text);
  const named = resources.find(({ text }) => isKey(text))?.text;
  const own = attachedTo !== undefined && isKey(attachedTo) ? attachedTo : set.key;
  return (named === undefined ? undefined : filledOf(named)[0]) ?? own;
}

/** The role that the trust policy is of. */
export function trustedRoleOf(document: LintDocument, set: DocumentSet): string {
  const owner = ownerOf(document, set);
  return "arn" in owner ? owner.arn : "";
}
