/**
 * A map that has groups in several buckets, bucket by bucket: most of what is made and proved of a map is about one
 * bucket, the groups that lie in it and its replicas.
 * @module
 */
import type { AccessMap, Target } from "./access-map.ts";

/**
 * For each bucket, home first, the map as it is of that bucket: with it as home, and with its groups and replicas alone.
 * Principals are all those of the map, so that who has nothing to do with a bucket is there to be kept out. The map itself
 * where it has one bucket.
 */
export function mapsByBucket(map: AccessMap): readonly AccessMap[] {
  return map.further.length === 0 ? [map] : homesOf(map).map((home) => mapOf(map, home));
}

/** The buckets that groups lie in: home, and the further ones. */
function homesOf({ home, further }: AccessMap): readonly Target[] {
  return [home, ...further];
}

/** All buckets of the map. */
export function targetsIn(map: AccessMap): readonly Target[] {
  return [...homesOf(map), ...map.replicas];
}

/** A bucket, with the map as it is of that bucket, or of the one that it replicates. */
export interface MapBucket {
  readonly map: AccessMap;
  readonly target: Target;
}

/** Each bucket that groups lie in, followed by its replicas. */
export function bucketsOf(map: AccessMap): readonly MapBucket[] {
  return mapsByBucket(map).flatMap((one) =>
    [one.home, ...one.replicas].map((target) => ({ map: one, target })),
  );
}

function mapOf(map: AccessMap, home: Target): AccessMap {
  const replicas = map.replicas.filter(({ of }) => of === home.bucket);
  const { further, ...keep } = map.keep;
  return {
    ...map,
    home,
    further: [],
    replicas,
    replication: replicas.length === 0 ? undefined : map.replication,
    groups: map.groups.filter(({ bucket }) => bucket === home.bucket),
    keep: {
      ...keep,
      bucket: home === map.home ? keep.bucket : (further.get(home.bucket) ?? []),
      further: new Map(),
    },
  };
}
