/**
 * Who can and who cannot get at objects: every principal, group and act, both ways, and of those that must not each
 * layer by itself.
 * @module
 */
import type { AccessMap, Group, Principal, Target } from "../map/access-map.ts";
import { callerOf } from "./caller-facts.ts";
import { type Act, ACTS, claimOf, isPlain } from "./entitlement.ts";
import { FURTHER_OBJECT_ACTIONS } from "./known-actions.ts";
import { ACTIONS, anyWays, type EverydayScene, everydayWays, onObject } from "./object-requests.ts";
import type { Actor, Layer, ObjectSet, Obligation } from "./obligation.ts";

/** A principal of the map, with the documents that it has in the deployment. */
export interface Subject {
  readonly principal: Principal;
  readonly actor: Actor;
  /** Whether its own policies are known: those of a role that the map does not make need not be. */
  readonly hasDocuments: boolean;
}

export function subjectsOf(
  map: AccessMap,
  hasDocuments: (arn: string) => boolean,
): readonly Subject[] {
  return map.principals.map((principal) => {
    const caller = callerOf(principal);
    const has = isGenerated(principal) || ("arn" in caller && hasDocuments(caller.arn));
    const own = has ? "documents" : "everything";
    return { principal, hasDocuments: has, actor: { name: principal.name, caller, own } };
  });
}

/** A role that the map makes has no rights from elsewhere. */
export function isGenerated({ kind }: Principal): boolean {
  return kind === "ec2" || kind === "oidc" || kind === "service" || kind === "human";
}

/** A bucket and its replicas. @param map of one bucket (map/buckets.ts) */
export function targetsOf({ home, replicas }: AccessMap): readonly Target[] {
  return [home, ...replicas];
}

/** What an obligation's id begins with: those of the home bucket have nothing. @param map of one bucket */
export function idAt({ home, replicas }: AccessMap, target: Target): string {
  const { bucket, region } = target;
  const own = home.path.length === 0 ? "" : `${home.bucket}: `;
  if (target === home) return own;
  const isAlone = replicas.filter((one) => one.region === region).length === 1;
  return `${own}${isAlone && region !== home.region ? region : bucket}: `;
}

export function lineOfPrincipal(map: AccessMap, { name }: Principal): number {
  return map.lineOf(["principals", name]);
}

export function useObligations(
  map: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  return targetsOf(map).flatMap((target) =>
    subjects.flatMap((subject) => {
      const { principal, actor } = subject;
      const scene = { map, target, principal, caller: actor.caller };
      // for all groups together: there are as many as principals times groups
      const plainly = new Map(ACTS.map((act) => [act, onObject(scene, ACTIONS[act])]));
      const asked = (act: Act): ReturnType<typeof onObject> =>
        plainly.get(act) ?? onObject(scene, ACTIONS[act]);
      return [
        ...map.groups.flatMap((group) => inGroup(scene, subject, group, asked)),
        ...outsideGroups(scene, subject),
        ...nobodys(scene, subject),
      ];
    }),
  );
}

function inGroup(
  scene: EverydayScene,
  subject: Subject,
  group: Group,
  plainly: (act: Act) => ReturnType<typeof onObject>,
): readonly Obligation[] {
  const { map, target, principal } = scene;
  const { actor } = subject;
  return ACTS.flatMap((act): readonly Obligation[] => {
    // then opening is fetching
    if (act === "fetch" && isPlain(group)) return [];
    const claim = claimOf(map, target, principal, group, act);
    const id = `${idAt(map, target)}${principal.name}/${act}/${group.name}`;
    const line = lineOfClaim(map, group, principal);
    const base = { kind: "use", line, actor } as const;
    if (claim === "must")
      return allowingLayers(subject).map((layer) => ({
        ...base,
        id: `${id} allowed: ${layer}`,
        layer,
        expected: "allow",
        objects: { kind: "groups", names: new Set([group.name]), withRoot: false },
        ways: (key) => everydayWays(scene, act, key),
      }));
    if (claim === "may") return [];
    const objects = { kind: "groups", names: new Set([group.name]), withRoot: true } as const;
    return layersDenying(scene, subject, group, act).map((layer) => ({
      ...base,
      id: `${id} denied: ${layer}`,
      layer,
      expected: "deny",
      objects,
      // sealed bytes that may be fetched and not opened take more than one request
      ...(act === "open" && !isPlain(group)
        ? { ways: (key: string) => anyWays(scene, act, key) }
        : plainly(act)),
    }));
  });
}

