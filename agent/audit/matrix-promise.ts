/**
 * What the map alone says that a principal may do with a group; it reads no document.
 * @module
 */
import type { AccessMap, Group, PrincipalName, Target, Verb } from "../map/access-map.ts";
import { type Right, rightsOfLevel } from "../policy/rights.ts";

export interface Promised {
  readonly map: AccessMap;
  readonly target: Target;
  readonly group: Group;
}

/** At a replica nobody publishes. */
export function mapAllows(promised: Promised, name: PrincipalName, verb: Verb): boolean {
  const { map, target, group } = promised;
  if (map.breakGlass.includes(name) && BREAK_GLASS.has(verb)) return true;
  if (group.readers.includes(name) && isReaders(verb, group)) return true;
  const published = group.publishers.find(({ principal }) => principal === name);
  if (published === undefined || target !== map.home) return false;
  const rights = rightsOfLevel(published.level);
  return rightsFor(verb, group)?.every((right) => rights.includes(right)) ?? false;
}

const BREAK_GLASS: ReadonlySet<Verb> = new Set(["read", "list", "read old versions of"]);

/** Exact keys and bundles are read without listing. */
function isReaders(verb: Verb, { reach }: Group): boolean {
  return verb === "read" || (verb === "list" && reach.kind === "prefix");
}

/** Undefined: no level of publisher may. */
function rightsFor(verb: Verb, group: Group): readonly Right[] | undefined {
  // without KMS nothing but S3 stands before who may write, since a conditional write takes GetObject
  const isPlain = group.sse.type === "s3" && group.seal.mode === "none";
  const opening: readonly Right[] = isPlain ? [] : ["kms:Decrypt"];
  switch (verb) {
    case "read":
      return ["s3:GetObject", ...opening];
    case "list":
      return group.reach.kind === "bundle" ? undefined : ["s3:ListBucket"];
    case "put":
      return ["s3:PutObject", "seal"];
    case "remove":
      return ["s3:DeleteObject"];
    case "read old versions of":
      return ["s3:GetObjectVersion", ...opening];
    default:
      return verb satisfies never;
  }
}
