/**
 * Whether packed documents decide as the plain ones would, and which layer a packed bucket policy no longer is.
 *
 * What is asked is every verb of every principal on every group, and by whom it has, on the keys next to it; the same of a role
 * that the map does not know and that its own policies let do everything.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Packing } from "../generate/pack.ts";
import {
  type AccessMap,
  type Group,
  type Principal,
  type PrincipalName,
  type Target,
  type Verb,
  VERBS,
} from "../map/access-map.ts";
import { bucketsOf, mapsByBucket } from "../map/buckets.ts";
import { holdsKey } from "../map/reach.ts";
import { type Bindings, bindingsOf } from "../policy/bindings.ts";
import type { Deployment } from "../policy/deployment.ts";
import { evaluate } from "../policy/evaluate.ts";
import { askOf, type Ask, exampleKey } from "./asks.ts";
import { isMeant } from "./meant.ts";
import { strangerOf, withStranger } from "./strangers.ts";

/**
 * How many requests are decided alike.
 * @throws {PosternError} Internal with the first that is not
 */
export function judgePacking(map: AccessMap, plain: Deployment, packed: Deployment): number {
  const [before, after] = [plain, packed].map((one) => bindingsOf(withStranger(map, one)));
  if (before === undefined || after === undefined) return 0;
  let count = 0;
  for (const ask of asksOf(map)) {
    judge(ask, before, after);
    count += 1;
  }
  return count;
}

function judge(ask: Ask, before: Bindings, after: Bindings): void {
  const [was, is] = [isAllowed(ask, before), isAllowed(ask, after)];
  if (was === is) return;
  const word = (allowed: boolean): string => (allowed ? "allowed" : "denied");
  throw new PosternError(
    "Internal",
    `packing changes what is decided: ${ask.principal.name} may ${ask.verb} ${quote(ask.key)} was ${word(was)}, is ${word(is)}`,
  );
}

/** As far as the first denial. */
function isAllowed({ steps }: Ask, bindings: Bindings): boolean {
  return steps.every(({ request }) => evaluate(request, bindings(request)).decision === "allow");
}

function* asksOf(map: AccessMap): Generator<Ask> {
  const principals = [...map.principals, strangerOf(map)];
  for (const { map: one, target } of bucketsOf(map))
    for (const principal of principals) {
      yield listingAll(one, target, principal);
      for (const group of one.groups)
        for (const verb of VERBS) yield* around(one, target, { principal, group, verb });
    }
}

/** As S3's replication does: without a prefix, on which a condition may be. */
function listingAll(map: AccessMap, target: Target, principal: Principal): Ask {
  const ask = askOf(map, target, { principal, verb: "list", key: "", group: undefined });
  const steps = ask.steps.map((one) => {
    const context = new Map([...one.request.context].filter(([key]) => key !== "s3:prefix"));
    return { ...one, request: { ...one.request, context } };
  });
  return { ...ask, steps };
}

/** The group's own key, and those next to it that are of no group. */
function* around(map: AccessMap, target: Target, { principal, group, verb }: Cell): Generator<Ask> {
  const own = verb === "list" ? listedKey(group) : exampleKey(group);
  yield askOf(map, target, { principal, verb, key: own, group });
  if (!isNear(map, group, principal)) return;
  for (const key of [`${own}/x`, own.slice(0, -1), own.toUpperCase()])
    if (!map.groups.some((one) => holdsKey(one, key)))
      yield askOf(map, target, { principal, verb, key, group: undefined });
}

/** Whether a principal could get at what lies next to the group by what it has of the group, or in spite of it. */
function isNear(map: AccessMap, group: Group, { name }: Principal): boolean {
  const isOwn =
    group.readers.includes(name) || group.publishers.some((one) => one.principal === name);
  return isOwn || !map.principals.some((one) => one.name === name) || map.breakGlass.includes(name);
}

interface Cell {
  readonly principal: Principal;
  readonly group: Group;
  readonly verb: Verb;
}

function listedKey({ reach }: Group): string {
  return reach.kind === "bundle" ? reach.key : reach.prefix;
}

/** A verb that the bucket policy alone no longer stops, and what stops it still. */
export interface LostLayer {
  readonly group: Group["name"];
  readonly verb: "read" | "list";
  /** All insiders to whom the group is closed. */
  readonly principals: readonly PrincipalName[];
  readonly left: readonly ("the key's policy" | "their own policies")[];
}

/** By group and verb; whom the bucket does not know, the statement ClosedWorld stops still. */
export function lostLayers(map: AccessMap, packing: Packing): readonly LostLayer[] {
  return mapsByBucket(map).flatMap((one) => lostIn(one, packing));
}

function lostIn(map: AccessMap, { unread, unlisted }: Packing): readonly LostLayer[] {
  const insiders = insidersIn(map);
  const closedTo = (group: Group, verb: Verb): readonly PrincipalName[] =>
    map.principals
      .filter((one) => insiders.has(one.name) && !isMeant(group, one, verb))
      .map(({ name }) => name)
      .filter((name) => !map.breakGlass.includes(name));
  return map.groups.flatMap((group): readonly LostLayer[] => {
    const { name } = group;
    const read: LostLayer = {
      group: name,
      verb: "read",
      principals: closedTo(group, "read"),
      left: ["the key's policy", "their own policies"],
    };
    const list: LostLayer = {
      group: name,
      verb: "list",
      principals: closedTo(group, "list"),
      left: ["their own policies"],
    };
    return [...(unread.includes(name) ? [read] : []), ...(unlisted.includes(name) ? [list] : [])];
  });
}

function insidersIn({
  groups,
  deployers,
  breakGlass,
  auditors,
  replication,
}: AccessMap): ReadonlySet<PrincipalName> {
  const named = groups.flatMap(({ readers, publishers }) => [
    ...readers,
    ...publishers.map(({ principal }) => principal),
  ]);
  const further = replication === undefined ? [] : [replication];
  return new Set([...named, ...deployers, ...breakGlass, ...auditors, ...further]);
}
