/**
 * How many more groups a map has room for, found by making their documents.
 *
 * Further groups are like those that are there, one after the other: with a name and a place of their own, and with the
 * same readers and publishers, but for those who have nothing to do with another group. Such a group brings its own.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import type { BucketName, GroupName, S3Key, S3Prefix } from "../core/names.ts";
import type { AccessMap, Group, Principal, PrincipalName, Reach } from "../map/access-map.ts";
import { mapsByBucket } from "../map/buckets.ts";
import { sizeOf, type Sources } from "./draft.ts";

import { bucketPolicies, keysIn, sourcesOf } from "./deployment.ts";
import { identity } from "./identities.ts";
import { keyPolicy } from "./key-policies.ts";
import { mostOf } from "./pack-plan.ts";
import type { Templates } from "./templates.ts";

/** Who has room for more asks no further. */
export const ENOUGH = 200;

export interface Forecast {
  /**
   * For each bucket that groups lie in, further groups like those there until its policy, or that of a replica, is full; at
   * most `ENOUGH`, as all of these.
   */
  readonly buckets: readonly { readonly name: BucketName; readonly groups: number }[];
  /** Until the policy of a key is; undefined without keys. */
  readonly keys: number | undefined;
  /** Until the principal of the largest policies is full, all of them groups like its own. */
  readonly fullest: { readonly name: PrincipalName; readonly groups: number } | undefined;
}

export function forecastOf(map: AccessMap, templates: Templates): Forecast {
  const hasKeys = keysIn(sourcesOf(map, templates)).length > 0;
  return {
    buckets: mapsByBucket(map).map((one) => ({
      name: one.home.bucket,
      groups: roomIn(one, templates, one.groups, bucketPolicies),
    })),
    keys: hasKeys ? roomIn(map, templates, map.groups, keyPolicies) : undefined,
    fullest: fullestOf(map, templates),
  };
}

/** How many more groups like these fit into what is built. */
function roomIn(
  map: AccessMap,
  templates: Templates,
  groups: readonly Group[],
  build: (sources: Sources) => void,
): number {
  return mostOf(ENOUGH, (count) =>
    isFit(() => {
      build(sourcesOf(grown(map, groups, count), templates));
    }),
  );
}

function keyPolicies(sources: Sources): void {
  for (const key of keysIn(sources)) keyPolicy(sources, key);
}

function fullestOf(map: AccessMap, templates: Templates): Forecast["fullest"] {
  const sources = sourcesOf(map, templates);
  const sized = map.principals.map((principal) => ({
    principal,
    size: sizeOf(identity(sources, principal)?.documents.policies ?? []),
    groups: map.groups.filter((group) => namesIn(group).includes(principal.name)),
  }));
  const [fullest] = sized
    .filter(({ groups }) => groups.length > 0)
    .toSorted((one, other) => other.size - one.size);
  if (fullest === undefined) return undefined;
  const { principal, groups } = fullest;
  const room = roomIn(map, templates, groups, (sources) => void identity(sources, principal));
  return { name: principal.name, groups: room };
}

function isFit(build: () => void): boolean {
  try {
    build();
    return true;
  } catch (error) {
    if (error instanceof PosternError && error.code === "TooLarge") return false;
    throw error;
  }
}

function namesIn({ readers, publishers }: Group): readonly PrincipalName[] {
  return [...readers, ...publishers.map(({ principal }) => principal)];
}

/** The map with so many more groups, like `groups` one after the other. */
function grown(map: AccessMap, groups: readonly Group[], count: number): AccessMap {
  const isShared = (name: PrincipalName): boolean =>
    [...map.deployers, ...map.breakGlass].includes(name) ||
    map.groups.filter((group) => namesIn(group).includes(name)).length > 1 ||
    groups.length < map.groups.length;
  const copies = Array.from({ length: count }, (_, at) => {
    const group = groups[at % groups.length];
    return group === undefined ? [] : [copyOf(map, group, `z${at.toString(36)}`, isShared)];
  }).flat();
  return {
    ...map,
    groups: [...map.groups, ...copies.map(({ group }) => group)],
    principals: [...map.principals, ...copies.flatMap(({ principals }) => principals)],
  };
}

function copyOf(
  map: AccessMap,
  group: Group,
  suffix: string,
  isShared: (name: PrincipalName) => boolean,
): { readonly group: Group; readonly principals: readonly Principal[] } {
  const own = new Set(namesIn(group).filter((name) => !isShared(name)));
  const named = (name: PrincipalName): PrincipalName => (own.has(name) ? more(name, suffix) : name);
  return {
    group: {
      ...group,
      name: more(group.name, suffix),
      reach: elsewhere(group.reach, suffix),
      readers: group.readers.map(named),
      publishers: group.publishers.map((one) => ({ ...one, principal: named(one.principal) })),
    },
    principals: map.principals
      .filter(({ name }) => own.has(name))
      .map((principal) => anotherOf(principal, suffix)),
  };
}

/** Another name about as long: bytes are what is counted. */
function more<Name extends PrincipalName | GroupName | S3Key>(name: Name, suffix: string): Name {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- letters and digits in place of some of it
  return renamed(name, suffix) as Name;
}

/** The end of the last part, if it is long enough, in favour of the suffix. */
function renamed(path: string, suffix: string): string {
  const [last = ""] = /[^/]*$/.exec(path) ?? [];
  return `${path.slice(0, path.length - Math.min(suffix.length, last.length - 1))}${suffix}`;
}

function elsewhere(reach: Reach, suffix: string): Reach {
  if (reach.kind === "bundle") return { ...reach, key: more(reach.key, suffix) };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a prefix with another last folder
  return { ...reach, prefix: `${renamed(reach.prefix.slice(0, -1), suffix)}/` as S3Prefix };
}

function anotherOf(principal: Principal, suffix: string): Principal {
  const name = more(principal.name, suffix);
  return principal.kind === "sso"
    ? { ...principal, name, arnPattern: principal.arnPattern.replace(/(_[?*]+)?$/, `${suffix}$1`) }
    : { ...principal, name, arn: renamed(principal.arn, suffix) };
}
