/**
 * What a change of the map changes: who may do what now and could not before, or no longer; what hosts run as; which
 * guards differ.
 *
 * Access is compared by decisions on both maps' documents, of everyday requests: a guard that now asks for more shows as
 * a guard.
 * @module
 */
import type { AccessMap, Group, Principal, Target, Verb } from "../map/access-map.ts";
import { bucketsOf } from "../map/buckets.ts";
import { holdsKey } from "../map/reach.ts";
import { VERBS } from "../map/access-map.ts";
import type { Bindings } from "../policy/bindings.ts";
import { askOf, decide, exampleKey } from "./asks.ts";

/** A map with what its documents decide. */
export interface Version {
  readonly map: AccessMap;
  readonly bindings: Bindings;
}

export interface AccessChange {
  readonly kind: "gained" | "lost";
  readonly principal: string;
  /** In the order of `VERBS`. */
  readonly verbs: readonly Verb[];
  /** Of the map in which it is allowed. */
  readonly group: string;
  readonly bucket: string;
  /** By which it was asked. */
  readonly key: string;
}

export interface Difference {
  readonly access: readonly AccessChange[];
  /** Sentences without a full stop: hosts, guards, networks. */
  readonly notes: readonly string[];
}

export function differenceOf(before: Version, after: Version): Difference {
  return {
    access: [...changes(before, after, "lost"), ...changes(after, before, "gained")],
    notes: [
      ...hostNotes(before.map, after.map),
      ...guardNotes(before.map, after.map),
      ...networkNotes(before.map, after.map),
    ],
  };
}

/** What is allowed in one version and not in the other. */
function changes(
  one: Version,
  other: Version,
  kind: AccessChange["kind"],
): readonly AccessChange[] {
  return bucketsOf(one.map).flatMap(({ map, target }) =>
    map.principals.flatMap((principal) =>
      map.groups.flatMap((group): readonly AccessChange[] => {
        const verbs = VERBS.filter(
          (verb) =>
            isAllowed({ ...one, map }, target, principal, group, verb) &&
            !isStillAllowed(other, target, principal, group, verb),
        );
        const key = exampleKey(group);
        const { bucket } = target;
        return verbs.length === 0
          ? []
          : [{ kind, principal: principal.name, verbs, group: group.name, bucket, key }];
      }),
    ),
  );
}

function isAllowed(
  { map, bindings }: Version,
  target: Target,
  principal: Principal,
  group: Group,
  verb: Verb,
): boolean {
  const key = keyFor(group, verb);
  return decide(askOf(map, target, { principal, verb, key, group }), bindings).allowed;
}

function keyFor(group: Group, verb: Verb): string {
  if (verb !== "list" || group.reach.kind === "bundle") return exampleKey(group);
  return group.reach.prefix;
}

/** As the other version has the bucket, the principal and the key, wherever it has them. */
function isStillAllowed(
  version: Version,
  { bucket }: Target,
  principal: Principal,
  group: Group,
  verb: Verb,
): boolean {
  const place = bucketsOf(version.map).find((one) => one.target.bucket === bucket);
  if (place === undefined) return false;
  const { map, target } = place;
  const same = map.principals.find((one) => arnOf(one) === arnOf(principal));
  const key = exampleKey(group);
  const holder = map.groups.find((one) => holdsKey(one, key));
  // who or what a map does not have is let in by none of its documents
  if (same === undefined || holder === undefined) return false;
  const asked = verb === "list" ? keyFor(group, verb) : key;
  const ask = askOf(map, target, { principal: same, verb, key: asked, group: holder });
  return decide(ask, version.bindings).allowed;
}

function arnOf(principal: Principal): string {
  return principal.kind === "sso" ? principal.arnPattern : principal.arn;
}

function hostNotes(before: AccessMap, after: AccessMap): readonly string[] {
  const roleBefore = new Map(before.hosts.map(({ name, principal }) => [name, principal]));
  const roles = new Set(before.hosts.map(({ principal }) => principal));
  const present = new Set(after.hosts.map(({ name }) => name));
  return [
    ...after.hosts.flatMap(({ name, principal }) => {
      const old = roleBefore.get(name);
      if (old === principal) return [];
      const role = roles.has(principal) ? "a role that is there already" : "a new role";
      return [
        old === undefined
          ? `host ${name} joins, as ${principal}, ${role}`
          : `host ${name} runs as ${principal}, ${role}, instead of ${old}`,
      ];
    }),
    ...before.hosts
      .filter(({ name }) => !present.has(name))
      .map(({ name, principal }) => `host ${name}, as ${principal}, is gone`),
  ];
}

function guardNotes(before: AccessMap, after: AccessMap): readonly string[] {
  const names = {
    tls: "tls",
    org: "org",
    imdsV2: "imds_v2",
    stolenCredentials: "stolen_credentials",
    presigned: "presigned",
  } as const;
  return Object.entries(names).flatMap(([guard, name]) => {
    const [old, now] = [before.guards, after.guards].map((guards) =>
      String(Object.entries(guards).find(([one]) => one === guard)?.[1] ?? "none"),
    );
    return old === now ? [] : [`guard ${name} is ${now}, was ${old}`];
  });
}

function networkNotes(before: AccessMap, after: AccessMap): readonly string[] {
  return after.principals.flatMap(({ name, network }) => {
    const old = before.principals.find((one) => one.name === name)?.network;
    if (old === undefined || JSON.stringify(old) === JSON.stringify(network)) return [];
    return [`network of ${name} is ${networkWords(network)}, was ${networkWords(old)}`];
  });
}

function networkWords(network: Principal["network"]): string {
  return network.kind === "any" ? "any" : [...network.vpces, ...network.cidrs].join(", ");
}
