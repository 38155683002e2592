/**
 * Which names of a bucket who may list: S3 knows a listing only by the prefix that it asks for.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html#example-listbucket-conditions
 * @module
 */
import type { Group, PrincipalName } from "../map/access-map.ts";
import { type Place, publishersOf } from "./place.ts";
import { sorted } from "./order.ts";

/**
 * The prefixes by which a reader lists: none for exact keys and bundles, which are read without.
 * With "web/*" goes "web/", as S3 compares the key itself when it chooses between 404 and 403.
 */
export function prefixesToRead({ reach }: Group): readonly string[] {
  return reach.kind === "prefix" ? [reach.prefix, `${reach.prefix}*`] : [];
}

/** Publishers see all below the prefix of exact keys too: what must be removed is known by that. */
export function prefixesToPublish({ reach }: Group): readonly string[] {
  return reach.kind === "bundle" ? [] : [reach.prefix, `${reach.prefix}*`];
}

/** A bundle's past is listed by its key. */
export function prefixesToRestore({ reach }: Group): readonly string[] {
  return reach.kind === "bundle" ? [reach.key] : [reach.prefix, `${reach.prefix}*`];
}

/** What all listings of a group have in common; one pattern, for "web/*" is also "web/". */
export function listedBy({ reach }: Group): string {
  return reach.kind === "bundle" ? reach.key : `${reach.prefix}*`;
}

export interface Listing {
  readonly prefixes: readonly string[];
  readonly groups: readonly Group[];
  readonly members: readonly PrincipalName[];
}

/**
 * Who may list what a group lies below. Who lists below a prefix is a member of it too, since what denies the outer
 * prefix would also deny the inner one.
 */
export function listersOf(
  groups: readonly Group[],
  group: Group,
  place: Place,
  past: "now" | "past",
): readonly PrincipalName[] {
  const own = (one: Group): readonly PrincipalName[] =>
    past === "past"
      ? publishersOf(one, place, "restore")
      : [
          ...(one.reach.kind === "prefix" ? one.readers : []),
          ...(one.reach.kind === "bundle" ? [] : publishersOf(one, place, "edit")),
        ];
  const prefix = listedBy(group).replace(/\*$/, "");
  return sorted(groups.filter((one) => listedBy(one).startsWith(prefix)).flatMap(own));
}

/**
 * The prefixes of the groups by who may list them, those of the same members together.
 * @param among the groups that are asked for
 */
export function listingsAt(
  groups: readonly Group[],
  place: Place,
  past: "now" | "past",
  among: readonly Group[] = groups,
): readonly Listing[] {
  const byMembers = new Map<string, Listing>();
  for (const group of among) {
    const members = listersOf(groups, group, place, past);
    const key = members.join();
    const same = byMembers.get(key);
    byMembers.set(key, {
      prefixes: sorted([...(same?.prefixes ?? []), listedBy(group)]),
      groups: [...(same?.groups ?? []), group],
      members,
    });
  }
  return [...byMembers.values()];
}
