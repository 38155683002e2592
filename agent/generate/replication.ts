/**
 * The role by which S3 replicates: it reads versions of every group at home and writes them at the replicas, by actions that
 * nobody else has and no others. Where S3 encrypts with KMS it opens with home's keys and encrypts with the replica's.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
 * @module
 */
import type { KmsKeyArn } from "../core/names.ts";
import type { Group, PrincipalName } from "../map/access-map.ts";
import { byBucket, type Draft, draft, type Sources } from "./draft.ts";
import { sseContexts, sseKeys, sseUse } from "./key-use.ts";
import { sorted } from "./order.ts";
import { type Place, placesOf } from "./place.ts";

export function replicationStatements(sources: Sources, name: PrincipalName): readonly Draft[] {
  return byBucket(sources).flatMap((one) => inBucket(one, name));
}

function inBucket(sources: Sources, name: PrincipalName): readonly Draft[] {
  const { map } = sources;
  const places = placesOf(map);
  const [home] = places;
  if (name !== map.replication || home === undefined) return [];
  const { bucket } = home;
  const from = [["replicas"]];
  return [
    draft(sources, "replication/read-bucket", { bucket }, from),
    draft(sources, "replication/read-objects", { bucket }, from),
    ...places
      .filter(({ isHome }) => !isHome)
      .map((place) =>
        draft(
          sources,
          "replication/write-objects",
          { label: place.label.slice("At".length), bucket: place.bucket },
          [place.path],
        ),
      ),
    ...places.flatMap((place) => usingKeys(sources, place)),
  ];
}

function usingKeys(sources: Sources, place: Place): readonly Draft[] {
  const uses = replicatedUnder(sources.map.groups, place);
  return [...uses].map(([keyArn, groups]) => {
    const { values } = sseUse(contextsOf(groups, place), place);
    const id = keyArn.slice(-4);
    const label = `${place.isHome ? "Decrypt" : "Encrypt"}ToReplicate${id}${place.label}`;
    const actions = replicationActions(groups, place);
    return draft(
      sources,
      "replication/use-keys",
      { ...values, label, actions, keyArns: [keyArn] },
      groups.map(({ name }) => ["groups", name, "sse"]),
    );
  });
}

/** The groups under each key of the place that S3 has to open, or encrypt with, when it replicates. */
export function replicatedUnder(
  groups: readonly Group[],
  place: Place,
): ReadonlyMap<KmsKeyArn, readonly Group[]> {
  const byKey = new Map<KmsKeyArn, readonly Group[]>();
  for (const group of groups) {
    const keys = sseKeys(group, place);
    const used = place.isHome ? keys?.all : keys && [keys.current];
    for (const key of used ?? []) byKey.set(key, [...(byKey.get(key) ?? []), group]);
  }
  return byKey;
}

/** Both layers of DSSE take a data key of their own. */
export function replicationActions(groups: readonly Group[], { isHome }: Place): readonly string[] {
  if (isHome) return ["kms:Decrypt"];
  return groups.some(({ sse }) => sse.type === "dsse")
    ? ["kms:Encrypt", "kms:GenerateDataKey"]
    : ["kms:Encrypt"];
}

export function contextsOf(groups: readonly Group[], place: Place): readonly string[] {
  return sorted(groups.flatMap((group) => sseContexts(group, place)));
}
