/**
 * A bucket and its replicas, and who may do what there: at home all that the map says, at a replica reading alone, since S3
 * replicates one way.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { type KmsKeyArn, quote } from "../core/names.ts";
import type {
  AccessMap,
  Group,
  Principal,
  PrincipalName,
  Reach,
  Target,
} from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import { type Level, LEVELS } from "../policy/rights.ts";
import { labelOf } from "./labels.ts";
import { sorted } from "./order.ts";

/** A bucket of which documents are made, with the groups that lie in it. */
export interface Place {
  readonly target: Target;
  readonly isHome: boolean;
  /** "" at home, "AtUsWest2" at a replica: what Sids end in. */
  readonly label: string;
  readonly path: MapPath;
  /** The bucket's ARN. */
  readonly bucket: string;
  /** "s3.us-east-1.amazonaws.com": as which S3 asks KMS. */
  readonly service: string;
}

/**
 * Home first, then the replicas by the names of their buckets.
 * @param map of one bucket
 */
export function placesOf({ home, replicas, partition }: AccessMap): readonly Place[] {
  const place = (target: Target, label: string): Place => ({
    target,
    isHome: target === home,
    label,
    path: target.path.length === 0 ? ["bucket"] : target.path,
    bucket: `arn:${partition}:s3:::${target.bucket}`,
    service: `s3.${target.region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`,
  });
  const isAlone = ({ region }: Target): boolean =>
    home.path.length === 0 && replicas.filter((one) => one.region === region).length === 1;
  const others = replicas.map((target) => {
    const name = isAlone(target) ? target.region : target.bucket;
    return place(target, `At${labelOf(name)}`);
  });
  return [
    place(home, ""),
    ...others.toSorted((one, other) => (one.bucket < other.bucket ? -1 : 1)),
  ];
}

/** The key of the place's region for one of home's. @throws {PosternError} ConfigInvalid when there is none */
export function keyAt({ target }: Place, key: KmsKeyArn): KmsKeyArn {
  const own = target.keys.get(key);
  if (own !== undefined) return own;
  throw new PosternError(
    "ConfigInvalid",
    `bucket ${quote(target.bucket)}: expected the key of ${target.region} for ${quote(key)}, got none`,
  );
}

/** Every key of the place: those of the groups, and that of the bucket's default encryption. */
export function keysAt({ target }: Place): readonly KmsKeyArn[] {
  const { defaultEncryption: byDefault } = target;
  const further = byDefault.type === "s3" ? [] : [byDefault.key];
  return sorted([...target.keys.values(), ...further]);
}

/** The group's objects as ARNs, which are patterns for a prefix and exact otherwise. */
export function objectsOf({ reach }: Group, { bucket }: Place): readonly string[] {
  return keysOf(reach).map((key) => `${bucket}/${key}`);
}

/** The group's keys; a pattern for all below a prefix. */
export function keysOf(reach: Reach): readonly string[] {
  switch (reach.kind) {
    case "prefix":
      return [`${reach.prefix}*`];
    case "only":
      return reach.names.map((name) => `${reach.prefix}${name}`);
    case "bundle":
      return [reach.key];
    default:
      return reach satisfies never;
  }
}

/** @throws {PosternError} Internal for a name that the map does not have */
export function principalNamed(map: AccessMap, name: PrincipalName): Principal {
  const found = map.principals.find((one) => one.name === name);
  if (found === undefined)
    throw new PosternError("Internal", `the map has no principal ${quote(name)}`);
  return found;
}

/** As aws:PrincipalArn has it; a pattern for the roles of a permission set. */
export function arnOf(principal: Principal): string {
  return principal.kind === "sso" ? principal.arnPattern : principal.arn;
}

/** The ARNs of the principals, each once and in order. */
export function arnsOf(map: AccessMap, names: readonly PrincipalName[]): readonly string[] {
  return sorted(names.map((name) => arnOf(principalNamed(map, name))));
}

/** Who publishes the group here with at least the level; nobody at a replica. */
export function publishersOf(group: Group, place: Place, level: Level): readonly PrincipalName[] {
  if (!place.isHome) return [];
  return group.publishers
    .filter((one) => LEVELS.indexOf(one.level) >= LEVELS.indexOf(level))
    .map(({ principal }) => principal);
}

/** Where a principal stands in the map: those made for hosts stand there. */
export function pathOf({ hosts, principals }: AccessMap, name: PrincipalName): MapPath {
  const host = hosts.find(({ principal }) => principal === name);
  const isOwn = principals.some((one) => one.name === name);
  return host === undefined || !isOwn ? ["principals", name] : ["hosts", host.name];
}
