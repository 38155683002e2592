/**
 * What to do with a map whose bucket policy fits in no form: further buckets, and which groups lie in them. Objects have to be
 * moved, so that it is for a person to do, and said in the lines that the map then has.
 * @module
 */
import type { PosternError } from "../core/errors.ts";
import { type BucketName, type GroupName, parseBucketName } from "../core/names.ts";
import type {
  AccessMap,
  Group,
  Principal,
  Replica,
  ServerSide,
  Target,
} from "../map/access-map.ts";
import { mapsByBucket, targetsIn } from "../map/buckets.ts";
import { keysOf } from "../map/complete-buckets.ts";
import { divided } from "./pack-plan.ts";

/** Groups that move to a bucket of their own. */
interface Move {
  readonly to: BucketName;
  readonly from: Target;
  readonly groups: readonly GroupName[];
  readonly replicas: readonly Replica[];
}

export interface Plan {
  readonly moves: readonly Move[];
  /** The map with these. */
  readonly map: AccessMap;
}

/**
 * As few further buckets as the order of the groups' names allows, where that can be with the groups of a host in one.
 * Undefined where one group alone does not fit.
 * @param fits whether the bucket policies of a map of one bucket do
 */
export function planOf(map: AccessMap, fits: (map: AccessMap) => boolean): Plan | undefined {
  const names = new Set<string>(targetsIn(map).map(({ bucket }) => bucket));
  const moves: Move[] = [];
  for (const one of mapsByBucket(map)) {
    const longest = withLongNames(one);
    const fit = (units: readonly (readonly Group[])[]): boolean =>
      fits({ ...longest, groups: units.flat().toSorted(byName) });
    const parts =
      divided(readTogether(one), fit) ??
      divided(
        one.groups.map((group) => [group]),
        fit,
      );
    if (parts === undefined) return undefined;
    for (const units of parts.slice(1))
      moves.push(moveOf(one, units.flat().toSorted(byName), names));
  }
  return { moves, map: moves.reduce(moved, map) };
}

/** Names about as long as those of further buckets may be: bytes are what is counted. */
function withLongNames(map: AccessMap): AccessMap {
  const long = <One extends Target>(target: One): One => ({
    ...target,
    bucket: numbered(target.bucket, 99),
  });
  return { ...map, home: long(map.home), replicas: map.replicas.map(long) };
}

function byName(one: Group, other: Group): number {
  return one.name < other.name ? -1 : 1;
}

/** Groups that are linked by hosts which read several of them: a host's configuration has one bucket. */
function readTogether({ groups, principals }: AccessMap): readonly (readonly Group[])[] {
  const hosts = principals.filter(isMachine).map(({ name }) => name);
  let units: readonly (readonly Group[])[] = [];
  for (const group of groups) {
    const own = group.readers.filter((name) => hosts.includes(name));
    const isLinked = (unit: readonly Group[]): boolean =>
      unit.some(({ readers }) => readers.some((name) => own.includes(name)));
    const linked = units.filter(isLinked);
    const [first] = linked;
    const whole = [...linked.flat(), group];
    units =
      first === undefined
        ? [...units, whole]
        : units.flatMap((unit) => (unit === first ? [whole] : linked.includes(unit) ? [] : [unit]));
  }
  return units;
}

function isMachine(principal: Principal): boolean {
  const { kind } = principal;
  return kind === "ec2" || kind === "service" || (kind === "existing" && principal.isInstance);
}

function moveOf({ home, replicas }: AccessMap, groups: readonly Group[], names: Set<string>): Move {
  const to = another(home.bucket, names);
  const keys = [...keysOf(groups).keys()];
  return {
    to,
    from: home,
    groups: groups.map(({ name }) => name),
    replicas: replicas.map((one) => ({
      ...one,
      of: to,
      bucket: another(one.bucket, names),
      keys: new Map([...one.keys].filter(([key]) => keys.includes(key))),
    })),
  };
}

function another(bucket: BucketName, names: Set<string>): BucketName {
  for (let at = 2; ; at += 1) {
    const name = numbered(bucket, at);
    if (names.has(name)) continue;
    names.add(name);
    return name;
  }
}

