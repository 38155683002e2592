/** Why somebody may not assume a role, for people. @module */
import type { AccessMap } from "../map/access-map.ts";
import type { Statement } from "../policy/document.ts";
import { operatorName } from "../policy/near-miss.ts";
import type { PrincipalSet } from "../policy/principal.ts";
import { conditionWords } from "./condition-words.ts";
import { deniedWords } from "./denial-words.ts";
import type { ExplainedAssume } from "./explain-assume.ts";
import { remedyLines } from "./explain-words.ts";

/** Lines without their ends; none is wrapped. */
export function encodeAssume(map: AccessMap, found: ExplainedAssume): readonly string[] {
  const { denial, role, statements, naming, remedy } = found;
  const caller = "arn" in denial.caller ? denial.caller.arn : denial.caller.kind;
  const place = `${map.file}:${map.lineOf(["principals", role.name])}`;
  return [
    deniedWords(denial, caller),
    "",
    ...(statements === undefined
      ? [`The trust policy of ${role.name} is not among these documents.`]
      : [
          `The trust policy of ${role.name} (${place}) has:`,
          ...statements.map((one) => `- ${statementWords(one)}`),
          ...(naming.length === 0 ? [`It does not let in ${caller}.`] : namedLines(naming, caller)),
        ]),
    ...(remedy === undefined ? [] : remedyLines(map, remedy)),
  ];
}

function namedLines(naming: readonly Statement[], caller: string): readonly string[] {
  const conditions = naming.flatMap((one) => one.conditions);
  const isMfa = conditions.some(({ lowerKey }) => lowerKey.startsWith("aws:multifactorauth"));
  return [
    `It lets in ${caller}${conditions.length === 0 ? "" : " under these conditions"}, so ${conditions.length === 0 ? "" : "one of them did not hold, or "}another policy denies it: the caller's own, or the organisation's.`,
    ...(isMfa
      ? ["", "With a second factor: aws sts assume-role --serial-number ARN --token-code CODE ..."]
      : []),
  ];
}

/** "lets in arn:aws:iam::111122223333:user/alice, if aws:MultiFactorAuthPresent is true" */
function statementWords({ effect, principal, conditions }: Statement): string {
  const whom = principal === undefined ? "nobody" : namesOf(principal.set).join(", ");
  const all = principal?.negated === true ? `all but ${whom}` : whom;
  const when = conditions
    .map(({ operator, key, values }) => conditionWords(operatorName(operator), key, values))
    .join(", and ");
  return `${effect === "Allow" ? "lets in" : "keeps out"} ${all}${when === "" ? "" : `, if ${when}`}`;
}

function namesOf(set: PrincipalSet): readonly string[] {
  return [
    ...(set.everyone ? ["anybody"] : []),
    ...[...set.accounts].map(
      (account) => `account ${account}, as far as its own policies let them`,
    ),
    ...set.arns,
    ...set.services,
    ...set.federated,
    ...set.canonicalUsers,
  ];
}

/** One object for a script. */
export function assumeJson(
  map: AccessMap,
  { denial, role, statements, naming, remedy }: ExplainedAssume,
): object {
  return {
    map: map.file,
    denied: { action: denial.action, resource: denial.resource ?? null, told: denial.told ?? null },
    role: role.name,
    trust: statements?.map(statementWords) ?? null,
    trusted: statements === undefined ? null : naming.length > 0,
    remedy: remedy ?? null,
  };
}
