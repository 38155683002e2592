/**
 * What of a whole map would make policies that do not hold, or cannot be deployed.
 * @module
 */
import { findNameClashes } from "../config/overlap.ts";
import { type KmsKeyArn, quote, regionOfKey } from "../core/names.ts";
import { partitionOf } from "../core/partition.ts";
import type { AccessMap, Group, PrincipalName, Reach, Target } from "./access-map.ts";
import { mapsByBucket } from "./buckets.ts";
import type { MapPath } from "./complete.ts";
import { judgeAuditors } from "./judge-auditors.ts";
import { judgeNetwork } from "./judge-network.ts";
import type { Report } from "./judge-settings.ts";

export function judgeMap(map: AccessMap, report: Report): void {
  for (const { name, message } of findNameClashes(map.groups.map(({ name }) => name)))
    report(["groups", name], message, "key");
  judgeOverlaps(map.groups, report);
  judgeRegions(map, report);
  judgeArns(map, report);
  for (const one of mapsByBucket(map)) {
    judgeKeys(one, report);
    judgeEncryption(one, report);
  }
  judgeNetwork(map, report);
  judgeAdministrators(map, report);
  judgeAuditors(map, report);
  judgeExpectations(map, report);
}

/**
 * A group inside another is read by the other's readers. Also of different buckets no two groups have a key in common: a key
 * then tells whose it is, to those who read the map, to `expect` and to who finds an object in the wrong bucket.
 */
function judgeOverlaps(groups: readonly Group[], report: Report): void {
  for (const [at, group] of groups.entries())
    for (const other of groups.slice(0, at))
      if (overlap(group.reach, other.reach))
        report(
          ["groups", group.name, group.reach.kind === "bundle" ? "bundle" : "prefix"],
          `expected objects of its own, got ${said(group.reach)}, which overlaps with ${said(other.reach)} of ${other.name}`,
        );
}

function overlap(one: Reach, other: Reach): boolean {
  const keys = keysOf(one);
  const others = keysOf(other);
  if (keys !== undefined && others !== undefined) return keys.some((key) => others.includes(key));
  if (one.kind === "prefix" && other.kind === "prefix")
    return one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix);
  if (one.kind === "prefix") return (others ?? []).some((key) => key.startsWith(one.prefix));
  return overlap(other, one);
}

/** Undefined for all below a prefix. */
function keysOf(reach: Reach): readonly string[] | undefined {
  switch (reach.kind) {
    case "prefix":
      return undefined;
    case "only":
      return reach.names.map((name) => `${reach.prefix}${name}`);
    case "bundle":
      return [reach.key];
    default:
      return reach satisfies never;
  }
}

function said(reach: Reach): string {
  return quote(reach.kind === "bundle" ? reach.key : reach.prefix);
}

/** Buckets lie in regions of the partition that all ARNs are made of. */
function judgeRegions(map: AccessMap, report: Report): void {
  for (const { region, path } of [map.home, ...map.replicas]) {
    const partition = partitionOf(region);
    if (partition !== map.partition)
      report(
        [...path, "region"],
        `expected a region of partition ${map.partition}, got ${quote(region)}, which is of ${partition}`,
      );
  }
}

/**
 * S3 lets nobody of another account change a bucket's policy, whatever that says.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 */
function judgeAdministrators(map: AccessMap, report: Report): void {
  const foreign = new Set(
    map.principals.filter(({ kind }) => kind === "foreign").map(({ name }) => name),
  );
  for (const [key, names] of [
    ["deployers", map.deployers],
    ["break_glass", map.breakGlass],
  ] as const)
    for (const [at, name] of names.entries())
      if (foreign.has(name))
        report(
          [key, at],
          `expected a principal of account ${map.account}, got ${name} of another: S3 takes changes of a bucket's policy from its own account alone`,
        );
}

/** Each principal is another, of the map's account and partition unless it is foreign. */
function judgeArns(map: AccessMap, report: Report): void {
  const seen = new Map<string, string>();
  for (const principal of map.principals) {
    const path = ["principals", principal.name];
    const arn = principal.kind === "sso" ? principal.arnPattern : principal.arn;
    const earlier = seen.get(arn);
    if (earlier !== undefined)
      report(path, `expected another role or user than ${earlier}'s, got ${quote(arn)}`);
    seen.set(arn, principal.name);
    const [, partition, , , account] = arn.split(":");
    const isOurs = account === map.account;
    if (principal.kind === "foreign" ? isOurs : !isOurs)
      report(
        path,
        principal.kind === "foreign"
          ? `expected a role of another account, got ${quote(arn)}; write kind existing`
          : `expected account ${map.account}, got ${quote(arn)}; a role of another account has kind foreign`,
      );
    if (partition !== map.partition)
      report(path, `expected partition ${map.partition}, got ${quote(arn)}`);
    for (const [at, trusted] of principal.kind === "human" ? principal.trusted.entries() : [])
      if (trusted.split(":")[1] !== map.partition)
        report(
          [...path, "trusted", at],
          `expected partition ${map.partition}, got ${quote(trusted)}`,
        );
  }
}

