/** The buckets of a map: home, the further ones, and the replicas of each. @module */
import type { BucketName } from "../core/names.ts";
import type { AccessMap, Group, ServerSide, Target } from "./access-map.ts";
import { completeEncryption, completeTarget, type KeyOf, type MapPath } from "./complete.ts";
import type { Report } from "./judge-settings.ts";
import { type KeyNames, replicaKeys } from "./keys.ts";
import type { FurtherSettings, MapSettings } from "./schema.ts";

/** What each bucket encrypts with by default. */
export function defaultsOf(
  { bucket, default_encryption: own, further_buckets: further = [] }: MapSettings,
  keyOf: KeyOf,
): ReadonlyMap<BucketName, ServerSide> {
  return new Map([
    ...further.map(([name, { default_encryption: one }]) => {
      const path = ["further_buckets", name, "default_encryption"];
      return [name, completeEncryption(one, path, keyOf)] as const;
    }),
    [bucket, completeEncryption(own, ["default_encryption"], keyOf)],
  ]);
}

/** Further buckets are in home's region, and reached through its endpoints. */
export function bucketsOf(
  settings: MapSettings,
  groups: readonly Group[],
  defaults: ReadonlyMap<BucketName, ServerSide>,
): Pick<AccessMap, "home" | "further"> {
  const { region, endpoints = [] } = settings;
  const target = (bucket: BucketName, path: MapPath, own: FurtherSettings): Target =>
    completeTarget(
      { ...own, bucket, region, endpoints },
      {
        path,
        keys: keysOf(groups.filter((group) => group.bucket === bucket)),
        defaultEncryption: defaults.get(bucket) ?? { type: "s3" },
      },
    );
  return {
    home: target(settings.bucket, [], settings),
    further: (settings.further_buckets ?? []).map(([bucket, own]) =>
      target(bucket, ["further_buckets", bucket], own),
    ),
  };
}

export function replicasOf(
  { replicas = [], bucket }: MapSettings,
  keys: KeyNames,
  report: Report,
): AccessMap["replicas"] {
  return replicas.map((replica, at) => {
    const path = ["replicas", at];
    const target = completeTarget(replica, {
      path,
      keys: replicaKeys(replica.keys ?? [], keys, [...path, "keys"], report),
      defaultEncryption: completeEncryption(
        replica.default_encryption,
        [...path, "default_encryption"],
        keys.resolve,
      ),
    });
    return { ...target, of: replica.of ?? bucket };
  });
}

/** Every key that something of the groups is, or was, encrypted under, each for itself. */
export function keysOf(groups: readonly Group[]): Target["keys"] {
  const keys = groups.flatMap(({ sse, seal }) => [
    ...(sse.type === "s3" ? [] : [sse.key, sse.oldKey]),
    ...(seal.mode === "none" ? [] : [seal.key, seal.oldKey]),
  ]);
  return new Map(keys.filter((key) => key !== undefined).map((key) => [key, key]));
}
