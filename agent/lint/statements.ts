/** Rules about statements that change nothing. @module */
import { actionsLike } from "./action-table.ts";
import type { LintDocument, WrittenStatement } from "./document.ts";
import { deniedBy } from "./probe.ts";
import type { Harm, Rule } from "./rule.ts";
import { allowsOf, deniesOf, hasAction, resourceOf } from "./sample.ts";
import type { DocumentSet } from "./set.ts";
import { matchesResource } from "../policy/match.ts";
import { parseArn } from "../policy/glob.ts";

export const STATEMENT_RULES: readonly Rule[] = [
  {
    id: "duplicate-statement",
    severity: "note",
    title: "a statement that stands there twice, whatever its Sid",
    why: "It takes room, and a change of the one leaves the other as it was.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_statement.html",
    fix: "remove one of them",
    witness: false,
    judges: "document",
    kinds: ["identity", "bucket", "key", "trust", "endpoint", "boundary", "session", "scp", "rcp"],
    find: duplicatesOf,
  },
  {
    id: "shadowed-allow",
    severity: "warning",
    title: "an Allow of which a Deny without conditions leaves nothing",
    why: "The statement says yes and every decision says no.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
    fix: "remove the Allow, or narrow the Deny",
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket", "key"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => shadowedOf(document, set, statement)),
  },
];

function duplicatesOf(document: LintDocument): readonly Harm[] {
  const seen = new Map<string, string>();
  return document.statements.flatMap(({ raw, path }) => {
    const { Sid: _, ...rest } = raw;
    const form = canonical(rest);
    const first = seen.get(form);
    if (first === undefined) {
      seen.set(form, path);
      return [];
    }
    return [{ document, path, message: `expected each statement once, got ${first} again` }];
  });
}

/** The same for the same JSON, whatever the order of names and of strings, and for one string and a list of it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    const members = value.map(canonical).sort();
    return members.length === 1 ? (members[0] ?? "") : `[${members.join()}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, member]) => `${name}:${canonical(member)}`);
  return `{${entries.sort().join()}}`;
}

function shadowedOf(
  document: LintDocument,
  set: DocumentSet,
  allow: WrittenStatement,
): readonly Harm[] {
  if (allow.statement.actions.negated || allow.resources.length === 0) return [];
  const actions = allow.actions.flatMap(({ text }) =>
    /[*?]/.test(text) ? actionsLike(text) : [text],
  );
  const [action] = actions;
  const deny = deniesOf(document).find((one) => covers(one, allow, actions));
  if (action === undefined || deny === undefined) return [];
  const witness = deniedBy(deny, {
    document,
    set,
    action,
    resource: resourceOf(document, set, allow, action),
    name: "what the statement allows is denied",
  });
  if (witness === undefined) return [];
  const message = `expected an Allow that takes effect, got one that ${deny.path} denies as a whole`;
  return [{ document, path: allow.path, message, witness }];
}

/** Whether the Deny holds for whatever the Allow is about; where it is not sure, not. */
function covers(
  deny: WrittenStatement,
  { resources, actions: written }: WrittenStatement,
  actions: readonly string[],
): boolean {
  const { conditions, principal, resources: denied } = deny.statement;
  if (conditions.length > 0 || denied === undefined || denied.negated) return false;
  if (principal !== undefined && (principal.negated || !principal.set.everyone)) return false;
  // a pattern of a service whose actions are not known here may be about more
  const isKnown = written.every(({ text }) => /^(s3|kms|sts):/i.test(text) || !/[*?]/.test(text));
  return (
    isKnown &&
    actions.length > 0 &&
    actions.every((action) => hasAction(deny, action)) &&
    // a pattern is covered by one that matches it letter by letter: "*" stands for itself then
    resources.every(({ text }) =>
      denied.patterns.some((one) => matchesResource(one, parseArn(text), new Map())),
    )
  );
}
