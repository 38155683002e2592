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
import { type Draft, draft, type Sources } from "./draft.ts";
import { insidersOf, readersOf, replicatorOf } from "./insiders.ts";
import { joinLabels } from "./labels.ts";
import { listedBy, listersOf, listingsAt } from "./listing.ts";
import { sorted } from "./order.ts";
import { membersOf } from "./pack-names.ts";
import { alike, perMembers } from "./per-members.ts";
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

function reading(sources: Sources, place: Place): readonly Draft[] {
  const { form, map } = sources;
  const groups = map.groups.filter(({ name }) => !form.unread.has(name));
  const both = groups.filter((group) => isReadAsListed(sources, place, group));
  const apart = groups.filter((group) => !both.includes(group));
  return [
    ...readingAndListing(sources, place, both),
    ...perMembers(sources, place, {
      template: "bucket-policy/closed-world-read",
      groups: apart,
      ofGroup: (group) => readersOf(sources, place, group),
      from: "readers",
    }),
  ];
}

/** Whether one statement says who reads the group and who lists it. S3's replication lists and reads nothing. */
function isReadAsListed(sources: Sources, place: Place, group: Group): boolean {
  const { form, map } = sources;
  const isLeftOut = form.unread.has(group.name) || form.unlisted.has(group.name);
  if (form.listing === "apart" || isLeftOut || map.replication !== undefined) return false;
  const listers = sorted([...listersOf(map.groups, group, place, "now"), ...map.breakGlass]);
  return listers.join() === readersOf(sources, place, group).join();
}

function readingAndListing(
  sources: Sources,
  place: Place,
  groups: readonly Group[],
): readonly Draft[] {
  const ofGroup = (group: Group): readonly PrincipalName[] => readersOf(sources, place, group);
  return alike(groups, ofGroup).map(({ same, members }) =>
    draft(
      sources,
      "bucket-policy/closed-world-read-and-list",
      {
        label: labelFor(sources, same),
        objects: { pattern: sorted(same.flatMap((group) => objectsOf(group, place))) },
        bucket: place.bucket,
        prefixes: { pattern: sorted(same.map(listedBy)) },
        members: membersOf(sources, place, members),
      },
      same.map(({ name }) => ["groups", name, "readers"]),
    ),
  );
}

function writing(sources: Sources, place: Place): readonly Draft[] {
  return perMembers(sources, place, {
    template: "bucket-policy/closed-world-write",
    groups: sources.map.groups,
    ofGroup: (group) => publishersOf(group, place, "write"),
    from: "publishers",
  });
}

/** Only where somebody may write and not remove: elsewhere what denies writing denies this too. */
function removing(sources: Sources, place: Place): readonly Draft[] {
  const ofGroup = (group: Group): readonly PrincipalName[] => publishersOf(group, place, "edit");
  return perMembers(sources, place, {
    template: "bucket-policy/closed-world-remove",
    groups: sources.map.groups.filter(
      (group) => ofGroup(group).length < publishersOf(group, place, "write").length,
    ),
    ofGroup,
    from: "publishers",
  });
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
  return perMembers(sources, place, {
    template: "bucket-policy/deny-history",
    groups: sources.map.groups,
    ofGroup: (group) => [
      ...publishersOf(group, place, "restore"),
      ...sources.map.breakGlass,
      ...(place.isHome ? replicatorOf(sources) : []),
    ],
    from: "publishers",
  });
}

function listing(sources: Sources, place: Place): readonly Draft[] {
  const { map, form } = sources;
  const always = [...map.breakGlass, ...(place.isHome ? replicatorOf(sources) : [])];
  const now = map.groups.filter(
    (group) => !form.unlisted.has(group.name) && !isReadAsListed(sources, place, group),
  );
  const byTime = (
    past: "now" | "past",
    template: string,
    among: readonly Group[],
  ): readonly Draft[] =>
    listingsAt(map.groups, place, past, among).map(({ prefixes, groups, members }) =>
      draft(
        sources,
        template,
        {
          label: labelFor(sources, groups),
          bucket: place.bucket,
          prefixes: { pattern: prefixes },
          members: membersOf(sources, place, [...members, ...map.breakGlass]),
        },
        groups.map(({ name }) => ["groups", name]),
      ),
    );
  return [
    ...byTime("now", "bucket-policy/deny-list", now),
    ...byTime("past", "bucket-policy/deny-list-history", map.groups),
    draft(
      sources,
      "bucket-policy/deny-list-rest",
      {
        bucket: place.bucket,
        prefixes: { pattern: sorted(map.groups.map(listedBy)) },
        members: membersOf(sources, place, always),
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
  const always = membersOf(sources, place, [...map.breakGlass, ...replication]);
  const admins = [...map.deployers, ...map.breakGlass, ...replication, ...map.auditors];
  const role = replication.length === 0 ? undefined : { pattern: arnsOf(map, replication) };
  const side = place.isHome ? "source" : "destination";
  return [
    draft(sources, "bucket-policy/closed-world-rest", { bucket, objects, members: always }, [
      ["groups"],
    ]),
    draft(sources, "bucket-policy/closed-world-actions", { bucket, replication: role }, [
      ["groups"],
    ]),
    draft(
      sources,
      "bucket-policy/deny-config",
      { bucket, members: membersOf(sources, place, admins) },
      [["deployers"], ["break_glass"], ...(map.auditors.length === 0 ? [] : [["auditors"]])],
    ),
    ...auditing(sources, place),
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

/** Auditors are let in to the bucket's text, and to no more than that. */
function auditing(sources: Sources, place: Place): readonly Draft[] {
  const { auditors } = sources.map;
  if (auditors.length === 0) return [];
  const values = { bucket: place.bucket, auditors: membersOf(sources, place, auditors) };
  return [draft(sources, "bucket-policy/audit-only", values, [["auditors"]])];
}

function labelFor({ labels }: Sources, groups: readonly Group[]): string {
  return joinLabels(groups.map(({ name }) => labels.groups.get(name) ?? ""));
}
