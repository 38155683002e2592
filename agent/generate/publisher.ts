/**
 * What a publisher is granted by its level, in its groups and not at replicas.
 *
 * The rights are those of rights.ts, and of SSE-KMS: GenerateDataKey to write, Decrypt from level edit on. A bundle or an
 * object is one PUT, so that no part of an upload has to be decrypted.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 * @module
 */
import type { KmsKeyArn } from "../core/names.ts";
import type { Group, PrincipalName } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import { type Level, type Right, rightsOfLevel } from "../policy/rights.ts";
import { byBucket, type Draft, draft, type Sources } from "./draft.ts";
import { isRelated, sealKeys, sealUse, sseContexts, sseKeys, sseUse } from "./key-use.ts";
import { joinLabels } from "./labels.ts";
import { prefixesToPublish, prefixesToRestore } from "./listing.ts";
import { sorted } from "./order.ts";
import { keyAt, objectsOf, type Place, placesOf } from "./place.ts";

interface Published {
  readonly group: Group;
  readonly level: Level;
}

export function publisherStatements(sources: Sources, name: PrincipalName): readonly Draft[] {
  return byBucket(sources).flatMap((one) => inBucket(one, name));
}

function inBucket(sources: Sources, name: PrincipalName): readonly Draft[] {
  const published = sources.map.groups.flatMap((group): readonly Published[] => {
    const own = group.publishers.find(({ principal }) => principal === name);
    return own === undefined ? [] : [{ group, level: own.level }];
  });
  const [home] = placesOf(sources.map);
  if (published.length === 0 || home === undefined) return [];
  const has = (right: Right): readonly Group[] =>
    published.filter(({ level }) => rightsOfLevel(level).includes(right)).map(({ group }) => group);
  return [
    ...writing(sources, home, name, published),
    ...listing(sources, home, name, has("s3:ListBucket"), "publisher/list", prefixesToPublish),
    ...listing(
      sources,
      home,
      name,
      has("s3:ListBucketVersions"),
      "publisher/list-history",
      prefixesToRestore,
    ),
    draft(sources, "publisher/look", { bucket: home.bucket }, pathsFor(name, has("s3:PutObject"))),
    ...serverSide(sources, home, name, has("s3:PutObject"), "kms:GenerateDataKey"),
    ...serverSide(sources, home, name, has("kms:Decrypt"), "kms:Decrypt"),
    ...has("seal").flatMap((group) => sealing(sources, home, name, group)),
    ...has("kms:Decrypt").flatMap((group) => opening(sources, home, name, group)),
  ];
}

/** Groups of the same level together. */
function writing(
  sources: Sources,
  place: Place,
  name: PrincipalName,
  published: readonly Published[],
): readonly Draft[] {
  const levels = [...new Set(published.map(({ level }) => level))].toSorted();
  return levels.map((level) => {
    const groups = published.filter((one) => one.level === level).map(({ group }) => group);
    const actions = rightsOfLevel(level).filter(
      (right) => right.startsWith("s3:") && !right.startsWith("s3:List"),
    );
    const objects = { pattern: groups.flatMap((group) => objectsOf(group, place)) };
    const label = labelFor(sources, groups);
    return draft(sources, "publisher/write", { label, actions, objects }, pathsFor(name, groups));
  });
}

function listing(
  sources: Sources,
  { bucket }: Place,
  name: PrincipalName,
  groups: readonly Group[],
  template: string,
  prefixesOf: (group: Group) => readonly string[],
): readonly Draft[] {
  const listed = groups.filter((group) => prefixesOf(group).length > 0);
  if (listed.length === 0) return [];
  const prefixes = { pattern: sorted(listed.flatMap(prefixesOf)) };
  const values = { label: labelFor(sources, listed), bucket, prefixes };
  return [draft(sources, template, values, pathsFor(name, listed))];
}

/** New objects are under the current key; older ones may be under the one before. */
function serverSide(
  sources: Sources,
  place: Place,
  name: PrincipalName,
  groups: readonly Group[],
  action: "kms:GenerateDataKey" | "kms:Decrypt",
): readonly Draft[] {
  const byKeys = new Map<string, readonly Group[]>();
  for (const group of groups) {
    const keys = sseKeys(group, place);
    if (keys === undefined) continue;
    const key = action === "kms:Decrypt" ? keys.all.join() : keys.current;
    byKeys.set(key, [...(byKeys.get(key) ?? []), group]);
  }
  return [...byKeys].map(([keys, same]) => {
    const contexts = sorted(same.flatMap((group) => sseContexts(group, place)));
    const { shape, values } = sseUse(contexts, place);
    const verb = action === "kms:Decrypt" ? "OpenS3" : "SealS3";
    return draft(
      sources,
      `publisher/seal-${shape}`,
      {
        ...values,
        label: `${verb}${labelFor(sources, same)}`,
        actions: [action],
        keyArns: keys.split(","),
      },
      pathsFor(name, same),
    );
  });
}

/** An envelope is also sealed for the keys of the replicas that are not the same multi-Region key. */
function sealing(
  sources: Sources,
  place: Place,
  name: PrincipalName,
  group: Group,
): readonly Draft[] {
  const keys = sealKeys(group, place);
  const { seal } = group;
  if (keys === undefined || seal.mode === "none") return [];
  const further = replicaSealKeys(sources, group);
  const label = labelFor(sources, [group]);
  const action = seal.mode === "kms" ? "kms:Encrypt" : "kms:GenerateDataKey";
  return [
    ...using(sources, name, group, { label: `Seal${label}`, action, keys: [keys.current] }),
    ...using(sources, name, group, {
      label: `SealForReplicas${label}`,
      action: "kms:Encrypt",
      keys: further,
    }),
  ];
}

/** By which of the replicas' keys an envelope is sealed beside the home's. */
export function replicaSealKeys({ map }: Sources, { seal }: Group): readonly KmsKeyArn[] {
  if (seal.mode !== "envelope") return [];
  const keys = placesOf(map)
    .filter(({ isHome }) => !isHome)
    .map((place) => keyAt(place, seal.key));
  return sorted(keys.filter((key) => !isRelated(key, seal.key)));
}

function opening(
  sources: Sources,
  place: Place,
  name: PrincipalName,
  group: Group,
): readonly Draft[] {
  const keys = sealKeys(group, place)?.all ?? [];
  const label = `Open${labelFor(sources, [group])}`;
  return using(sources, name, group, { label, action: "kms:Decrypt", keys });
}

function using(
  sources: Sources,
  name: PrincipalName,
  group: Group,
  {
    label,
    action,
    keys,
  }: { readonly label: string; readonly action: string; readonly keys: readonly KmsKeyArn[] },
): readonly Draft[] {
  const use = sealUse(group, sources.map);
  if (use === undefined || keys.length === 0) return [];
  const values = { ...use.values, label, actions: [action], keyArns: keys };
  return [draft(sources, `publisher/seal-${use.shape}`, values, pathsFor(name, [group]))];
}

function labelFor({ labels }: Sources, groups: readonly Group[]): string {
  return joinLabels(groups.map(({ name }) => labels.groups.get(name) ?? ""));
}

function pathsFor(name: PrincipalName, groups: readonly Group[]): readonly MapPath[] {
  return groups.map((group) => ["groups", group.name, "publishers", name]);
}