/** Its own policies must do by themselves, so that no other's mistake is what a principal lives on. */
export function allowingLayers({ hasDocuments }: Subject): readonly Layer[] {
  return hasDocuments ? ["whole", "identity alone"] : ["whole"];
}

/** Its own policies where they are known, and the last by itself. */
export function denyingLayers({ hasDocuments }: Subject, last: Layer): readonly Layer[] {
  return hasDocuments ? ["identity alone", last] : [last];
}

/**
 * In which layers the act must be denied. What the bucket policy denies against `*:*` is denied in the whole too, and
 * who cannot fetch does not open: so neither is asked again.
 */
function layersDenying(
  { map, target }: EverydayScene,
  { principal, hasDocuments }: Subject,
  group: Group,
  act: Act,
): readonly Layer[] {
  const identity: readonly Layer[] = hasDocuments ? ["identity alone"] : [];
  if (act === "open" && !isPlain(group)) {
    const mayFetch = claimOf(map, target, principal, group, "fetch") !== "no";
    return mayFetch ? ["whole", ...identity] : [];
  }
  const isWaived = map.accepted.includes("fewer-layers") && !isPlain(group) && act === "fetch";
  return [...identity, isWaived ? "whole" : "bucket policy alone"];
}

/** The line that makes it so: where the group names the principal, or else the principal itself. */
function lineOfClaim(map: AccessMap, { name, readers, publishers }: Group, principal: Principal) {
  const reader = readers.indexOf(principal.name);
  if (reader !== -1) return map.lineOf(["groups", name, "readers", reader]);
  return publishers.some((one) => one.principal === principal.name)
    ? map.lineOf(["groups", name, "publishers", principal.name])
    : map.lineOf(["groups", name]);
}

const OUTSIDE: ObjectSet = { kind: "outside" };
const EVERYWHERE: ObjectSet = { kind: "everywhere" };

/** Keys of no group are nobody's. */
function outsideGroups(scene: EverydayScene, subject: Subject): readonly Obligation[] {
  const { map, target, principal } = scene;
  if (map.breakGlass.includes(principal.name)) return [];
  return ACTS.filter((act) => act !== "open").flatMap((act) =>
    objectDenials(scene, subject, ACTIONS[act], {
      id: `${idAt(map, target)}${principal.name}/${act}/no group's`,
      objects: OUTSIDE,
    }),
  );
}

/** What no principal is given, whatever its level. */
function nobodys(scene: EverydayScene, subject: Subject): readonly Obligation[] {
  const { map, target, principal } = scene;
  const isExempt = [...map.breakGlass, ...map.deployers, map.replication].includes(principal.name);
  if (isExempt) return [];
  return FURTHER_OBJECT_ACTIONS.flatMap((action) =>
    objectDenials(scene, subject, action, {
      id: `${idAt(map, target)}${principal.name}/${action}`,
      objects: EVERYWHERE,
    }),
  );
}

function objectDenials(
  scene: EverydayScene,
  subject: Subject,
  action: string,
  { id, objects }: Pick<Obligation, "id" | "objects">,
): readonly Obligation[] {
  return denyingLayers(subject, "bucket policy alone").map((layer) => ({
    id: `${id} denied: ${layer}`,
    kind: "use",
    layer,
    line: lineOfPrincipal(scene.map, scene.principal),
    actor: subject.actor,
    expected: "deny",
    objects,
    ...onObject(scene, action),
  }));
}
