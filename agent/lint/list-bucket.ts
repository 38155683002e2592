/** Rules about who may list the names of secrets. @module */
import { allowedBy, undenied } from "./probe.ts";
import { allowsOf, deniesOf, hasAction, isBreakGlass } from "./sample.ts";
import type { LintDocument, WrittenStatement } from "./document.ts";
import { isOpenEnded } from "./prefixes.ts";
import type { Harm, Rule } from "./rule.ts";
import { bucketOf, type DocumentSet } from "./set.ts";
import type { Witness } from "./witness.ts";

const LISTING = ["s3:ListBucket", "s3:ListBucketVersions"];
const PAGE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html";

export const LIST_BUCKET_RULES: readonly Rule[] = [
  {
    id: "list-without-prefix",
    severity: "warning",
    title: "ListBucket or ListBucketVersions that is allowed without, or with any, `s3:prefix`",
    why: "It tells the names of all secrets in the bucket.",
    page: PAGE,
    fix: 'add `"StringLike": {"s3:prefix": ["GROUP/", "GROUP/*"]}`',
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => unscopedOf(document, set, statement)),
  },
  {
    id: "list-prefix-without-slash",
    severity: "error",
    title: "an `s3:prefix` such as `db*` or `db`, which ends in a letter or digit",
    why: "It also lists the names in `db-admin/`.",
    page: PAGE,
    fix: 'end the prefix in "/": `db/` and `db/*`',
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => siblingsOf(document, set, statement)),
  },
  {
    id: "list-denied-by-negation",
    severity: "error",
    title: 'a Deny of ListBucket by a negated `s3:prefix` with `Null s3:prefix "false"`',
    why: "A request without a prefix is not denied, and lists everything.",
    page: PAGE,
    fix: "leave out the Null, and allow only the prefixes that are meant",
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket", "boundary", "scp", "rcp"],
    find: (document, set) =>
      deniesOf(document).flatMap((statement) => loopholeOf(document, set, statement)),
  },
];

function listingOf(statement: WrittenStatement): string | undefined {
  return LISTING.find((action) => hasAction(statement, action));
}

/**
 * Whether it is what S3 replicates by: that takes the list of the whole source.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
 */
function replicates(document: LintDocument): boolean {
  const allows = allowsOf(document).filter(({ statement }) => !statement.actions.negated);
  const has = (name: string): boolean =>
    allows.some(({ actions }) => actions.some(({ text }) => text === name));
  return has("s3:GetObjectVersionForReplication") && has("s3:GetReplicationConfiguration");
}

function unscopedOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
): readonly Harm[] {
  const action = listingOf(statement);
  if (action === undefined || isBreakGlass(statement) || replicates(document)) return [];
  const witness = [[], ["any-other-group/"]]
    .map((prefix) => listedBy(document, set, statement, prefix, "names of any group are listed"))
    .find((one) => one !== undefined);
  if (witness === undefined) return [];
  const message = `expected ${action} only for a prefix of the group, got it for the whole bucket`;
  return [{ document, path: statement.path, message, witness }];
}

function listedBy(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  prefix: readonly string[],
  name: string,
): Witness | undefined {
  return allowedBy(statement, {
    document,
    set,
    name,
    action: listingOf(statement) ?? "s3:ListBucket",
    resource: `arn:${set.partition}:s3:::${bucketOf(document, set)}`,
    context: { "s3:prefix": prefix },
  });
}

function siblingsOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
): readonly Harm[] {
  if (listingOf(statement) === undefined) return [];
  return statement.conditions.flatMap(({ condition, path }) => {
    if (condition.lowerKey !== "s3:prefix" || condition.operator.negated) return [];
    return condition.values.flatMap((value) => {
      const asked = askedWith(value);
      if (asked === undefined) return [];
      const witness = listedBy(
        document,
        set,
        statement,
        [asked],
        "names of another group are listed",
      );
      if (witness === undefined) return [];
      const message = `expected a prefix that ends in "/", got "${value}", which lists what begins with "${asked}" of other groups`;
      return [{ document, path, message, witness }];
    });
  });
}

/** The prefix of a request that lists names of other groups; undefined where the value ends as a prefix should. */
function askedWith(value: string): string | undefined {
  if (value.includes("${")) return undefined;
  if (isOpenEnded(value)) return value.replace(/\*+$/, "-other/");
  // one name as a prefix, which a reader needs to be told of a missing object, has a slash or a dot
  return /^[A-Za-z0-9_-]*[A-Za-z0-9]$/.test(value) ? value : undefined;
}

function loopholeOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
): readonly Harm[] {
  const action = listingOf(statement);
  const ofPrefix = statement.conditions.filter(
    ({ condition }) => condition.lowerKey === "s3:prefix",
  );
  const negated = ofPrefix.find(({ condition }) => condition.operator.negated);
  const spares = ofPrefix.find(({ condition }) => condition.operator.name === "Null");
  if (action === undefined || negated === undefined || spares === undefined) return [];
  const witness = undenied({
    document,
    set,
    name: "a listing without a prefix is not denied",
    action,
    resource: `arn:${set.partition}:s3:::${bucketOf(document, set)}`,
    context: { "s3:prefix": [] },
  });
  if (witness === undefined) return [];
  const message = `expected a request without s3:prefix to be denied as well, got ${spares.operator} that spares it`;
  return [{ document, path: spares.path, message, witness }];
}
