/**
 * Rules about what of a map is there for nothing, or is missing.
 * @module
 */
import type { AccessMap, Reach } from "../map/access-map.ts";
import { targetsIn } from "../map/buckets.ts";
import type { MapHarm, Rule } from "./rule.ts";

const UNUSED =
  "https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_permissions_continuous_reduction.html";

export const LEFTOVER_RULES: readonly Rule[] = [
  {
    id: "group-without-readers",
    severity: "warning",
    title: "a group that nobody reads",
    why: "Secrets that nobody needs are only there to be stolen.",
    page: UNUSED,
    fix: "name its readers or hosts, or remove it and its objects",
    witness: false,
    judges: "map",
    find: ({ groups }) =>
      groups
        .filter(({ readers }) => readers.length === 0)
        .map(({ name }) => ({
          path: ["groups", name],
          message: `expected a reader or host of ${name}, got none`,
        })),
  },
  {
    id: "group-without-publishers",
    severity: "warning",
    title: "a group that nobody publishes",
    why: "Its secrets cannot be rotated but by who gets in when all else is locked out.",
    page: "https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_identities_audit.html",
    fix: "name a publisher",
    witness: false,
    judges: "map",
    find: ({ groups }) =>
      groups
        .filter(({ publishers }) => publishers.length === 0)
        .map(({ name }) => ({
          path: ["groups", name],
          message: `expected a publisher of ${name}, got none`,
        })),
  },
  {
    id: "unused-principal",
    severity: "note",
    title: "a principal that no group, deployer or break-glass names",
    why: "Its role is one more that somebody can take, and nobody would miss.",
    page: UNUSED,
    fix: "remove it",
    witness: false,
    judges: "map",
    find: unused,
  },
  {
    id: "prefix-by-case",
    severity: "warning",
    title: "groups whose prefixes or bundles differ by case alone",
    why: "To S3 they are two, to people one: what is meant for the one is put into the other.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html",
    fix: "take names that differ by more",
    witness: false,
    judges: "map",
    find: ({ groups }) =>
      groups.flatMap(({ name, reach }, at): readonly MapHarm[] => {
        const text = textOf(reach);
        const other = groups
          .slice(0, at)
          .find((one) => textOf(one.reach).toLowerCase() === text.toLowerCase());
        if (other === undefined || textOf(other.reach) === text) return [];
        const member = reach.kind === "bundle" ? "bundle" : "prefix";
        const message = `expected more than case to tell it from "${textOf(other.reach)}" of ${other.name}, got "${text}"`;
        return [{ path: ["groups", name, member], message }];
      }),
  },
  {
    id: "no-expectations",
    severity: "note",
    title: "a map that expects nothing",
    why: "A change that opens a group to somebody looks like any other change.",
    page: "https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_permissions_analyze_cross_account.html",
    fix: 'write what must hold under `expect`: "web may not read db/*"',
    witness: false,
    judges: "map",
    find: ({ expectations }) =>
      expectations.length > 0
        ? []
        : [{ path: [], message: "expected sentences under expect, got none" }],
  },
  {
    id: "unused-waiver",
    severity: "note",
    title: "accept: [bucket-key] where no bucket has a Bucket Key",
    why: "It would hide that groups can no longer be told apart, on the day somebody turns one on.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html",
    fix: "remove it",
    witness: false,
    judges: "map",
    find: (map) =>
      !map.accepted.includes("bucket-key") || targetsIn(map).some(({ bucketKey }) => bucketKey)
        ? []
        : [{ path: ["accept"], message: "expected a bucket with bucket_key, got none" }],
  },
];

function unused({
  principals,
  groups,
  hosts,
  deployers,
  breakGlass,
  auditors,
  replication,
}: AccessMap): readonly MapHarm[] {
  const used = new Set([
    ...groups.flatMap((group) => group.readers),
    ...groups.flatMap((group) => group.publishers.map(({ principal }) => principal)),
    ...hosts.map(({ principal }) => principal),
    ...deployers,
    ...breakGlass,
    ...auditors,
    ...(replication === undefined ? [] : [replication]),
  ]);
  return principals
    .filter(({ name }) => !used.has(name))
    .map(({ name }) => ({
      path: ["principals", name],
      message: `expected a use of ${name}, got none`,
    }));
}

function textOf(reach: Reach): string {
  return reach.kind === "bundle" ? reach.key : reach.prefix;
}
