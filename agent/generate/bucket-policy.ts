/**
 * A bucket's policy. It allows other accounts' roles alone, whom nothing else could let in; whom the account's own
 * policies let in it only holds to the map.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Group, PrincipalName } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import { type Right, rightsOfLevel } from "../policy/rights.ts";
import { closedWorld } from "./closed-world.ts";
import {
  type Draft,
  draft,
  documentOf,
  type DraftedDocument,
  onceEach,
  type Sources,
} from "./draft.ts";
import { bucketPath } from "./files.ts";
import { encryptionRules, guardRails } from "./guard-rails.ts";
import { kept } from "./kept.ts";
import { prefixesToPublish, prefixesToRead, prefixesToRestore } from "./listing.ts";
import { sorted } from "./order.ts";
import { pack, type Packed, type Packing } from "./pack.ts";
import { type BucketForm, PLAIN } from "./pack-form.ts";
import { arnOf, objectsOf, type Place, principalNamed } from "./place.ts";

/**
 * S3 takes 20 KB (20,480 bytes) and counts by a rule of its own: a tenth is left for that.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
 */
const MAX_BYTES = 18 * 1024;

export interface BucketPolicy {
  readonly drafted: DraftedDocument;
  /** Undefined for a policy in its plain form. */
  readonly packing: Packing | undefined;
}

/**
 * @param advise what to do when it fits in no form
 * @throws {PosternError} TooLarge, by how much, with the advice
 */
export function bucketPolicy(sources: Sources, place: Place, advise: () => string): BucketPolicy {
  const plain = documentOf(statementsOf(sources, place, PLAIN));
  if (sizeOf(plain) <= maxBytesOf(sources)) return { drafted: plain, packing: undefined };
  const { drafted, form, steps, fits } = packed(sources, place);
  const [bytes, most] = [sizeOf(drafted), maxBytesOf(sources)];
  if (!fits)
    throw new PosternError(
      "TooLarge",
      `policy of bucket ${quote(place.target.bucket)}: expected at most ${most} bytes, got ${bytes} in its shortest form, ${bytes - most} too many`,
      { hint: advise() },
    );
  const packing = {
    file: bucketPath(place.target.bucket),
    from: sizeOf(plain),
    to: bytes,
    steps,
    unread: sorted([...form.unread]),
    unlisted: sorted([...form.unlisted]),
  };
  return { drafted, packing };
}

function maxBytesOf({ sizes }: Sources): number {
  if (sizes === "any") return Infinity;
  return sizes === "as AWS takes" ? MAX_BYTES : sizes;
}

function packed(sources: Sources, place: Place): Packed {
  const build = (form: BucketForm): DraftedDocument =>
    documentOf(statementsOf(sources, place, form));
  return pack(sources, place, build, (drafted) => sizeOf(drafted) <= maxBytesOf(sources));
}

function statementsOf(given: Sources, place: Place, form: BucketForm): readonly Draft[] {
  // without the statement that stops all others there is nobody to tell insiders apart from
  const sources = { ...given, form: given.stage >= 3 ? form : PLAIN };
  const isClosed = sources.stage >= 3;
  return [
    ...(sources.stage >= 2 ? guardRails(sources, place) : []),
    ...(isClosed && place.isHome ? encryptionRules(sources, place) : []),
    ...(isClosed ? closedWorld(sources, place) : []),
    ...foreigners(sources, place),
    ...(place.isHome ? kept(sources.map.keep.bucket, keptPath(place)) : []),
  ];
}

function keptPath({ target: { path } }: Place): MapPath {
  return path.length === 0 ? ["keep", "bucket"] : ["keep", ...path];
}

function sizeOf({ document }: DraftedDocument): number {
  return Buffer.byteLength(JSON.stringify(document));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html */
function foreigners(sources: Sources, place: Place): readonly Draft[] {
  const { groups } = sources.map;
  const publishers = place.isHome
    ? groups.flatMap((group) => foreignPublishers(sources, place, group))
    : [];
  // who reads and publishes lists alike for both
  return onceEach([
    ...groups.flatMap((group) => foreignReaders(sources, place, group)),
    ...publishers,
    ...(publishers.length === 0 ? [] : [foreignLook(sources, place)]),
  ]);
}

function foreignReaders(sources: Sources, place: Place, group: Group): readonly Draft[] {
  const principals = foreignArns(sources, group.readers);
  if (principals.length === 0) return [];
  const label = sources.labels.groups.get(group.name) ?? "";
  const from = [["groups", group.name, "readers"]];
  const prefixes = prefixesToRead(group);
  return [
    allowObjects(sources, place, group, {
      label: `Read${label}`,
      principals,
      actions: ["s3:GetObject"],
      from,
    }),
    ...allowList(sources, place, prefixes, {
      label: `List${label}`,
      principals,
      actions: ["s3:ListBucket"],
      from,
    }),
  ];
}

/** By principal, as each may have another level. */
function foreignPublishers(sources: Sources, place: Place, group: Group): readonly Draft[] {
  const { labels } = sources;
  return group.publishers.flatMap(({ principal: name, level }) => {
    const principals = foreignArns(sources, [name]);
    if (principals.length === 0) return [];
    const rights = rightsOfLevel(level).filter((right) => right.startsWith("s3:"));
    const label = `${labels.groups.get(group.name) ?? ""}By${labels.principals.get(name) ?? ""}`;
    const from = [["groups", group.name, "publishers", name]];
    const common = { principals, from };
    const only = (right: Right): readonly string[] => rights.filter((one) => one === right);
    return [
      allowObjects(sources, place, group, {
        ...common,
        label: `Publish${label}`,
        actions: rights.filter((right) => !right.startsWith("s3:List")),
      }),
      ...allowList(sources, place, prefixesToPublish(group), {
        ...common,
        label: `List${label}`,
        actions: only("s3:ListBucket"),
      }),
      ...allowList(sources, place, prefixesToRestore(group), {
        ...common,
        label: `ListHistory${label}`,
        actions: only("s3:ListBucketVersions"),
      }),
    ];
  });
}

interface Allowed {
  readonly label: string;
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly from: readonly MapPath[];
}

function allowObjects(
  sources: Sources,
  place: Place,
  group: Group,
  { from, ...values }: Allowed,
): Draft {
  const objects = { pattern: objectsOf(group, place) };
  return draft(sources, "bucket-policy/allow-foreign-objects", { ...values, objects }, from);
}

function allowList(
  sources: Sources,
  { bucket }: Place,
  prefixes: readonly string[],
  { from, ...values }: Allowed,
): readonly Draft[] {
  if (prefixes.length === 0 || values.actions.length === 0) return [];
  const filled = { ...values, bucket, prefixes: { pattern: prefixes } };
  return [draft(sources, "bucket-policy/allow-foreign-list", filled, from)];
}

function foreignLook(sources: Sources, { bucket }: Place): Draft {
  const names = sources.map.groups.flatMap(({ publishers }) =>
    publishers.map(({ principal }) => principal),
  );
  const principals = foreignArns(sources, names);
  return draft(sources, "bucket-policy/allow-foreign-look", { principals, bucket }, [["groups"]]);
}

function foreignArns({ map }: Sources, names: readonly PrincipalName[]): readonly string[] {
  return sorted(
    names
      .map((name) => principalNamed(map, name))
      .filter(({ kind }) => kind === "foreign")
      .map(arnOf),
  );
}
