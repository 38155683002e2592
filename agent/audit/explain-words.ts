/** Explanations, for people. @module */
import type { AccessMap, Principal, Verb } from "../map/access-map.ts";
import type { Miss, NearMiss } from "../policy/near-miss.ts";
import type { StatementPlace, Verdict } from "../policy/verdict.ts";
import { conditionWords, missWords } from "./condition-words.ts";
import type { ExplainedStep, Explanation } from "./explain.ts";
import type { LineOfStatement } from "./provenance.ts";
import type { Remedy } from "./remedy.ts";

/** Lines without their ends; none is wrapped. */
export function encodeExplanation(
  map: AccessMap,
  explanation: Explanation,
  lineOf: LineOfStatement,
): readonly string[] {
  const { decided, steps, remedy, meant } = explanation;
  const { principal, verb, key } = decided.ask;
  const answer = `${principal.name} may ${decided.allowed ? "" : "not "}${verb} ${key === "" ? wholeWords(verb) : key}`;
  const surprise = decided.allowed && !meant ? ", and the map does not say so" : "";
  return [
    `${answer}${surprise}.`,
    "",
    ...steps.flatMap((step, at) => stepLines(map, principal, step, at + 1, lineOf)),
    ...(decided.allowed ? guardLines(map, steps, lineOf) : []),
    ...(remedy === undefined ? [] : remedyLines(map, remedy)),
  ];
}

export function remedyLines({ file }: AccessMap, { kind, edit, line }: Remedy): readonly string[] {
  const place = line === undefined ? "" : ` (${file}:${line})`;
  const begin =
    kind === "edit" ? `To allow it: ${edit}` : `${edit[0]?.toUpperCase()}${edit.slice(1)}`;
  return ["", `${begin}${place}.`];
}

/** What a question without a name is about. */
function wholeWords(verb: Verb): string {
  return verb === "list" ? "the whole bucket" : "an object without a name";
}

export function stepLines(
  map: AccessMap,
  { name }: Principal,
  { step, verdict, nearest }: ExplainedStep,
  number: number,
  lineOf: LineOfStatement,
): readonly string[] {
  const { by, request } = step;
  const asker = by === "s3" ? `S3 for ${name}` : name;
  return [
    `${number}. ${request.action} on ${request.resource?.text ?? "*"}, asked by ${asker}`,
    `   ${verdictWords(map, verdict, lineOf)}`,
    ...nearest.map((near) => `   - ${nearWords(map, near, lineOf)}`),
  ];
}

/** "denied by statement ClosedWorld of the policy of bucket acme-secrets (access.yaml:12)" */
export function verdictWords(map: AccessMap, verdict: Verdict, lineOf: LineOfStatement): string {
  const [place] = verdict.statements;
  const what =
    verdict.decision === "allow" ? "allowed" : verdict.explicit ? "denied" : "not allowed";
  if (place === undefined) return `${what}: ${verdict.why}`;
  return `${what} by ${placeWords(map, place, lineOf)}`;
}

/** "statement ReadWeb of acme-secrets (access.yaml:12)" */
function placeWords(map: AccessMap, place: StatementPlace, lineOf: LineOfStatement): string {
  const line = lineOf(place);
  const name = place.sid ?? `${place.index + 1}`;
  return `statement ${name} of ${documentWords(place.policy)}${line === undefined ? "" : ` (${map.file}:${line})`}`;
}

/** A document as `bindingsOf` names it, in words. */
function documentWords(policy: string): string {
  const [arn = "", ...rest] = policy.split(" ");
  const [, , service, , , ...tail] = arn.split(":");
  const name = tail.join(":");
  if (service === "kms") return `the policy of ${name.replace("/", " ")}`;
  if (service === "iam") return `policy ${rest.join(" ")} of ${name.replace("/", " ")}`;
  return policy.startsWith("vpce-")
    ? `the policy of endpoint ${policy}`
    : `the policy of bucket ${policy}`;
}

function nearWords(
  map: AccessMap,
  { statement, misses }: NearMiss,
  lineOf: LineOfStatement,
): string {
  const { policy, index, sid } = statement;
  return `${placeWords(map, { policy, index, sid }, lineOf)} does not: ${misses.map(missWords).join("; ")}`;
}

/** What the answer rests on beside who asks: each guard once, by the step that it is met at first. */
export function guardLines(
  map: AccessMap,
  steps: readonly ExplainedStep[],
  lineOf: LineOfStatement,
): readonly string[] {
  const seen = new Set<string>();
  const lines = steps
    .flatMap(({ guards }) => guards)
    .flatMap(({ statement, misses }) => {
      const { policy, index, sid } = statement;
      if (seen.has(`${policy} ${index}`)) return [];
      seen.add(`${policy} ${index}`);
      const when = misses.map(whenWords).join(", and ");
      return [`- ${placeWords(map, { policy, index, sid }, lineOf)} would deny it if ${when}`];
    });
  return lines.length === 0 ? [] : ["", "It rests on how the request comes:", ...lines];
}

function whenWords(miss: Miss): string {
  return miss.element === "condition"
    ? conditionWords(miss.operator, miss.key, miss.expected)
    : `it were about another ${miss.element}`;
}

/** One object for a script. */
export function explanationJson(
  map: AccessMap,
  explanation: Explanation,
  lineOf: LineOfStatement,
): object {
  const { decided, steps, remedy, meant, group } = explanation;
  const { principal, key } = decided.ask;
  const verb: Verb = decided.ask.verb;
  return {
    map: map.file,
    principal: principal.name,
    verb,
    key,
    group: group?.name ?? null,
    allowed: decided.allowed,
    meant,
    steps: steps.map((one) => stepJson(one, lineOf)),
    remedy: remedy ?? null,
  };
}

export function stepJson(
  { step, verdict, nearest, guards }: ExplainedStep,
  lineOf: LineOfStatement,
): object {
  const placed = (place: StatementPlace): object => ({ ...place, line: lineOf(place) ?? null });
  const near = ({ statement: { policy, index, sid }, misses }: NearMiss): object => ({
    ...placed({ policy, index, sid }),
    misses,
  });
  return {
    action: step.request.action,
    resource: step.request.resource?.text ?? null,
    by: step.by,
    decision: verdict.decision,
    explicit: verdict.explicit,
    layer: verdict.layer,
    why: verdict.why,
    statements: verdict.statements.map(placed),
    nearest: nearest.map(near),
    guards: guards.map(near),
  };
}
