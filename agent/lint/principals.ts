/** Rules about whom a policy of a resource names. @module */
import { callerOf } from "./asking.ts";
import { allowsOf, deniesOf, sampleOf } from "./sample.ts";
import { quote } from "../core/names.ts";
import { below, isRecord } from "../policy/issues.ts";
import {
  type LintDocument,
  rawStatements,
  textsOf,
  type Written,
  type WrittenStatement,
} from "./document.ts";
import type { Harm, Rule } from "./rule.ts";
import { type DocumentSet, someRole } from "./set.ts";
import { ALL_ACCESS, documentOf, witnessOf } from "./witness.ts";

const PRINCIPAL =
  "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html";

export const PRINCIPAL_RULES: readonly Rule[] = [
  {
    id: "wildcard-principal",
    severity: "warning",
    title: 'an Allow for `"*"` with principals by exact ARN in a condition',
    why: "It is not limited by the permissions boundaries of those principals, and is public once the condition is dropped.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html",
    fix: "name the principals in Principal",
    witness: true,
    judges: "document",
    kinds: ["bucket", "key"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => unboundedOf(document, set, statement)),
  },
  {
    id: "principal-pattern",
    severity: "error",
    title: "a Principal with a wildcard in an ARN",
    why: "A principal is no pattern: AWS refuses the policy.",
    page: PRINCIPAL,
    fix: 'name each principal, or use `"*"` with `ArnLike aws:PrincipalArn` in a condition',
    witness: false,
    judges: "text",
    find: (document) =>
      principalsIn(document.value)
        .filter(({ text }) => isPrincipalPattern(text))
        .map(({ text, path }) => ({
          document,
          path,
          message: `expected "*", an account, or an ARN without wildcards, got ${quote(text)}`,
        })),
  },
  {
    id: "not-principal",
    severity: "error",
    title: "NotPrincipal",
    why: "It must list account, role and session, and always denies principals that have a permissions boundary.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html",
    fix: 'deny `"*"` with `ArnNotEquals aws:PrincipalArn` in a condition',
    witness: true,
    judges: "document",
    kinds: ["bucket", "key", "endpoint"],
    find: (document, set) =>
      deniesOf(document).flatMap((statement) => sparedOf(document, set, statement)),
  },
  {
    id: "orphaned-principal",
    severity: "warning",
    title: "a Principal that is the id of a role or user (`AROA…`, `AIDA…`)",
    why: "AWS shows the id where the role or user was deleted; one that was made again under its name has no access.",
    page: PRINCIPAL,
    fix: "name the ARN again, once the role exists",
    witness: false,
    judges: "text",
    find: (document) =>
      principalsIn(document.value)
        .filter(({ text }) => /^A(ROA|IDA|NPA|GPA)[A-Z0-9]{12,}$/.test(text))
        .map(({ text, path }) => ({
          document,
          path,
          message: `expected an ARN, got the id ${quote(text)} of a principal that is gone`,
        })),
  },
];

function unboundedOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
): readonly Harm[] {
  const { principal, conditions } = written.statement;
  const sample = sampleOf(document, set, written);
  const exact = conditions.filter(
    ({ lowerKey, operator, values }) =>
      lowerKey === "aws:principalarn" &&
      !operator.negated &&
      values.every((value) => !/[*?$]/.test(value)),
  );
  const caller = callerOf(exact[0]?.values[0] ?? "");
  if (principal?.set.everyone !== true || sample === undefined || caller === undefined) return [];
  const boundary = documentOf("boundary", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "ec2:Describe*", Resource: "*" }],
  });
  const witness = witnessOf(
    {
      set,
      ...sample,
      name: "a role has it whose boundary does not allow it",
      caller,
      layers: { identity: [], resource: document, boundary },
    },
    { decision: "allow", by: written.statement },
  );
  if (witness === undefined) return [];
  const message = 'expected the principals by name, got "*" and their ARNs in a condition';
  return [{ document, path: below(written.path, "Principal"), message, witness }];
}

/** The strings of every Principal and NotPrincipal. */
function principalsIn(value: unknown): readonly Written[] {
  return rawStatements(value).flatMap(([raw, path]) =>
    ["Principal", "NotPrincipal"].flatMap((name) => {
      const principal = raw[name];
      return isRecord(principal) ? textsOf(principal, "AWS", below(path, name)) : [];
    }),
  );
}

/** AWS's form for anyone is "*" alone. */
export function isPrincipalPattern(text: string): boolean {
  return text !== "*" && /[*?]/.test(text);
}

function sparedOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
): readonly Harm[] {
  const { principal } = written.statement;
  const sample = sampleOf(document, set, written);
  if (principal?.negated !== true || sample === undefined) return [];
  const named = [...principal.set.arns].map(callerOf).find((one) => one !== undefined);
  const caller = named?.kind === "role" ? named : someRole(set, "with-boundary");
  const witness = witnessOf(
    {
      set,
      ...sample,
      name: "a role is denied because it has a permissions boundary",
      caller,
      layers: { identity: [ALL_ACCESS], resource: document, boundary: ALL_ACCESS },
    },
    { decision: "explicit deny", by: written.statement },
  );
  if (witness === undefined) return [];
  const message = "expected Principal with a condition on aws:PrincipalArn, got NotPrincipal";
  return [{ document, path: below(written.path, "NotPrincipal"), message, witness }];
}
