/**
 * What a change of the map changes: who may do what now and could not before, or no longer, also by becoming a role; what
 * hosts run as; which settings that protect differ.
 *
 * Access is compared by decisions on both maps' documents, of everyday requests: a guard that now asks for more shows as
 * a guard. Who may become a role is compared by what the maps say, and has what the role has.
 * @module
 */
import type { AccessMap, Group, Principal, Target, Verb } from "../map/access-map.ts";
import { bucketsOf } from "../map/buckets.ts";
import { holdsKey } from "../map/reach.ts";
import { VERBS } from "../map/access-map.ts";
import type { Bindings } from "../policy/bindings.ts";
import { askOf, decide, exampleKey } from "./asks.ts";
import { arnOf, entrantsBeyond } from "./entrants.ts";
import { keepNotes, settingNotes } from "./settings-notes.ts";

/** A map with what its documents decide. */
export interface Version {
  readonly map: AccessMap;
  readonly bindings: Bindings;
}

export interface AccessChange {
  readonly kind: "gained" | "lost";
  readonly principal: string;
  /**
   * Of whom it is true where not of the whole principal: who may become it, or
   * what it is, where its name meant another.
   */
  readonly by: string | undefined;
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
  /** Sentences without a full stop: hosts, roles that reach no secret, settings, kept statements. */
  readonly notes: readonly string[];
}

export function differenceOf(before: Version, after: Version): Difference {
  return {
    access: [...changes(before, after, "lost"), ...changes(after, before, "gained")],
    notes: [
      ...hostNotes(before.map, after.map),
      ...roleNotes(before, after),
      ...settingNotes(before.map, after.map),
      ...keepNotes(before.map, after.map),
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
        const allowed = VERBS.filter((verb) =>
          isAllowed({ ...one, map }, target, principal, group, verb),
        );
        const verbs = allowed.filter(
          (verb) => !isStillAllowed(other, target, principal, group, verb),
        );
        const changeOf = (by: string | undefined, which: readonly Verb[]): AccessChange => ({
          kind,
          principal: principal.name,
          by,
          verbs: which,
          group: group.name,
          bucket: target.bucket,
          key: exampleKey(group),
        });
        return [
          ...(verbs.length === 0 ? [] : [changeOf(movedFrom(principal, other.map), verbs)]),
          ...(allowed.length === 0
            ? []
            : newcomers(principal, other.map).map((by) => changeOf(by, allowed))),
        ];
      }),
    ),
  );
}

/** Who may become the principal in its map, and not in the other, which has the same. */
function newcomers(principal: Principal, other: AccessMap): readonly string[] {
  const same = other.principals.find((one) => arnOf(one) === arnOf(principal));
  return same === undefined ? [] : entrantsBeyond(principal, same);
}

/** What it is now, where the other map has one of its name that is another. */
function movedFrom(principal: Principal, { principals }: AccessMap): string | undefined {
  const namesake = principals.find(({ name }) => name === principal.name);
  if (namesake === undefined || arnOf(namesake) === arnOf(principal)) return undefined;
  const isOtherSet =
    principal.kind === "sso" &&
    (namesake.kind !== "sso" || namesake.permissionSet !== principal.permissionSet);
  return isOtherSet ? `permission set ${principal.permissionSet}` : arnOf(principal);
}

/** Of principals that reach no secret themselves, as deployers: another ARN, and who may become it. */
function roleNotes(before: Version, after: Version): readonly string[] {
  const told = (one: Version, other: Version, may: string): readonly string[] =>
    one.map.principals
      .filter((principal) => !reachesSecrets(one, principal))
      .flatMap((principal) => [
        ...[movedFrom(principal, other.map)].flatMap((who) =>
          who === undefined
            ? []
            : [`${who} ${may === "may now" ? "is now" : "is no longer"} ${principal.name}`],
        ),
        ...newcomers(principal, other.map).map((who) => `${who} ${may} become ${principal.name}`),
      ]);
  return [...told(before, after, "may no longer"), ...told(after, before, "may now")];
}

function reachesSecrets(version: Version, principal: Principal): boolean {
  return bucketsOf(version.map).some(({ map, target }) =>
    map.groups.some((group) =>
      VERBS.some((verb) => isAllowed({ ...version, map }, target, principal, group, verb)),
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
