/** How roles, users and permission sets differ from what was generated for them. @module */
import type { IdentityDocuments, NamedPolicy, PolicyJson } from "../policy/deployment.ts";
import { type Change, documentChanges, settingChange, unknown } from "./drift-change.ts";
import { lastPart } from "./exported-place.ts";
import type { Exported } from "./exported.ts";
import { isGenerated, rolesOf } from "./comparable.ts";

export function identityChanges(expected: IdentityDocuments, actual: Exported): readonly Change[] {
  const { arn, kind } = expected;
  const subject = `${kind} ${lastPart(arn)}`;
  const found = rolesOf(expected, actual.deployment);
  if (found.length > 0)
    return found.flatMap((one) =>
      kind === "permission set"
        ? permissionSetChanges(expected, one, actual)
        : singleChanges(subject, expected, one, actual),
    );
  // of a permission set nothing tells but a list of all roles
  return actual.knows(arn, "identity")
    ? [{ kind: "missing", subject, what: "itself", statements: [] }]
    : [unknown(subject, "itself")];
}

/** Its policy has another name on each of its roles, and what else they have is not postern's. */
function permissionSetChanges(
  expected: IdentityDocuments,
  role: IdentityDocuments,
  { knows }: Exported,
): readonly Change[] {
  const subject = `role ${lastPart(role.arn)}`;
  if (!knows(role.arn, "policies")) return [unknown(subject, "policies")];
  const inline = (one: IdentityDocuments): readonly PolicyJson[] =>
    one.policies.filter(({ form }) => form === "inline").map(({ document }) => document);
  return documentChanges(subject, "inline policy", merged(inline(expected)), merged(inline(role)));
}

/** All statements as of one document; the version of the newest. */
function merged(documents: readonly PolicyJson[]): PolicyJson | undefined {
  if (documents.length === 0) return undefined;
  return {
    Version: "2012-10-17",
    Statement: documents.flatMap(({ Statement: statements }) => [statements].flat()),
  };
}

function singleChanges(
  subject: string,
  expected: IdentityDocuments,
  actual: IdentityDocuments,
  { knows }: Exported,
): readonly Change[] {
  const { arn } = expected;
  const policies = knows(arn, "policies")
    ? policyChanges(subject, expected, actual)
    : [unknown(subject, "policies")];
  if (!isGenerated(expected)) return policies;
  return [
    ...policies,
    ...documentChanges(subject, "trust policy", expected.trust, actual.trust),
    ...(knows(arn, "session")
      ? settingChange(
          subject,
          "longest session in seconds",
          expected.maxSessionSeconds,
          actual.maxSessionSeconds,
        )
      : [unknown(subject, "longest session")]),
    ...(knows(arn, "instance profiles")
      ? settingChange(
          subject,
          "instance profile",
          expected.hasInstanceProfile,
          actual.hasInstanceProfile,
        )
      : [unknown(subject, "instance profiles")]),
    ...(knows(arn, "boundary")
      ? documentChanges(subject, "permissions boundary", expected.boundary, actual.boundary)
      : [unknown(subject, "permissions boundary")]),
  ];
}

function policyChanges(
  subject: string,
  expected: IdentityDocuments,
  actual: IdentityDocuments,
): readonly Change[] {
  const own = expected.policies.flatMap((policy) => {
    const match = actual.policies.find((one) => isSame(one, policy));
    return documentChanges(subject, nameOf(policy), policy.document, match?.document);
  });
  const attached = expected.foreignPolicies
    .filter((arn) => !hasAttached(actual, arn))
    .map((arn): Change => ({
      kind: "missing",
      subject,
      what: `managed policy ${arn}`,
      statements: [],
    }));
  // who was there before has policies of its own
  return isGenerated(expected)
    ? [...own, ...attached, ...extraChanges(subject, expected, actual)]
    : [...own, ...attached];
}

function extraChanges(
  subject: string,
  expected: IdentityDocuments,
  actual: IdentityDocuments,
): readonly Change[] {
  return [
    ...actual.policies
      .filter((policy) => !expected.policies.some((one) => isSame(one, policy)))
      .filter(
        ({ form, name }) =>
          form === "inline" || !expected.foreignPolicies.some((arn) => lastPart(arn) === name),
      )
      .flatMap((policy) => documentChanges(subject, nameOf(policy), undefined, policy.document)),
    ...actual.foreignPolicies
      .filter((arn) => !expected.foreignPolicies.includes(arn))
      .map((arn): Change => ({
        kind: "extra",
        subject,
        what: `managed policy ${arn}`,
        statements: [],
      })),
  ];
}

function hasAttached({ policies, foreignPolicies }: IdentityDocuments, arn: string): boolean {
  const isAttached = ({ form, name }: NamedPolicy): boolean =>
    form === "managed" && name === lastPart(arn);
  return foreignPolicies.includes(arn) || policies.some(isAttached);
}

function isSame(one: NamedPolicy, other: NamedPolicy): boolean {
  return one.name === other.name && one.form === other.form;
}

function nameOf({ form, name }: NamedPolicy): string {
  return `${form} policy ${name}`;
}