/** Keys are of the map's account, and of the region of the bucket that they serve. */
function judgeKeys(map: AccessMap, report: Report): void {
  const check = (key: KmsKeyArn, target: Target, path: MapPath): void => {
    const region = regionOfKey(key);
    if (region !== target.region)
      report(path, `expected a key of region ${target.region}, got ${quote(key)}`);
    const [, partition, , , account] = key.split(":");
    if (account !== map.account || partition !== map.partition)
      report(
        path,
        `expected a key of account ${map.account} in ${map.partition}, got ${quote(key)}`,
      );
  };
  for (const { name, sse, seal } of map.groups) {
    for (const key of sse.type === "s3" ? [] : [sse.key, sse.oldKey])
      if (key !== undefined) check(key, map.home, ["groups", name, "sse"]);
    for (const key of seal.mode === "none" ? [] : [seal.key, seal.oldKey])
      if (key !== undefined) check(key, map.home, ["groups", name, "seal"]);
  }
  for (const replica of map.replicas) {
    const path = [...replica.path, "keys"];
    for (const key of replica.keys.values()) check(key, replica, path);
    for (const key of map.home.keys.keys())
      if (!replica.keys.has(key))
        report(path, `expected the key of ${replica.region} for ${quote(key)}, got none`);
  }
}

function judgeEncryption(map: AccessMap, report: Report): void {
  const { home, groups } = map;
  for (const target of [home, ...map.replicas])
    judgeDefault(target, [...target.path, "default_encryption"], report);
  for (const { name, sse } of groups) {
    const byDefault = home.defaultEncryption;
    const isSame =
      byDefault.type === sse.type &&
      (byDefault.type === "s3" || sse.type === "s3" || byDefault.key === sse.key);
    if (sse.header === "required" || isSame) continue;
    report(
      ["groups", name, "sse"],
      `expected header: required, or a default_encryption of the bucket with the same type and key, got ${byDefault.type}${byDefault.type === "s3" ? "" : ` under ${quote(byDefault.key)}`}`,
    );
  }
  const hasBucketKey = [home, ...map.replicas].some(({ bucketKey }) => bucketKey);
  if (hasBucketKey && !map.accepted.includes("bucket-key")) judgeBucketKey(groups, report);
  // at a replica nobody publishes
  if (home.bucketKey) judgeWriters(groups, report);
}

function judgeDefault(target: Target, path: MapPath, report: Report): void {
  const { defaultEncryption: encryption } = target;
  if (encryption.type === "s3") return;
  if (regionOfKey(encryption.key) !== target.region)
    report(path, `expected a key of region ${target.region}, got ${quote(encryption.key)}`);
  if (encryption.type === "dsse" && target.bucketKey)
    report(path, "expected bucket_key: false with type dsse, which has none, got true");
}

/**
 * With a Bucket Key KMS sees the bucket and not the object: groups under one key are one to it.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
 */
function judgeBucketKey(groups: readonly Group[], report: Report): void {
  for (const [at, group] of groups.entries()) {
    const { sse, readers } = group;
    if (sse.type !== "kms") continue;
    const other = groups
      .slice(0, at)
      .find(
        (one) =>
          one.sse.type === "kms" &&
          one.sse.key === sse.key &&
          one.readers.toSorted().join() !== readers.toSorted().join(),
      );
    if (other !== undefined)
      report(
        ["groups", group.name, "sse", "key"],
        `expected a key of its own with bucket_key, got that of ${other.name}, which others read: KMS could not tell the two apart; give it one, turn bucket_key off, or write "accept: [bucket-key]"`,
      );
  }
}

/** Who may write and not read, and reads another group under the same key, would read both. */
function judgeWriters(groups: readonly Group[], report: Report): void {
  const opens = ({ readers, publishers }: Group, name: PrincipalName): boolean =>
    readers.includes(name) ||
    publishers.some(({ principal, level }) => principal === name && level !== "write");
  for (const group of groups) {
    const { sse, seal } = group;
    if (sse.type !== "kms" || seal.mode !== "none") continue;
    for (const { principal, level } of group.publishers) {
      const other = groups.find(
        (one) => one.sse.type === "kms" && one.sse.key === sse.key && opens(one, principal),
      );
      if (level === "write" && !opens(group, principal) && other !== undefined)
        report(
          ["groups", group.name, "publishers", principal],
          `expected level edit, or a key of its own with bucket_key, got write under the key of ${other.name}, which ${principal} reads: KMS could not tell the two apart`,
        );
    }
  }
}

function judgeExpectations({ expectations, principals }: AccessMap, report: Report): void {
  for (const [at, { principal }] of expectations.entries())
    if (!principals.some(({ name }) => name === principal))
      report(["expect", at], `expected a principal or host first, got ${quote(principal)}`);
}
