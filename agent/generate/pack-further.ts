/**
 * What to do with a map whose bucket policy fits in no form: further buckets, and which groups lie in them. Objects have to be
 * moved, so that it is for a person to do, and said in the lines that the map then has.
 * @module
 */
import type { PosternError } from "../core/errors.ts";
import { type BucketName, type GroupName, parseBucketName } from "../core/names.ts";
import type { AccessMap, Group, Replica, ServerSide, Target } from "../map/access-map.ts";
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
 * As few further buckets as the order of the groups' names allows. Undefined where one group alone does not fit.
 * @param fits whether the bucket policies of a map of one bucket do
 */
export function planOf(map: AccessMap, fits: (map: AccessMap) => boolean): Plan | undefined {
  const names = new Set<string>(targetsIn(map).map(({ bucket }) => bucket));
  const moves: Move[] = [];
  for (const one of mapsByBucket(map)) {
    const parts = divided(one.groups, (groups) => fits({ ...one, groups }));
    if (parts === undefined) return undefined;
    for (const groups of parts.slice(1)) moves.push(moveOf(one, groups, names));
  }
  return { moves, map: moves.reduce(moved, map) };
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

/** "acme-secrets-2"; at most 63 characters, as S3 takes them. */
function another(bucket: BucketName, names: Set<string>): BucketName {
  for (let at = 2; ; at += 1) {
    const name = `${bucket.slice(0, 60 - String(at).length)}-${at}`;
    if (names.has(name)) continue;
    names.add(name);
    return parseBucketName(name);
  }
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
    const lines = [...first, ...(moves.length === 0 ? [] : [linesOf(moves)])].join(" and ");
    if (obstacle === undefined) return lines;
    const hint = obstacle.hint === undefined ? "" : `: ${obstacle.hint}`;
    return `${lines}; even then, ${obstacle.message}${hint}`;
  };
  if (accepting === undefined)
    return "give a group fewer readers and publishers: one alone does not fit";
  if (plain !== undefined && accepting.moves.length >= plain.moves.length) return told(plain, []);
  const waived = told(accepting, ["write accept: [fewer-layers] into the map"]);
  return plain === undefined ? waived : `${waived}; or ${told(plain, [])}`;
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
