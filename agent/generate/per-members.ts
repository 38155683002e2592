/** Statements about groups, one for all that have the same members. @module */
import type { Group, PrincipalName } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import { type Draft, draft, type Sources } from "./draft.ts";
import { joinLabels } from "./labels.ts";
import { sorted } from "./order.ts";
import { membersOf } from "./pack-names.ts";
import { objectsOf, type Place } from "./place.ts";

interface PerMembers {
  readonly template: string;
  readonly groups: readonly Group[];
  readonly ofGroup: (group: Group) => readonly PrincipalName[];
  readonly from: "readers" | "publishers";
}

export function perMembers(
  sources: Sources,
  place: Place,
  { template, groups, ofGroup, from }: PerMembers,
): readonly Draft[] {
  const sets = alike(groups, ofGroup);
  return sets.map(({ same, members }) => {
    const isWhole = sets.length === 1 && isOfAll(sources, groups, members);
    const objects = isWhole
      ? [`${place.bucket}/*`]
      : sorted(same.flatMap((group) => objectsOf(group, place)));
    return draft(
      sources,
      template,
      {
        label: joinLabels(same.map(({ name }) => sources.labels.groups.get(name) ?? "")),
        objects: { pattern: objects },
        members: members.length === 0 ? undefined : membersOf(sources, place, members),
      },
      same.map(({ name }): MapPath => ["groups", name, from]),
    );
  });
}

/**
 * Whether a statement may as well be of the whole bucket. What is of no group is denied to all but break-glass by
 * another, so that nothing is lost and nothing gained where these are members.
 */
function isOfAll(
  { form, map }: Sources,
  groups: readonly Group[],
  members: readonly PrincipalName[],
): boolean {
  const hasBreakGlass = map.breakGlass.every((name) => members.includes(name));
  return form.alike === "together" && groups.length === map.groups.length && hasBreakGlass;
}

/** The groups of the same members together, which loses nothing. */
export function alike(
  groups: readonly Group[],
  ofGroup: (group: Group) => readonly PrincipalName[],
): readonly { readonly same: readonly Group[]; readonly members: readonly PrincipalName[] }[] {
  const byMembers = new Map<string, readonly Group[]>();
  for (const group of groups) {
    const key = sorted(ofGroup(group)).join();
    byMembers.set(key, [...(byMembers.get(key) ?? []), group]);
  }
  return [...byMembers.values()].flatMap((same) =>
    same.slice(0, 1).map((first) => ({ same, members: sorted(ofGroup(first)) })),
  );
}
