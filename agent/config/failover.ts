/** The replicas of the home bucket: complete, and judged beside it. @module */
import { type KmsKeyArn, quote, regionOfKey } from "../core/names.ts";
import type { ReplicaConfig } from "./config.ts";
import type { Report } from "./group.ts";
import type { MainSettings, ReplicaSettings } from "./schema.ts";

export function completeReplicas({ failover = [] }: MainSettings): readonly ReplicaConfig[] {
  return failover.map(({ bucket, region, bucket_owner: owner, keys = [] }) => ({
    bucket,
    region,
    owner,
    keys,
  }));
}

/** Tells `report` which replicas could not stand in for the home bucket. */
export function judgeReplicas({ bucket, failover = [] }: MainSettings, report: Report): void {
  const taken = new Set([bucket]);
  for (const [index, replica] of failover.entries()) {
    const at = ["failover", index];
    if (taken.has(replica.bucket))
      report([...at, "bucket"], `expected each bucket once, got ${quote(replica.bucket)} again`);
    taken.add(replica.bucket);
    for (const [place, key] of foreignKeys(replica))
      report([...at, "keys", place], `expected a key in ${replica.region}, got ${quote(key)}`);
  }
}

// keys of other regions belong in the groups' own lists, which are asked as well
function foreignKeys({
  region,
  keys = [],
}: ReplicaSettings): readonly (readonly [number, KmsKeyArn])[] {
  return [...keys.entries()].filter(([, key]) => regionOfKey(key) !== region);
}
