/**
 * What the bucket policy leaves open, and to whom: nobody whom the map does not name gets in, whatever its own policies
 * allow, and who is named gets to its own groups alone.
 *
 * All of it denies, so that it also binds who can grant itself rights.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
 * @module
 */
import type { Group, PrincipalName } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import { type Draft, draft, type Sources } from "./draft.ts";
import { joinLabels } from "./labels.ts";
import { listedBy, listingsAt } from "./listing.ts";
import { sorted } from "./order.ts";
import { arnsOf, objectsOf, type Place, publishersOf } from "./place.ts";

export function closedWorld(sources: Sources, place: Place): readonly Draft[] {
  return [
    ...outsiders(sources, place),
    ...reading(sources, place),
    ...(place.isHome
      ? [...writing(sources, place), ...removing(sources, place)]
      : unwritten(sources, place)),
    ...history(sources, place),
    ...listing(sources, place),
    ...rest(sources, place),
  ];
}

/** All who have anything to do with the bucket. */
export function insidersOf({ map }: Sources, place: Place): readonly PrincipalName[] {
  return sorted([
    ...map.groups.flatMap((group) => [...group.readers, ...publishersOf(group, place, "write")]),
    ...map.deployers,
    ...map.breakGlass,
    ...replicatorOf({ map }),
  ]);
}

/** None, or the role by which S3 replicates. */
export function replicatorOf({ map }: Pick<Sources, "map">): readonly PrincipalName[] {
  return map.replication === undefined ? [] : [map.replication];
}

/**
 * `s3:*`, since a list of actions would miss those that S3 adds. A permission set's roles are a pattern.
 * @see https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
 */
function outsiders(sources: Sources, place: Place): readonly Draft[] {
  const members = { pattern: arnsOf(sources.map, insidersOf(sources, place)) };
  return [
    draft(sources, "bucket-policy/closed-world", { bucket: place.bucket, members }, [
      ["principals"],
      ["groups"],
    ]),
  ];
}

/** Publishers of each level read, since a conditional write takes GetObject. */
function reading(sources: Sources, place: Place): readonly Draft[] {
  const membersOf = (group: Group): readonly PrincipalName[] => [
    ...group.readers,
    ...publishersOf(group, place, "write"),
    ...sources.map.breakGlass,
  ];
  return perMembers(sources, place, membersOf, "bucket-policy/closed-world-read", "readers");
}

function writing(sources: Sources, place: Place): readonly Draft[] {
  const membersOf = (group: Group): readonly PrincipalName[] => publishersOf(group, place, "write");
  return perMembers(sources, place, membersOf, "bucket-policy/closed-world-write", "publishers");
}

/** Only where somebody may write and not remove: elsewhere what denies writing denies this too. */
function removing(sources: Sources, place: Place): readonly Draft[] {
  const membersOf = (group: Group): readonly PrincipalName[] => publishersOf(group, place, "edit");
  const groups = sources.map.groups.filter(
    (group) => membersOf(group).length < publishersOf(group, place, "write").length,
  );
  const template = "bucket-policy/closed-world-remove";
  return perMembers(sources, place, membersOf, template, "publishers", groups);
}

/** At a replica S3 alone writes, by other actions. */
function unwritten(sources: Sources, place: Place): readonly Draft[] {
  const objects = { pattern: [`${place.bucket}/*`] };
  const values = { label: "", objects, members: undefined };
  return [draft(sources, "bucket-policy/closed-world-write", values, [place.path])];
}

/**
 * Old versions hold what was rotated away. Named one by one: "GetObjectVersion*" would also deny replication.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
function history(sources: Sources, place: Place): readonly Draft[] {
  const membersOf = (group: Group): readonly PrincipalName[] => [
    ...publishersOf(group, place, "restore"),
    ...sources.map.breakGlass,
    ...(place.isHome ? replicatorOf(sources) : []),
  ];
  return perMembers(sources, place, membersOf, "bucket-policy/deny-history", "publishers");
}

function listing(sources: Sources, place: Place): readonly Draft[] {
  const { map } = sources;
  const always = [...map.breakGlass, ...(place.isHome ? replicatorOf(sources) : [])];
  const byTime = (past: "now" | "past", template: string): readonly Draft[] =>
    listingsAt(map.groups, place, past).map(({ prefixes, groups, members }) =>
      draft(
        sources,
        template,
        {
          label: labelFor(sources, groups),
          bucket: place.bucket,
          prefixes: { pattern: prefixes },
          members: { pattern: arnsOf(map, [...members, ...map.breakGlass]) },
        },
        groups.map(({ name }) => ["groups", name]),
      ),
    );
  return [
    ...byTime("now", "bucket-policy/deny-list"),
    ...byTime("past", "bucket-policy/deny-list-history"),
    draft(
      sources,
      "bucket-policy/deny-list-rest",
      {
        bucket: place.bucket,
        prefixes: { pattern: sorted(map.groups.map(listedBy)) },
        members: { pattern: arnsOf(map, always) },
      },
      [["groups"]],
    ),
  ];
}

/** Keys that are of no group, actions that nobody needs, and what is of the bucket itself. */
function rest(sources: Sources, place: Place): readonly Draft[] {
  const { map } = sources;
  const { bucket } = place;
  const replication = replicatorOf(sources);
  const objects = { pattern: sorted(map.groups.flatMap((group) => objectsOf(group, place))) };
  const always = { pattern: arnsOf(map, [...map.breakGlass, ...replication]) };
  const admins = { pattern: arnsOf(map, [...map.deployers, ...map.breakGlass, ...replication]) };
  const role = replication.length === 0 ? undefined : { pattern: arnsOf(map, replication) };
  const side = place.isHome ? "source" : "destination";
  return [
    draft(sources, "bucket-policy/closed-world-rest", { bucket, objects, members: always }, [
      ["groups"],
    ]),
    draft(sources, "bucket-policy/closed-world-actions", { bucket, replication: role }, [
      ["groups"],
    ]),
    draft(sources, "bucket-policy/deny-config", { bucket, members: admins }, [
      ["deployers"],
      ["break_glass"],
    ]),
    ...(role === undefined
      ? []
      : [
          draft(
            sources,
            `bucket-policy/confine-replication-${side}`,
            { bucket, replication: role },
            [["replicas"]],
          ),
        ]),
  ];
}

/** One statement for all groups of the same members, which loses nothing. */
function perMembers(
  sources: Sources,
  place: Place,
  membersOf: (group: Group) => readonly PrincipalName[],
  template: string,
  member: "readers" | "publishers",
  groups: readonly Group[] = sources.map.groups,
): readonly Draft[] {
  const byMembers = new Map<string, readonly Group[]>();
  for (const group of groups) {
    const key = sorted(membersOf(group)).join();
    byMembers.set(key, [...(byMembers.get(key) ?? []), group]);
  }
  return [...byMembers.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const arns = arnsOf(sources.map, membersOf(first));
    const label = labelFor(sources, same);
    const objects = { pattern: sorted(same.flatMap((group) => objectsOf(group, place))) };
    const from = same.map(({ name }): MapPath => ["groups", name, member]);
    const members = arns.length === 0 ? undefined : { pattern: arns };
    return [draft(sources, template, { label, objects, members }, from)];
  });
}

function labelFor({ labels }: Sources, groups: readonly Group[]): string {
  return joinLabels(groups.map(({ name }) => labels.groups.get(name) ?? ""));
}
