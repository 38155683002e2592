/**
 * What was proved of which documents, for who was not there: with requests that anyone can decide again.
 *
 * The requests are one for each kind of obligation, actor and action, not all that were looked at: they show that the
 * documents are those that were proved, and are no proof by themselves.
 * @module
 */
import type { AccessMap } from "../map/access-map.ts";
import type { Deployment } from "../policy/deployment.ts";
import type { AccessRequest } from "../policy/request.ts";
import type { Decision } from "./chain.ts";
import { type Fingerprint, fingerprintsOf, sha256Of } from "./fingerprints.ts";
import { plainRequestOf } from "./guard-statements.ts";
import type { HostileVerdict } from "./hostile.ts";
import type { Layer, Obligation, Own } from "./obligation.ts";
import type { ProofReport } from "./prove.ts";
import { countByLayer, holds, type LayerCount } from "./report.ts";
import { ASSIGNMENTS } from "./representatives.ts";
import { DECISIONS } from "./search.ts";

export interface Certificate {
  readonly version: 1;
  /** That proved it. */
  readonly postern: string;
  readonly map: { readonly file: string; readonly sha256: string };
  readonly documents: readonly Fingerprint[];
  readonly holds: boolean;
  readonly method: string;
  readonly limits: { readonly assignments: number; readonly decisions: number };
  readonly layers: readonly LayerCount[];
  /** By layer and actor what was proved, each without the two. */
  readonly proved: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly notProved: readonly { readonly id: string; readonly why: string }[];
  readonly hostile: readonly HostileVerdict[];
  readonly assumptions: readonly string[];
  readonly gaps: readonly string[];
  readonly requests: readonly CertifiedRequest[];
}

export interface CertifiedRequest {
  /** Of the obligation. */
  readonly id: string;
  readonly layer: Layer;
  readonly own: Own;
  readonly expected: Decision;
  /** Allowed when all of them are. */
  readonly steps: readonly CertifiedStep[];
}

export interface CertifiedStep {
  readonly caller: AccessRequest["caller"];
  readonly action: string;
  readonly resource: string;
  readonly account: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
  readonly endpoint: string | undefined;
}

const METHOD =
  "each condition of the documents is a boolean; keys that a variable ties are looked at together; thresholds, address ranges and patterns are asked at a value of every combination that any value has; statements are conjunctions of conditions, and the evaluator decides on those left; what must be denied is denied for every combination, and what must be allowed is allowed for every legitimate request";

export interface Certified {
  readonly map: AccessMap;
  /** The map's own text. */
  readonly text: string;
  readonly deployment: Deployment;
  readonly report: ProofReport;
  /** Of this program. */
  readonly version: string;
}

export function certificateOf({ map, text, deployment, report, version }: Certified): Certificate {
  const { results, settings, hostile, assumptions, gaps } = report;
  return {
    version: 1,
    postern: version,
    map: { file: map.file, sha256: sha256Of(text) },
    documents: fingerprintsOf(deployment),
    holds: holds(report),
    method: METHOD,
    limits: { assignments: ASSIGNMENTS, decisions: DECISIONS },
    layers: countByLayer(report),
    proved: provedBy(report),
    notProved: [
      ...results.flatMap(({ obligation: { id }, outcome }) => {
        if (outcome.kind === "proved") return [];
        return [{ id, why: outcome.kind === "fails" ? "does not hold" : outcome.reason }];
      }),
      ...settings.map(({ bucket, message }) => ({ id: `settings of ${bucket}`, why: message })),
    ],
    hostile,
    assumptions,
    gaps,
    requests: requestsOf(report),
  };
}

/** Each request on a line of its own: they are many, and all alike. */
export function encodeCertificate({ requests, ...rest }: Certificate): string {
  const head = JSON.stringify(rest, undefined, 1).slice(0, -2);
  const lines = requests.map((one) => `  ${JSON.stringify(one)}`);
  return `${head},\n "requests": [\n${lines.join(",\n")}\n ]\n}\n`;
}

function provedBy({ results }: ProofReport): Certificate["proved"] {
  const byLayer: Record<string, Record<string, string[]>> = {};
  for (const { obligation, outcome } of results) {
    if (outcome.kind !== "proved") continue;
    const { id, layer, actor } = obligation;
    const what = id.replace(`${actor.name}/`, "").replace(`: ${layer}`, "");
    ((byLayer[layer] ??= {})[actor.name] ??= []).push(what);
  }
  return byLayer;
}

function requestsOf({ results }: ProofReport): readonly CertifiedRequest[] {
  const seen = new Set<string>();
  return results.flatMap(({ obligation, outcome, example }) => {
    if (outcome.kind !== "proved" || example === undefined) return [];
    const request = certified(obligation, example);
    const { layer, expected, steps } = request;
    const actions = steps.map(
      ({ action, resource }) => `${action} ${resource.split("/")[0] ?? ""}`,
    );
    const name = JSON.stringify([obligation.kind, layer, obligation.actor.name, expected, actions]);
    if (seen.has(name)) return [];
    seen.add(name);
    return [request];
  });
}

/** Of a guard an everyday request in which it is broken, as the whole decides it. */
function certified(
  { id, layer, actor, expected, ways, typical }: Obligation,
  key: string,
): CertifiedRequest {
  const [way = []] = (typical ?? ways)(key);
  const isGuard = typical !== undefined;
  return {
    id,
    layer: isGuard ? "whole" : layer,
    own: isGuard ? "both" : actor.own,
    expected,
    steps: way.map(({ requestClass, endpoint }) => {
      const { caller, action, resource, resourceAccount, context } = plainRequestOf(requestClass);
      return {
        caller,
        action,
        resource: resource?.text ?? "",
        account: resourceAccount,
        context: Object.fromEntries(context),
        endpoint,
      };
    }),
  };
}
