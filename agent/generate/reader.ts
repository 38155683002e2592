/**
 * What a role is granted to read its groups: exactly their objects, their listing where a prefix is read as a whole, and
 * the keys that open them. `GetObject` is HEAD too; `GetObjectVersion` is left out, so that what was rotated away is gone.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
 * @module
 */
import type { Group, PrincipalName } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import { byBucket, type Draft, draft, type Sources } from "./draft.ts";
import { sealKeys, sealUse, sseContexts, sseKeys, sseUse } from "./key-use.ts";
import { joinLabels } from "./labels.ts";
import { prefixesToRead } from "./listing.ts";
import { sorted } from "./order.ts";
import { objectsOf, type Place, placesOf } from "./place.ts";

/** In each bucket, and at each of its replicas. */
export function readerStatements(sources: Sources, name: PrincipalName): readonly Draft[] {
  return [
    ...byBucket(sources).flatMap((one) => inBucket(one, groupsOf(one, name))),
    ...(sources.map.doctor ? describing(sources, name) : []),
  ];
}

function groupsOf({ map }: Sources, name: PrincipalName): readonly Group[] {
  return map.groups.filter(({ readers }) => readers.includes(name));
}

function inBucket(sources: Sources, groups: readonly Group[]): readonly Draft[] {
  if (groups.length === 0) return [];
  return placesOf(sources.map).flatMap((place) => [
    ...objects(sources, place, groups),
    ...serverSide(sources, place, groups),
    ...sealed(sources, place, groups),
  ]);
}

function objects(sources: Sources, place: Place, groups: readonly Group[]): readonly Draft[] {
  const listed = groups.filter((group) => prefixesToRead(group).length > 0);
  const prefixes = { pattern: listed.flatMap(prefixesToRead) };
  return [
    draft(
      sources,
      "reader/read",
      {
        label: labelFor(sources, place, groups),
        objects: { pattern: groups.flatMap((group) => objectsOf(group, place)) },
      },
      pathsOf(groups),
    ),
    ...(listed.length === 0
      ? []
      : [
          draft(
            sources,
            "reader/list",
            { label: labelFor(sources, place, listed), bucket: place.bucket, prefixes },
            pathsOf(listed),
          ),
        ]),
  ];
}

/** One statement for all groups under the same keys: KMS tells them apart by the objects. */
function serverSide(sources: Sources, place: Place, groups: readonly Group[]): readonly Draft[] {
  const byKeys = new Map<string, readonly Group[]>();
  for (const group of groups) {
    const key = sseKeys(group, place)?.all.join();
    if (key !== undefined) byKeys.set(key, [...(byKeys.get(key) ?? []), group]);
  }
  return [...byKeys].map(([keys, same]) => {
    const contexts = sorted(same.flatMap((group) => sseContexts(group, place)));
    const { shape, values } = sseUse(contexts, place);
    const label = `S3${labelFor(sources, place, same)}`;
    return draft(
      sources,
      `reader/decrypt-${shape}`,
      { ...values, label, keyArns: keys.split(",") },
      pathsOf(same),
    );
  });
}

/** One for each group: together their contexts would also fit each other. */
function sealed(sources: Sources, place: Place, groups: readonly Group[]): readonly Draft[] {
  return groups.flatMap((group) => {
    const use = sealUse(group, sources.map);
    const keys = sealKeys(group, place);
    if (use === undefined || keys === undefined) return [];
    const label = labelFor(sources, place, [group]);
    const values = { ...use.values, label, keyArns: keys.all };
    return [draft(sources, `reader/decrypt-${use.shape}`, values, pathsOf([group]))];
  });
}

/**
 * Apart and without conditions: DescribeKey carries no encryption context and comes through no service.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
 */
function describing(sources: Sources, name: PrincipalName): readonly Draft[] {
  const keyArns = sorted(
    byBucket(sources).flatMap((one) =>
      placesOf(one.map).flatMap((place) => describedKeys(groupsOf(one, name), place)),
    ),
  );
  return keyArns.length === 0
    ? []
    : [draft(sources, "reader/describe-keys", { keyArns }, [["doctor"]])];
}

export function describedKeys(groups: readonly Group[], place: Place): readonly string[] {
  return groups.flatMap((group) => [
    ...(sseKeys(group, place)?.all ?? []),
    ...(sealKeys(group, place)?.all ?? []),
  ]);
}

function labelFor({ labels }: Sources, { label }: Place, groups: readonly Group[]): string {
  return `${joinLabels(groups.map(({ name }) => labels.groups.get(name) ?? ""))}${label}`;
}

function pathsOf(groups: readonly Group[]): readonly MapPath[] {
  return groups.map(({ name }) => ["groups", name, "readers"]);
}
