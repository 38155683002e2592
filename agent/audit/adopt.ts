/**
 * An access map for a bucket that is in use, told from its documents.
 *
 * 1. Who is in it, and which prefixes policies name (adopt-principals.ts, adopt-groups.ts).
 * 2. Which guards its policy has; what nothing in a map stands for is kept (adopt-guards.ts).
 * 3. A map in which nobody may anything yet, by which the documents are asked who may what.
 * 4. With those answers the map itself, as YAML that says of each thing where it was seen (adopt-yaml.ts).
 * 5. The map's own documents are asked the same: who would lose access, and who would gain (adopt-access.ts).
 *
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { generateDeployment } from "../generate/deployment.ts";
import type { AccessMap } from "../map/access-map.ts";
import { parseMap } from "../map/parse.ts";
import type { BucketDocuments, Deployment } from "../policy/deployment.ts";
import { LEVELS } from "../policy/rights.ts";
import {
  type AccessTable,
  accessOf,
  administratorsOf,
  diffAccess,
  withOwnPolicies,
} from "./adopt-access.ts";
import { withThose } from "./adopt-account.ts";
import { type FoundGroups, foundGroups } from "./adopt-groups.ts";
import { foundGuards, keptOfBucket, keptOfKey } from "./adopt-guards.ts";
import { type FoundPrincipal, foundPrincipals } from "./adopt-principals.ts";
import { encodeMap, type Findings } from "./adopt-yaml.ts";

export interface Adopted {
  /** YAML that `parseMap` takes. */
  readonly text: string;
  readonly map: AccessMap;
  /** "web may read api/*", by what changes. */
  readonly lost: readonly string[];
  readonly gained: readonly string[];
  /** What could not be expressed, or only be guessed. */
  readonly remarks: readonly string[];
}

/**
 * @param name which bucket; undefined: the only one
 * @throws {PosternError} BadData where the export is not of one bucket that some principal uses
 */
export function adopt(whole: Deployment, name: string | undefined): Adopted {
  const bucket = bucketNamed(whole, name);
  const arn = `arn:${whole.partition}:s3:::${bucket.name}`;
  // (1)
  const things = [arn, ...whole.keys.map((key) => key.arn)];
  const principals = foundPrincipals(whole, things);
  const { deployment, refused } = withThose(whole, principals);
  const { groups, others } = foundGroups(deployment, arn);
  refuseNothing(bucket.name, principals, groups);
  // (2)
  const guards = foundGuards(bucket.policy);
  const objects = groups.map(({ prefix }) => `${arn}/${prefix}*`);
  const known = new Set([...principals.map((one) => one.arn), ...objects, arn]);
  const used = usedKeys(deployment, bucket);
  const kept = {
    bucket: keptOfBucket(bucket.policy, guards, known),
    keys: used.flatMap(({ arn: key, policy }) => {
      const statements = keptOfKey(policy, deployment.account, known);
      return statements.length === 0 ? [] : [[key, statements] as const];
    }),
  };
  // (3)
  const [first] = principals;
  const bare: Findings = {
    deployment,
    bucket,
    principals,
    groups,
    guards,
    kept,
    readers: new Map(),
    publishers: new Map(),
    deployers: first === undefined ? [] : [first.name],
  };
  const table = accessOf(parseMap(encodeMap(bare), "the adopted map"), deployment);
  // (4)
  const deployers = administratorsOf(deployment, bucket.name, principals);
  const text = encodeMap({
    ...bare,
    readers: readersIn(table),
    publishers: publishersIn(table),
    deployers: deployers.length > 0 ? deployers : bare.deployers,
  });
  const map = parseMap(text, "the adopted map");
  // (5)
  const generated = generatedOf(map);
  const after =
    typeof generated === "string" ? [] : accessOf(map, withOwnPolicies(generated, deployment));
  const { lost, gained } = diffAccess(table, after);
  const unused = deployment.keys.filter((key) => !used.includes(key));
  return {
    text,
    map,
    lost,
    gained,
    remarks: [
      ...(typeof generated === "string"
        ? [`the map's documents cannot be made yet, so that all would lose access: ${generated}`]
        : []),
      ...refused,
      ...others.map(
        (one) =>
          `${quote(one)} is named by policies and is no group: neither a prefix alone nor in one`,
      ),
      ...unused.map(
        (key) =>
          `${key.arn} is no default encryption of the bucket: if groups are sealed under it, say so with seal`,
      ),
      ...(deployers.length > 0
        ? []
        : ["nobody was seen who may change the bucket's policy: deployers is a guess"]),
      "nobody was seen who gets in when all else is locked out: break_glass is a guess",
    ],
  };
}

/** What is in the way, where the documents do not fit: then the map has to change first. */
function generatedOf(map: AccessMap): Deployment | string {
  try {
    return generateDeployment(map);
  } catch (error) {
    if (error instanceof PosternError && error.code === "TooLarge") return error.message;
    throw error;
  }
}

function bucketNamed({ buckets }: Deployment, name: string | undefined): BucketDocuments {
  const named = name === undefined ? buckets : buckets.filter((one) => one.name === name);
  const [only, ...more] = named;
  if (only !== undefined && more.length === 0) return only;
  const known = buckets.map((one) => one.name).join(", ");
  throw new PosternError(
    "BadData",
    name === undefined
      ? `expected the documents of one bucket, got ${buckets.length === 0 ? "none" : known}`
      : `expected the documents of bucket ${quote(name)}, got ${known === "" ? "none" : known}`,
    {
      hint: "say which with --bucket, and export get-bucket-policy of it; maps of several can be put together with further_buckets",
    },
  );
}

function refuseNothing(
  bucket: string,
  principals: readonly FoundPrincipal[],
  groups: FoundGroups["groups"],
): void {
  const missing =
    principals.length === 0 ? "a role or user" : groups.length === 0 ? "a prefix" : undefined;
  if (missing !== undefined)
    throw new PosternError(
      "BadData",
      `expected policies that name ${missing} of bucket ${quote(bucket)}, got none`,
      {
        hint: "export the policies of the roles that use it, too",
      },
    );
}

/** The keys that the map will know: what the bucket encrypts with by default. */
function usedKeys({ keys }: Deployment, { settings }: BucketDocuments): Deployment["keys"] {
  const key = settings.encryption?.key;
  return keys.filter(({ arn }) => key !== undefined && (arn === key || arn.endsWith(`/${key}`)));
}

function readersIn(table: AccessTable): Findings["readers"] {
  return byGroup(table, ({ verbs }, name) =>
    verbs.has("read") && !verbs.has("put") ? [name] : [],
  );
}

/** The nearest level: the highest of which everything is allowed, and the lowest for who may put at all. */
function publishersIn(table: AccessTable): Findings["publishers"] {
  return byGroup(table, ({ verbs }, name) => {
    if (!verbs.has("put")) return [];
    const isEdit = verbs.has("read") && verbs.has("remove");
    const isRestore = isEdit && verbs.has("read old versions of");
    return [[name, LEVELS[isRestore ? 2 : isEdit ? 1 : 0]] as const];
  });
}

function byGroup<Thing>(
  table: AccessTable,
  thingsOf: (cell: AccessTable[number], name: string) => readonly Thing[],
): ReadonlyMap<string, readonly Thing[]> {
  const found = new Map<string, readonly Thing[]>();
  for (const cell of table)
    found.set(cell.group, [...(found.get(cell.group) ?? []), ...thingsOf(cell, cell.principal)]);
  return found;
}
