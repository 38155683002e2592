/** Rules about who becomes a role: by trust, by passing it, by tags. @module */
import { callersOf } from "./asking.ts";
import { filledOf } from "./candidates.ts";
import type { LintDocument, WrittenStatement } from "./document.ts";
import { allowedBy } from "./probe.ts";
import type { Harm, Rule } from "./rule.ts";
import { allowsOf, hasAction, sampleOf, trustedRoleOf } from "./sample.ts";
import { type DocumentSet, ownerOf } from "./set.ts";
import type { Witness } from "./witness.ts";

export const TRUST_RULES: readonly Rule[] = [
  {
    id: "pass-role-wildcard",
    severity: "error",
    title: "`iam:PassRole` to EC2 for any role, or for roles by a pattern",
    why: "Who passes a role to an instance that they start reads every group of that role.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    fix: "name the roles, and `iam:PassedToService`",
    witness: true,
    judges: "document",
    kinds: ["identity"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => passingOf(document, set, statement)),
  },
  {
    id: "instance-role-shared",
    severity: "error",
    title: "a role that instances have and that people or other accounts may assume as well",
    why: "The denies by the instance's VPC and address do not hold for sessions that are no instance's.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-ec2instancesourcevpc",
    fix: "give people a role of their own",
    witness: true,
    judges: "document",
    kinds: ["trust"],
    find: sharedOf,
  },
  {
    id: "self-tagging",
    severity: "error",
    title:
      "a resource or condition by `aws:PrincipalTag/…` of a principal that can set its own tags",
    why: "Who sets the tag chooses what they are granted.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/introduction_attribute-based-access-control.html",
    fix: "deny iam:TagRole and iam:TagUser, and restrict `aws:RequestTag/…` where the trust allows sts:TagSession",
    witness: true,
    judges: "set",
    find: (set) =>
      set.documents
        .filter(({ kind }) => kind === "identity")
        .flatMap((document) => taggingOf(document, set)),
  },
];

function passingOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
): readonly Harm[] {
  if (!hasAction(statement, "iam:PassRole") || statement.statement.resources?.negated === true)
    return [];
  return statement.resources.flatMap(({ text, path }) => {
    if (!text.includes("*")) return [];
    const [filled = ""] = text === "*" ? [] : filledOf(text);
    const role = /^arn:[^:]*:iam::\d{12}:role\/./.test(filled)
      ? filled
      : `arn:${set.partition}:iam::${set.account}:role/postern/all-groups`;
    const witness = allowedBy(statement, {
      document,
      set,
      name: "a role that no statement names is passed to an instance",
      action: "iam:PassRole",
      resource: role,
      context: { "iam:PassedToService": ["ec2.amazonaws.com"] },
    });
    if (witness === undefined) return [];
    return [{ document, path, message: `expected the ARN of a role, got "${text}"`, witness }];
  });
}

function sharedOf(document: LintDocument, set: DocumentSet): readonly Harm[] {
  const allows = allowsOf(document);
  const isInstance = allows.some(({ statement: { principal } }) =>
    [...(principal?.set.services ?? [])].some((name) => name.startsWith("ec2.amazonaws.com")),
  );
  if (!isInstance) return [];
  return allows.flatMap((statement) => {
    const sample = sampleOf(document, set, statement);
    const others = callersOf(document, set, statement).filter(({ kind }) => kind !== "service");
    if (sample === undefined || others.length === 0) return [];
    const name = "somebody who is no instance has the role";
    const witness = allowedBy(statement, { document, set, ...sample, name }, others);
    if (witness === undefined) return [];
    const message =
      "expected EC2 alone in the trust of an instance role, got other principals as well";
    return [{ document, path: `${statement.path}.Principal`, message, witness }];
  });
}

function taggingOf(document: LintDocument, set: DocumentSet): readonly Harm[] {
  const found = allowsOf(document).flatMap(({ resources, conditions }) => [
    ...resources.flatMap(({ text, path }) => tagsIn(text).map((tag) => ({ tag, path }))),
    ...conditions.flatMap(({ condition, path }) =>
      [condition.key, ...condition.values.flatMap((value) => value.match(/\$\{[^}]*\}/g) ?? [])]
        .flatMap(tagsIn)
        .map((tag) => ({ tag, path })),
    ),
  ]);
  return found.flatMap(({ tag, path }) => {
    const witness = ownTagOf(document, set, tag) ?? sessionTagOf(document, set, tag);
    if (witness === undefined) return [];
    const message = `expected a tag that the principal cannot set, got aws:PrincipalTag/${tag}, which it sets by ${witness.action}`;
    return [{ document, path, message, witness }];
  });
}

function tagsIn(text: string): readonly string[] {
  return [...text.matchAll(/aws:PrincipalTag\/([^},'\s]+)/gi)].map(([, tag = ""]) => tag);
}

function chosen(tag: string): Readonly<Record<string, readonly string[]>> {
  return { [`aws:RequestTag/${tag}`]: ["any-other-group"], "aws:TagKeys": [tag] };
}

function ownTagOf(document: LintDocument, set: DocumentSet, tag: string): Witness | undefined {
  const caller = ownerOf(document, set);
  const action = caller.kind === "user" ? "iam:TagUser" : "iam:TagRole";
  const resource = "arn" in caller ? caller.arn : "";
  const [statement] = allowsOf(document).filter((one) => hasAction(one, action));
  if (statement === undefined) return undefined;
  const name = "it tags itself as it likes";
  return allowedBy(statement, { document, set, name, action, resource, context: chosen(tag) });
}

/** By the trust policy of the same role, where it is there. */
function sessionTagOf(
  { attachedTo }: LintDocument,
  set: DocumentSet,
  tag: string,
): Witness | undefined {
  const action = "sts:TagSession";
  return set.documents
    .filter(
      ({ kind, attachedTo: other }) =>
        kind === "trust" && attachedTo !== undefined && other === attachedTo,
    )
    .flatMap((document) =>
      allowsOf(document).flatMap((statement) => {
        if (!hasAction(statement, action)) return [];
        const resource = trustedRoleOf(document, set);
        const name = "who assumes the role sets the tag as they like";
        return (
          allowedBy(statement, { document, set, name, action, resource, context: chosen(tag) }) ??
          []
        );
      }),
    )[0];
}
