/** Who has anything to do with a bucket, and who reads a group of it. @module */
import type { Group, PrincipalName } from "../map/access-map.ts";
import type { Sources } from "./draft.ts";
import { sorted } from "./order.ts";
import { type Place, publishersOf } from "./place.ts";

export function insidersOf({ map }: Sources, place: Place): readonly PrincipalName[] {
  return sorted([
    ...map.groups.flatMap((group) => [...group.readers, ...publishersOf(group, place, "write")]),
    ...map.deployers,
    ...map.breakGlass,
    ...map.auditors,
    ...replicatorOf({ map }),
  ]);
}

/** None, or the role by which S3 replicates. */
export function replicatorOf({ map }: Pick<Sources, "map">): readonly PrincipalName[] {
  return map.replication === undefined ? [] : [map.replication];
}

/** Publishers of each level too, since a conditional write takes GetObject. */
export function readersOf(
  { map }: Pick<Sources, "map">,
  place: Place,
  group: Group,
): readonly PrincipalName[] {
  return sorted([...group.readers, ...publishersOf(group, place, "write"), ...map.breakGlass]);
}
