/** What the map says of somebody and a group, whatever the documents do. @module */
import type { AccessMap, Group, Principal, Verb } from "../map/access-map.ts";
import { holdsKey } from "../map/reach.ts";
import { type Level, rightsOfLevel } from "../policy/rights.ts";

/** The group that a key is of; of a prefix to list, the group that has just that. */
export function groupAt({ groups }: AccessMap, verb: Verb, key: string): Group | undefined {
  return groups.find((group) =>
    verb === "list"
      ? group.reach.kind !== "bundle" && key.startsWith(group.reach.prefix)
      : holdsKey(group, key),
  );
}

/** Whether the map lets the principal do it: as a reader, or by its level as a publisher. */
export function isMeant(group: Group, { name }: Principal, verb: Verb): boolean {
  const level = group.publishers.find(({ principal }) => principal === name)?.level;
  const asReader =
    group.readers.includes(name) &&
    (verb === "read" || (verb === "list" && group.reach.kind === "prefix"));
  return asReader || (level !== undefined && levelAllows(level, verb, group));
}

/** Whether publishers of that level do it. */
export function levelAllows(level: Level, verb: Verb, { reach, seal, sse }: Group): boolean {
  const rights = rightsOfLevel(level);
  const opens = rights.includes("kms:Decrypt") || (seal.mode === "none" && sse.type === "s3");
  switch (verb) {
    case "read":
      return rights.includes("s3:GetObject") && opens;
    case "list":
      return rights.includes("s3:ListBucket") && reach.kind !== "bundle";
    case "put":
      return rights.includes("s3:PutObject");
    case "remove":
      return rights.includes("s3:DeleteObject");
    case "read old versions of":
      return rights.includes("s3:GetObjectVersion") && opens;
    default:
      return verb satisfies never;
  }
}
