/**
 * Why a principal may do something to a secret, or why not, and what to change: in the documents, and in the map that
 * they are made from.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { didYouMean } from "../config/issue.ts";
import type { AccessMap, Group, Principal, Verb } from "../map/access-map.ts";
import { bucketsOf, type MapBucket } from "../map/buckets.ts";
import type { Bindings } from "../policy/bindings.ts";
import type { Policy } from "../policy/document.ts";
import { type Miss, nearMisses, type NearMiss } from "../policy/near-miss.ts";
import type { Policies } from "../policy/request.ts";
import { askedOf } from "../policy/statement.ts";
import type { Verdict } from "../policy/verdict.ts";
import { askOf, type Decided, decide, type Step } from "./asks.ts";
import { groupAt, isMeant } from "./meant.ts";
import { type Remedy, remedyOf } from "./remedy.ts";

export interface Explanation {
  readonly decided: Decided;
  /** Whose the key is; undefined for no group's. */
  readonly group: Group | undefined;
  readonly steps: readonly ExplainedStep[];
  /** What the map says, whatever the documents do. */
  readonly meant: boolean;
  /** What would allow it; undefined when it is allowed. */
  readonly remedy: Remedy | undefined;
}

export interface ExplainedStep {
  readonly step: Step;
  readonly verdict: Verdict;
  /** Of what is denied for want of a statement that allows it: those that came nearest. */
  readonly nearest: readonly NearMiss[];
  /** Statements that would deny it if the request were another: what it rests on. */
  readonly guards: readonly NearMiss[];
}

export interface Question {
  /** The name of a principal or a host. */
  readonly who: string;
  readonly verb: Verb;
  /** An object's key, for "list" a prefix. */
  readonly key: string;
}

/**
 * Of the bucket in which the key's group lies; the home bucket, where it is of none.
 * @throws {PosternError} NotFound for a principal that the map does not know
 */
export function explain(
  map: AccessMap,
  bindings: Bindings,
  { who, verb, key }: Question,
): Explanation {
  const principal = principalNamed(map, who);
  const group = groupAt(map, verb, key);
  const { map: one, target } = bucketNamed(map, group?.bucket ?? map.home.bucket);
  const decided = decide(askOf(one, target, { principal, verb, key, group }), bindings);
  const meant =
    isBreakGlass(map, principal, verb) || (group !== undefined && isMeant(group, principal, verb));
  return {
    decided,
    group,
    meant,
    steps: decided.ask.steps.map((step, at) =>
      explainStep(step, decided.verdicts[at] ?? never(), bindings(step.request)),
    ),
    remedy: decided.allowed ? undefined : remedyOf(map, { principal, group, verb, key, meant }),
  };
}

function bucketNamed(map: AccessMap, name: string): MapBucket {
  const found = bucketsOf(map).find(({ target }) => target.bucket === name);
  if (found !== undefined) return found;
  throw new PosternError("Internal", `the map has no bucket ${quote(name)}`);
}

/** @throws {PosternError} NotFound */
function principalNamed({ principals, hosts, file }: AccessMap, who: string): Principal {
  const name = hosts.find((host) => host.name === who)?.principal ?? who;
  const byName = principals.find((one) => one.name === name || ("arn" in one && one.arn === name));
  if (byName !== undefined) return byName;
  const known = [...principals.map((one) => one.name), ...hosts.map((host) => host.name)];
  throw new PosternError(
    "NotFound",
    `${quote(who)} is no principal or host of ${file}${didYouMean(who, known)}`,
  );
}

/** Whether the map lets it in when all else is locked out: to read and list, and to write nothing. */
function isBreakGlass({ breakGlass }: AccessMap, { name }: Principal, verb: Verb): boolean {
  return breakGlass.includes(name) && verb !== "put" && verb !== "remove";
}

/** More near misses than that nobody reads. */
const MOST_NEAREST = 3;

export function explainStep(step: Step, verdict: Verdict, policies: Policies): ExplainedStep {
  const asked = askedOf(step.request, policies);
  const { identity, resource, session, boundary, endpoint } = policies;
  const all = [...identity, resource, session, boundary, endpoint];
  const isMissing = verdict.decision === "deny" && !verdict.explicit;
  return {
    step,
    verdict,
    nearest: isMissing
      ? nearMisses(layerOf(verdict, policies), "Allow", asked)
          .filter(({ misses }) => misses.every(({ element }) => element !== "action"))
          .slice(0, MOST_NEAREST)
      : [],
    guards: nearMisses(all, "Deny", asked).filter(({ misses }) => misses.every(isAboutRequest)),
  };
}

/** The documents in which a statement is missing. */
function layerOf({ layer }: Verdict, policies: Policies): readonly (Policy | undefined)[] {
  switch (layer) {
    case "identity":
      return policies.identity;
    case "resource":
    case "grant":
      return [policies.resource];
    case "session":
      return [policies.session];
    case "boundary":
      return [policies.boundary];
    case "endpoint":
      return [policies.endpoint];
    case "scp":
      return policies.scp.flat();
    case "rcp":
      return policies.rcp.flat();
    case "service":
      return [];
    default:
      return layer satisfies never;
  }
}

/** Of the request, rather than of who makes it or what for. */
function isAboutRequest(miss: Miss): boolean {
  return miss.element === "condition" && !miss.key.toLowerCase().startsWith("aws:principal");
}

function never(): never {
  throw new PosternError("Internal", "a step without a verdict");
}
