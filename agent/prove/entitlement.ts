/**
 * Who may do what with a group's objects, as the map says.
 * @module
 */
import type { AccessMap, Group, Principal, Target } from "../map/access-map.ts";
import { type Right, rightsOfLevel } from "../policy/rights.ts";

/** What is done with objects; "open" is to read an object's value, "fetch" its stored bytes. */
export const ACTS = ["open", "fetch", "put", "remove", "fetch old versions of"] as const;
export type Act = (typeof ACTS)[number];

export const LISTINGS = ["list", "list old versions of"] as const;
export type Listing = (typeof LISTINGS)[number];

/**
 * - must: it has to work.
 * - may: the map leaves it open, so that nothing is asked of it.
 * - no: it must not work.
 */
export type Claim = "must" | "may" | "no";

/** The map has a reader read at each replica; of publishers it says only what they do at home. */
export function claimOf(
  map: AccessMap,
  target: Target,
  principal: Principal,
  group: Group,
  act: Act | Listing,
): Claim {
  // who gets in when all else is locked out reads everything and its past, and may be let in to more
  if (map.breakGlass.includes(principal.name))
    return target === map.home && (READER[act](group) || isPast(act)) ? "must" : "may";
  if (group.readers.includes(principal.name) && READER[act](group)) return "must";
  const level = group.publishers.find((one) => one.principal === principal.name)?.level;
  if (level === undefined) return "no";
  const rights = rightsOfLevel(level);
  const has = needsOf(group, act).every((right) => rights.includes(right));
  if (!has) return "no";
  if (target !== map.home) return "may";
  // what has no prefix is listed by its key, where at all
  return act === "list" && group.reach.kind !== "prefix" ? "may" : "must";
}

function isPast(act: Act | Listing): boolean {
  return act === "fetch old versions of" || act === "list old versions of";
}

const READER: Readonly<Record<Act | Listing, (group: Group) => boolean>> = {
  open: () => true,
  fetch: () => true,
  put: () => false,
  remove: () => false,
  "fetch old versions of": () => false,
  list: ({ reach }) => reach.kind === "prefix",
  "list old versions of": () => false,
};

function needsOf(group: Group, act: Act | Listing): readonly Right[] {
  switch (act) {
    case "open":
      return isPlain(group) ? ["s3:GetObject"] : ["s3:GetObject", "kms:Decrypt"];
    case "fetch":
      return ["s3:GetObject"];
    case "put":
      return ["s3:PutObject"];
    case "remove":
      return ["s3:DeleteObject"];
    case "fetch old versions of":
      return ["s3:GetObjectVersion"];
    case "list":
      return ["s3:ListBucket"];
    case "list old versions of":
      return ["s3:ListBucketVersions"];
    default:
      return act satisfies never;
  }
}

/** Whether the stored bytes are the value: no key of KMS is between. */
export function isPlain({ sse, seal }: Group): boolean {
  return sse.type === "s3" && seal.mode === "none";
}

/** What a `s3:prefix` of the group begins with, or is. */
export function listedBy({ reach }: Group): { readonly text: string; readonly isPrefix: boolean } {
  return reach.kind === "bundle"
    ? { text: reach.key, isPrefix: false }
    : { text: reach.prefix, isPrefix: true };
}
