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
import { holdsKey } from "../map/reach.ts";
import type { Bindings } from "../policy/bindings.ts";
import type { Policy } from "../policy/document.ts";
import { type Miss, nearMisses, type NearMiss } from "../policy/near-miss.ts";
import type { Policies } from "../policy/request.ts";
import { LEVELS, type Level, rightsOfLevel } from "../policy/rights.ts";
import { askedOf } from "../policy/statement.ts";
import type { Verdict } from "../policy/verdict.ts";
import { askOf, type Decided, decide, type Step } from "./asks.ts";

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

export interface Remedy {
  /** One sentence without a full stop. */
  readonly edit: string;
  /** Of the map. */
  readonly line: number | undefined;
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
  const meant = group !== undefined && isMeant(group, principal, verb);
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

/** The group that a key is of; of a prefix to list, the group that has just that. */
export function groupAt({ groups }: AccessMap, verb: Verb, key: string): Group | undefined {
  return groups.find((group) =>
    verb === "list"
      ? group.reach.kind !== "bundle" && key.startsWith(group.reach.prefix)
      : holdsKey(group, key),
  );
}

/** Whether the map lets the principal do it: as a reader, or by its level as a publisher. */
export function isMeant(group: Group, { name }: Principal, verb: Verb): boolean {
  const level = group.publishers.find(({ principal }) => principal === name)?.level;
  const asReader =
    group.readers.includes(name) &&
    (verb === "read" || (verb === "list" && group.reach.kind === "prefix"));
  return asReader || (level !== undefined && levelAllows(level, verb, group));
}

function levelAllows(level: Level, verb: Verb, { reach, seal, sse }: Group): boolean {
  const rights = rightsOfLevel(level);
  const opens = rights.includes("kms:Decrypt") || (seal.mode === "none" && sse.type === "s3");
  switch (verb) {
    case "read":
      return rights.includes("s3:GetObject") && opens;
    case "list":
      return rights.includes("s3:ListBucket") && reach.kind !== "bundle";
    case "put":
      return rights.includes("s3:PutObject");
    case "remove":
      return rights.includes("s3:DeleteObject");
    case "read old versions of":
      return rights.includes("s3:GetObjectVersion") && opens;
    default:
      return verb satisfies never;
  }
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

export interface Wanted {
  readonly principal: Principal;
  readonly group: Group | undefined;
  readonly verb: Verb;
  readonly key: string;
  readonly meant: boolean;
}

export function remedyOf(map: AccessMap, { principal, group, verb, key, meant }: Wanted): Remedy {
  const elsewhere = group === undefined ? groupAt(map, verb, key) : undefined;
  if (elsewhere !== undefined)
    return {
      edit: `ask bucket ${elsewhere.bucket}, in which group ${elsewhere.name} lies`,
      line: map.lineOf(["groups", elsewhere.name]),
    };
  if (group === undefined)
    return {
      edit: `no group of the map has ${quote(key)}: add it to one, or make one`,
      line: map.lineOf(["groups"]),
    };
  if (meant)
    return {
      edit: "the map allows it and these documents do not: generate and deploy them anew",
      line: map.lineOf(["groups", group.name]),
    };
  const { name } = principal;
  const current = group.publishers.find((one) => one.principal === name)?.level;
  if (
    current === undefined &&
    (verb === "read" || (verb === "list" && group.reach.kind === "prefix"))
  )
    return readerRemedy(map, principal, group);
  const level = LEVELS.find((one) => levelAllows(one, verb, group));
  const line = map.lineOf(["groups", group.name, "publishers"]);
  if (level === undefined) return { edit: `nobody may ${verb} a group of this layout`, line };
  return {
    edit:
      current === undefined
        ? `add "${name}: ${level}" to publishers of group ${group.name}`
        : `give ${name} the level ${level} instead of ${current} in publishers of group ${group.name}`,
    line,
  };
}

/** Of a role that was made for hosts, the hosts say what it reads. */
function readerRemedy({ hosts, lineOf }: AccessMap, { name }: Principal, group: Group): Remedy {
  const [host] = hosts.filter(({ principal }) => principal === name).map((one) => one.name);
  if (host !== undefined)
    return {
      edit: `add ${group.name} to groups of host ${host}`,
      line: lineOf(["hosts", host, "groups"]),
    };
  return {
    edit: `add ${name} to readers of group ${group.name}`,
    line: lineOf(["groups", group.name, "readers"]),
  };
}

function never(): never {
  throw new PosternError("Internal", "a step without a verdict");
}
