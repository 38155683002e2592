/**
 * Rules about what of a bucket is no policy, in files as `postern policy generate` writes them.
 * @module
 */
import type { Rule, SettingHarm } from "./rule.ts";
import type { Settings } from "./set.ts";

export const SETTING_RULES: readonly Rule[] = [
  {
    id: "public-access-not-blocked",
    severity: "error",
    title: "a bucket without all four settings of Block Public Access",
    why: "One ACL or one statement for everyone then makes secrets public.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    fix: "block all four",
    witness: false,
    judges: "settings",
    find: (value) => unlike(value, "publicAccessBlocked", true),
  },
  {
    id: "acls-enabled",
    severity: "error",
    title: "a bucket whose ownership is not BucketOwnerEnforced",
    why: "ACLs then grant objects past every policy, and who writes an object may own it.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
    fix: "set BucketOwnerEnforced, which turns ACLs off",
    witness: false,
    judges: "settings",
    find: (value) => unlike(value, "ownership", "BucketOwnerEnforced"),
  },
  {
    id: "versioning-off",
    severity: "warning",
    title: "a bucket without versioning",
    why: "What is overwritten or removed is gone, and replication cannot be set up.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
    fix: "enable it",
    witness: false,
    judges: "settings",
    find: (value) => unlike(value, "versioning", "Enabled"),
  },
];

function unlike(
  value: Settings,
  member: string,
  expected: string | boolean,
): readonly SettingHarm[] {
  const got = value[member];
  if (got === expected) return [];
  const message = `expected ${member} ${JSON.stringify(expected)}, got ${JSON.stringify(got ?? null)}`;
  return [{ path: member, message }];
}
