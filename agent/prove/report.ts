/**
 * A proof as text and as JSON.
 * @module
 */
import type { AccessMap } from "../map/access-map.ts";
import type { AccessRequest } from "../policy/request.ts";
import type { HostileVerdict } from "./hostile.ts";
import { LAYERS } from "./obligation.ts";
import type { ProofReport } from "./prove.ts";
import type { Result } from "./proving.ts";

/** Whether all that must hold was proved. */
export function holds({ results, settings, gaps }: ProofReport): boolean {
  return (
    settings.length === 0 &&
    gaps.length === 0 &&
    results.every(({ outcome }) => outcome.kind === "proved")
  );
}

export interface LayerCount {
  readonly layer: string;
  readonly proved: number;
  readonly fails: number;
  readonly sampled: number;
}

export function countByLayer({ results }: ProofReport): readonly LayerCount[] {
  return LAYERS.map((layer) => {
    const own = results.filter((one) => one.obligation.layer === layer);
    const of = (kind: Result["outcome"]["kind"]): number =>
      own.filter(({ outcome }) => outcome.kind === kind).length;
    return { layer, proved: of("proved"), fails: of("fails"), sampled: of("sampled") };
  });
}

/** Of more failures the first are told: they often have one cause. */
const MAX_TOLD = 20;

/** Lines without an end; sentences are not broken. */
export function encodeProof(map: AccessMap, report: ProofReport): readonly string[] {
  const { results, settings, assumptions, gaps, hostile } = report;
  const failing = results.filter(({ outcome }) => outcome.kind !== "proved");
  const classes = results.reduce((sum, one) => sum + one.classes, 0);
  const faults = failing.length + settings.length;
  const rest = failing.length - MAX_TOLD;
  return [
    ...failing.slice(0, MAX_TOLD).flatMap((one) => encodeFailure(map, one)),
    ...(rest > 0 ? [`and ${rest} more, which --json tells`, ""] : []),
    ...settings.map(({ line, bucket, message }) => `${map.file}:${line}: ${bucket}: ${message}`),
    ...gaps.map((gap) => `not looked at: ${gap}`),
    ...countByLayer(report)
      .filter(({ proved, fails, sampled }) => proved + fails + sampled > 0)
      .map(
        ({ layer, proved, fails, sampled }) =>
          `${layer}: ${proved} proved${fails > 0 ? `, ${fails} fail` : ""}${sampled > 0 ? `, ${sampled} sampled, not proved` : ""}`,
      ),
    "",
    ...encodeHostile(hostile),
    "",
    "taken for granted:",
    ...assumptions.map((one) => `  ${one}`),
    "",
    faults === 0 && gaps.length === 0
      ? `${map.file}: all ${results.length} obligations hold, for ${classes} classes of requests`
      : `${map.file}: ${faults} of ${results.length} obligations and settings are not proved`,
  ];
}

function encodeFailure(map: AccessMap, { obligation, outcome }: Result): readonly string[] {
  const head = `${map.file}:${obligation.line}: ${obligation.id}`;
  switch (outcome.kind) {
    case "proved":
      return [];
    case "sampled":
      return [`${head}: sampled, not proved: ${outcome.reason}`, ""];
    case "fails":
      return [
        `${head}: does not hold`,
        ...(outcome.requests.length === 0
          ? ["  the map leaves no way to ask for it: no endpoint or address that its guards let in"]
          : []),
        ...outcome.requests.flatMap((request, at) => {
          const verdict = outcome.verdicts[at];
          const statement = verdict?.statements[0];
          const place = statement && ` (${statement.policy} ${statement.sid ?? statement.index})`;
          return [
            `  ${request.action} on ${request.resource?.text ?? "*"}: ${verdict?.decision ?? ""}, ${verdict?.why ?? ""}${place ?? ""}`,
            ...contextOf(request).map((text) => `    ${text}`),
          ];
        }),
        "",
      ];
    default:
      return outcome satisfies never;
  }
}

function contextOf({ context }: AccessRequest): readonly string[] {
  return [...context].map(([key, values]) => `${key}: ${values.join(", ")}`);
}

/** Those of a kind that are told the same are told together. */
function encodeHostile(verdicts: readonly HostileVerdict[]): readonly string[] {
  const merged = new Map<string, { readonly one: HostileVerdict; readonly actors: string[] }>();
  for (const one of verdicts) {
    const name = JSON.stringify([one.kind, one.reads, one.grantsItself]);
    const known = merged.get(name) ?? { one, actors: [] };
    known.actors.push(one.actor);
    merged.set(name, known);
  }
  return [...merged.values()].map(({ one, actors }) => {
    const [first = "", ...more] = actors;
    const who = more.length === 0 ? first : `${first} and ${more.length} more`;
    const reads = one.reads.length === 0 ? "reads nothing" : `reads ${one.reads.join(", ")}`;
    const grants =
      one.grantsItself.length === 0
        ? "can grant itself nothing"
        : `can grant itself access by ${servicesOf(one.grantsItself).join(", ")}`;
    return `${one.kind} (${who}; ${one.assumes}): ${reads}; ${grants}`;
  });
}

/** IAM's and EC2's actions come together: whoever has the one has the others. */
function servicesOf(actions: readonly string[]): readonly string[] {
  const isNamed = (action: string): boolean => /^(s3|kms):/.test(action);
  const services = actions.filter((one) => !isNamed(one)).map((one) => one.split(":")[0] ?? one);
  return [...actions.filter(isNamed), ...new Set(services)];
}

/** What scripts read; requests as `policy simulate` takes them, but for their policies. */
export function proofJson(map: AccessMap, report: ProofReport): unknown {
  const { results, settings, hostile, assumptions, gaps, decisions } = report;
  return {
    version: 1,
    map: map.file,
    holds: holds(report),
    layers: countByLayer(report),
    classes: results.reduce((sum, one) => sum + one.classes, 0),
    decisions,
    failures: results.flatMap(failureJson),
    settings,
    hostile,
    assumptions,
    gaps,
  };
}

function failureJson({ obligation, outcome }: Result): readonly unknown[] {
  if (outcome.kind === "proved") return [];
  const { id, kind, layer, line, expected } = obligation;
  const told = { id, kind, layer, line, expected };
  if (outcome.kind === "sampled") return [{ ...told, notProved: outcome.reason }];
  const { requests, verdicts } = outcome;
  return [{ ...told, requests: requests.map(requestJson), verdicts }];
}

function requestJson(request: AccessRequest): unknown {
  const { caller, action, resource, resourceAccount, context } = request;
  return {
    principal: caller,
    action,
    resource: { arn: resource?.text, account: resourceAccount },
    context: Object.fromEntries(context),
  };
}
