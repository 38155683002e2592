/** What is found out of a denial, for people. @module */
import type { AccessMap } from "../map/access-map.ts";
import { AUDIT_RIGHTS } from "../policy/rights.ts";
import { guardLines, remedyLines, stepJson, stepLines, verdictWords } from "./explain-words.ts";
import type { Candidate } from "./candidates.ts";
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
  const who = principal?.name ?? whoWords(denial);
  const lines = [deniedWords(denial, who), ""];
  if (principal === undefined) return [...lines, strangerWords(map, denial)];
  if (found.verb === undefined)
    return [...lines, `The map lets nobody but ${othersFor(map, denial)} do that.`];
  if (found.key === undefined && found.group === undefined)
    return [...lines, ...candidateLines(map, found, lineOf)];
  if (explained === undefined)
    return [
      ...lines,
      "What AWS told is too little to decide the request again.",
      ...(remedy === undefined ? [] : remedyLines(map, remedy)),
    ];
  if (remedy?.kind === "others")
    return [
      ...lines.slice(0, 1),
      ...remedyLines(map, remedy),
      "",
      ...(explained.verdict.decision === "allow"
        ? ["These documents allow it: nothing of the map need change."]
        : [
            "Without that, these documents would not allow it either:",
            ...stepLines(map, principal, explained, 1, lineOf),
          ]),
    ];
  return [
    ...lines,
    "By these documents, with all that AWS did not tell as it should be:",
    ...stepLines(map, principal, explained, 1, lineOf),
    ...(explained.verdict.decision === "allow" ? allowedLines(map, found, lineOf) : []),
    ...(agrees === false && explained.verdict.decision === "deny"
      ? ["", "AWS gave another reason: what is deployed may not be what this map makes."]
      : []),
    ...(remedy === undefined ? [] : remedyLines(map, remedy)),
  ];
}

/** Who of a map may do what is no verb of it. */
function othersFor({ auditors }: AccessMap, { action }: Denial): string {
  const isLook = [...AUDIT_RIGHTS.bucket, ...AUDIT_RIGHTS.key].includes(action);
  return isLook && auditors.length > 0
    ? "deployers, break_glass and auditors"
    : "deployers and break_glass";
}

/** AWS told of no group: what each would be decided like, and where to learn which it was. */
function candidateLines(
  map: AccessMap,
  { denial, principal, verb, candidates, remedy }: ExplainedDenial,
  lineOf: LineOfStatement,
): readonly string[] {
  const others = remedy === undefined ? [] : [...remedyLines(map, remedy).slice(1), ""];
  const where = verb === "list" ? "the prefix" : "the object or the encryption context";
  const whereTold =
    denial.from === "event"
      ? `The event does not tell ${where}.`
      : `AWS does not tell ${where}; an event of CloudTrail may: postern policy explain --event FILE.`;
  if (candidates.length === 0)
    return [...others, `${whereTold} The map has no group that this would be asked of.`];
  const denied = candidates.find(({ group, explained: { verdict } }) => {
    return group !== undefined && verdict.decision === "deny";
  });
  const flag = verb === "list" ? " --verb list" : "";
  return [
    ...others,
    whereTold,
    "By these documents, with all that AWS did not tell as it should be:",
    ...candidates.map((one) => candidateLine(map, one, lineOf)),
    ...(remedy === undefined &&
    candidates.some(({ explained: { verdict } }) => verdict.decision === "allow")
      ? [
          "",
          "Where they allow it, the request came otherwise than it should, or other documents are deployed.",
        ]
      : []),
    ...(denied === undefined ||
    verb === undefined ||
    principal === undefined ||
    remedy !== undefined
      ? []
      : [
          "",
          `What would allow it, say of group ${denied.group?.name}: postern policy explain ${principal.name} ${denied.key}${flag}.`,
        ]),
  ];
}

function candidateLine(
  map: AccessMap,
  { group, explained: { step, verdict }, agrees }: Candidate,
  lineOf: LineOfStatement,
): string {
  const what = group === undefined ? "of the whole bucket" : `of group ${group.name}`;
  const asker = step.by === "s3" ? ", asked by S3" : "";
  const reason = agrees === true ? ", which is the reason that AWS gave" : "";
  return `- ${what}${asker}: ${verdictWords(map, verdict, lineOf)}${reason}`;
}

/** What AWS said, in one sentence. */
export function deniedWords(denial: Denial, who: string): string {
  return `AWS denied ${denial.action} on ${denial.resource ?? "a resource that it does not name"} to ${who}${toldWords(denial)}.`;
}

function whoWords({ caller }: Denial): string {
  if (caller.kind === "unnamed") return `somebody of account ${caller.account}`;
  return "arn" in caller ? caller.arn : caller.kind;
}

function strangerWords({ principals, file }: AccessMap, denial: Denial): string {
  const { caller } = denial;
  const who = caller.kind === "unnamed" ? `account ${caller.account}` : whoWords(denial);
  const known =
    caller.kind === "unnamed"
      ? principals.filter((one) => "arn" in one && one.arn.split(":")[4] === caller.account)
      : [];
  return known.length === 0
    ? `${who} is in no line of ${file}: the documents keep out whom it does not name.`
    : `CloudTrail does not tell who it was. Of that account ${file} names ${known.map(({ name }) => name).join(", ")}, and the documents keep out everybody else.`;
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
  const article = /^[aeiou]/.test(where) ? "an" : "a";
  return explicit
    ? `, by an explicit deny in ${article} ${where}`
    : `, since no ${where} allows it`;
}

/** One object for a script. */
export function denialJson(
  map: AccessMap,
  { denial, principal, group, verb, key, candidates, explained, agrees, remedy }: ExplainedDenial,
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
    candidates: candidates.map((one) => ({
      group: one.group?.name ?? null,
      step: stepJson(one.explained, lineOf),
      agrees: one.agrees ?? null,
    })),
    step: explained === undefined ? null : stepJson(explained, lineOf),
    agrees: agrees ?? null,
    remedy: remedy ?? null,
  };
}
