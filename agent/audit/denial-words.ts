/** What is found out of a denial, for people. @module */
import type { AccessMap } from "../map/access-map.ts";
import { AUDIT_RIGHTS } from "../policy/rights.ts";
import { guardLines, stepJson, stepLines } from "./explain-words.ts";
import type { ExplainedDenial } from "./explain-denial.ts";
import type { Denial } from "./denial.ts";
import type { LineOfStatement } from "./provenance.ts";

/** Lines without their ends; none is wrapped. */
export function encodeDenial(
  map: AccessMap,
  found: ExplainedDenial,
  lineOf: LineOfStatement,
): readonly string[] {
  const { denial, principal, explained, remedy, agrees } = found;
  const who = principal?.name ?? ("arn" in denial.caller ? denial.caller.arn : denial.caller.kind);
  const lines = [
    `AWS denied ${denial.action} on ${denial.resource ?? "a resource that it does not name"} to ${who}${toldWords(denial)}.`,
    "",
  ];
  if (principal === undefined)
    return [
      ...lines,
      `${who} is in no line of ${map.file}: the documents keep out whom it does not name.`,
    ];
  if (found.verb === undefined)
    return [...lines, `The map lets nobody but ${othersFor(map, denial)} do that.`];
  if (explained === undefined)
    return [
      ...lines,
      "What AWS told is too little to decide the request again.",
      ...remedyLines(map, remedy),
    ];
  return [
    ...lines,
    "By these documents, with all that AWS did not tell as it should be:",
    ...stepLines(map, principal, explained, 1, lineOf),
    ...(explained.verdict.decision === "allow" ? allowedLines(map, found, lineOf) : []),
    ...(agrees === false && explained.verdict.decision === "deny"
      ? ["", "AWS gave another reason: what is deployed may not be what this map makes."]
      : []),
    ...remedyLines(map, remedy),
  ];
}

/** Who of a map may do what is no verb of it. */
function othersFor({ auditors }: AccessMap, { action }: Denial): string {
  const isLook = [...AUDIT_RIGHTS.bucket, ...AUDIT_RIGHTS.key].includes(action);
  return isLook && auditors.length > 0
    ? "deployers, break_glass and auditors"
    : "deployers and break_glass";
}

/** Denied there and allowed here: something of the request was not as it should be, or other documents are deployed. */
function allowedLines(
  map: AccessMap,
  { explained }: ExplainedDenial,
  lineOf: LineOfStatement,
): readonly string[] {
  const guards = explained === undefined ? [] : guardLines(map, [explained], lineOf);
  return guards.length === 0
    ? ["", "So what is deployed is not what this map makes: postern policy drift tells where."]
    : [...guards, "If none of these was the case, what is deployed is not what this map makes."];
}

function remedyLines(map: AccessMap, remedy: ExplainedDenial["remedy"]): readonly string[] {
  if (remedy === undefined) return [];
  const place = remedy.line === undefined ? "" : ` (${map.file}:${remedy.line})`;
  return ["", `To allow it: ${remedy.edit}${place}.`];
}

function toldWords({ told }: Denial): string {
  if (told === undefined) return "";
  const { layer, explicit } = told;
  const where = {
    identity: "identity-based policy",
    resource: "resource-based policy",
    boundary: "permissions boundary",
    session: "session policy",
    scp: "service control policy",
    rcp: "resource control policy",
    endpoint: "VPC endpoint policy",
    service: "rule of the service",
    grant: "grant",
  }[layer];
  return explicit ? `, by an explicit deny in a ${where}` : `, since no ${where} allows it`;
}

/** One object for a script. */
export function denialJson(
  map: AccessMap,
  { denial, principal, group, verb, key, explained, agrees, remedy }: ExplainedDenial,
  lineOf: LineOfStatement,
): object {
  return {
    map: map.file,
    denied: {
      action: denial.action,
      resource: denial.resource ?? null,
      told: denial.told ?? null,
    },
    principal: principal?.name ?? null,
    group: group?.name ?? null,
    verb: verb ?? null,
    key: key ?? null,
    step: explained === undefined ? null : stepJson(explained, lineOf),
    agrees: agrees ?? null,
    remedy: remedy ?? null,
  };
}