/** "acme-secrets-2"; at most 63 characters, as S3 takes them. */
function numbered(bucket: BucketName, at: number): BucketName {
  return parseBucketName(`${bucket.slice(0, 60 - String(at).length)}-${at}`);
}

function moved(map: AccessMap, { to, from, groups: names, replicas }: Move): AccessMap {
  const groups = map.groups.map((one) => (names.includes(one.name) ? { ...one, bucket: to } : one));
  const left = (target: Target): Target =>
    target.bucket === from.bucket
      ? { ...target, keys: keysOf(groups.filter(({ bucket }) => bucket === from.bucket)) }
      : target;
  const further = {
    ...from,
    path: ["further_buckets", to],
    bucket: to,
    keys: keysOf(groups.filter(({ bucket }) => bucket === to)),
  };
  return {
    ...map,
    groups,
    home: left(map.home),
    further: [...map.further.map(left), further],
    replicas: [...map.replicas, ...replicas],
  };
}

/**
 * In words: "write further_buckets: { acme-secrets-2: {} } into the map, and bucket: acme-secrets-2 into its groups ...".
 * @param accepting the same with accept: [fewer-layers]
 * @param obstacleTo what of a map does not fit; undefined where all does
 */
export function adviceOf(
  plain: Plan | undefined,
  accepting: Plan | undefined,
  obstacleTo: (map: AccessMap) => PosternError | undefined,
): string {
  const told = ({ moves, map }: Plan, first: readonly string[]): string => {
    const obstacle = obstacleTo(map);
    const own = moves.length === 0 ? [] : [`${linesOf(moves)}${scatteredIn(map)}`];
    const lines = [...first, ...own].join(" and ");
    if (obstacle === undefined) return lines;
    const why = [obstacle.message, ...(obstacle.hint ? [obstacle.hint] : [])].join(": ");
    return `${lines}; even then, ${why}`;
  };
  if (accepting === undefined)
    return "give a group fewer readers and publishers: one alone does not fit";
  if (plain !== undefined && accepting.moves.length >= plain.moves.length) return told(plain, []);
  const waived = told(accepting, ["write accept: [fewer-layers] into the map"]);
  return plain === undefined ? waived : `${waived}; or ${told(plain, [])}`;
}

/** The hosts that then read in several buckets. */
function scatteredIn({ groups, principals }: AccessMap): string {
  const names = principals.filter(isMachine).flatMap(({ name }) => {
    const read = groups.filter(({ readers }) => readers.includes(name));
    return new Set(read.map(({ bucket }) => bucket)).size > 1 ? [name] : [];
  });
  const [first] = names;
  if (first === undefined) return "";
  const more = names.length === 1 ? "" : ` and ${names.length - 1} more`;
  return `; hosts of ${first}${more} then need a configuration for each bucket`;
}

function linesOf(moves: readonly Move[]): string {
  const buckets = moves.map(({ to, from }) => `${to}: ${settingsOf(from)}`).join(", ");
  const groups = moves.map(({ to, groups: names }) => `bucket: ${to} to ${names.join(", ")}`);
  const replicas = moves.flatMap((move) =>
    move.replicas.map(({ of, region }) => `one with of: ${of} in ${region}`),
  );
  return [
    `add further_buckets: { ${buckets} } to the map`,
    ...groups,
    ...(replicas.length === 0 ? [] : [`and to replicas ${replicas.join(", ")}`]),
    "then move the objects of these groups",
  ].join("; ");
}

/** What a further bucket must say so that groups of the other are encrypted as before. */
function settingsOf({ bucketKey, defaultEncryption: encryption }: Target): string {
  const entries = [
    ...(bucketKey ? ["bucket_key: true"] : []),
    ...(encryption.type === "s3" ? [] : [`default_encryption: ${encryptionOf(encryption)}`]),
  ];
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function encryptionOf(encryption: Exclude<ServerSide, { type: "s3" }>): string {
  return `{ type: ${encryption.type}, key: "${encryption.key}" }`;
}
