/**
 * An access map for a bucket that is in use, told from its documents.
 *
 * 1. Who is in it, and which prefixes policies name (adopt-principals.ts, adopt-groups.ts).
 * 2. Which guards its policy has (adopt-guards.ts).
 * 3. A map in which nobody may anything yet, by which the documents are asked who may what.
 * 4. With those answers the map itself, as YAML that says of each thing where it was seen (adopt-yaml.ts); statements
 *    that nothing in it stands for, and that its own documents do not repeat, are kept (adopt-kept.ts).
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
import { type AccessTable, accessOf, diffAccess, withOwnPolicies } from "./adopt-access.ts";
import { withThose } from "./adopt-account.ts";
import { withOpenEndpoints } from "./adopt-circumstances.ts";
import { encryptionFound, encryptionOf } from "./adopt-encryption.ts";
import { type FoundGroups, foundGroups } from "./adopt-groups.ts";
import { foundGuards } from "./adopt-guards.ts";
import { foundHostGuards } from "./adopt-host-guards.ts";
import { keptOfBucket, keptOfKey, withoutGenerated } from "./adopt-kept.ts";
import { type FoundPrincipal, foundPrincipals } from "./adopt-principals.ts";
import { remarksOf } from "./adopt-remarks.ts";
import { publishersIn, readersIn, rulersOf } from "./adopt-roles.ts";
import { encodeMap, type Findings } from "./adopt-yaml.ts";

export interface Adopted {
  /** YAML that `parseMap` takes. */
  readonly text: string;
  readonly map: AccessMap;
  /** Whether anybody was seen to read or put anything: else the lists of who loses and gains tell nothing. */
  readonly isSeen: boolean;
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
  const { groups, others, objects } = foundGroups(deployment, arn);
  refuseNothing(bucket.name, principals, groups);
  // (2)
  const guards = foundGuards(bucket.policy, arn);
  const known = new Set([
    ...principals.map((one) => one.arn),
    ...groups.map(({ prefix }) => `${arn}/${prefix}*`),
    arn,
  ]);
  const used = usedKeys(deployment, bucket, groups);
  const [first] = principals;
  const bare: Findings = {
    deployment,
    bucket,
    principals,
    groups,
    encryptionOf: (prefix) => encryptionOf(bucket, arn, prefix),
    guards,
    hosts: { imdsV2: false, stolenCredentials: "off" },
    kept: { bucket: [], keys: [] },
    readers: new Map(),
    publishers: new Map(),
    deployers: first === undefined ? [] : [first.name],
    breakGlass: { names: first === undefined ? [] : [first.name], isGuess: true },
  };
  // (3)
  const asking = parseMap(encodeMap(bare), "the adopted map");
  const named = objects.map((key) => ({
    key,
    sse: encryptionFound(encryptionOf(bucket, arn, key)),
  }));
  const table = accessOf(asking, withOpenEndpoints(deployment), named);
  const behind = diffAccess(table, accessOf(asking, deployment, named)).lost;
  const rulers = rulersOf(asking, deployment, table);
  // (4)
  const asked: Findings = {
    ...bare,
    readers: readersIn(table, rulers),
    publishers: publishersIn(table),
    deployers: rulers.deployers,
    breakGlass: rulers.breakGlass,
    hosts: foundHostGuards(deployment, hostsOf(table, principals)),
  };
  const alone = generatedOf(parseMap(encodeMap(asked), "the adopted map"));
  const unexplained = {
    bucket: keptOfBucket(bucket.policy, guards, known),
    keys: used.flatMap(({ arn: key, policy }) => {
      const statements = keptOfKey(policy, deployment.account, known);
      return statements.length === 0 ? [] : [[key, statements] as const];
    }),
  };
  const kept =
    typeof alone === "string" ? unexplained : withoutGenerated(unexplained, bucket.name, alone);
  const text = encodeMap({ ...asked, kept });
  const map = parseMap(text, "the adopted map");
  // (5)
  const generated = generatedOf(map);
  const after =
    typeof generated === "string"
      ? []
      : accessOf(map, withOwnPolicies(generated, deployment), named);
  const isSeen = table.some(({ verbs }) => verbs.has("read") || verbs.has("put"));
  return {
    text,
    map,
    isSeen,
    ...diffAccess(table, after),
    remarks: remarksOf({
      findings: { ...asked, kept },
      isSeen,
      rulers,
      refused,
      others,
      behind,
      fault: typeof generated === "string" ? generated : undefined,
      unused: deployment.keys.filter((key) => !used.includes(key)).map((key) => key.arn),
    }),
  };
}

function hostsOf(table: AccessTable, principals: readonly FoundPrincipal[]): readonly string[] {
  return principals
    .filter(({ settings }) => settings["instance"] === true)
    .filter(({ name }) => table.some((cell) => cell.principal === name && cell.verbs.size > 0))
    .map(({ arn }) => arn);
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

/** The keys that the map will know: what the bucket encrypts with by default, and what its groups are under. */
function usedKeys(
  { keys, partition }: Deployment,
  bucket: BucketDocuments,
  groups: FoundGroups["groups"],
): Deployment["keys"] {
  const arn = `arn:${partition}:s3:::${bucket.name}`;
  const used = [
    bucket.settings.encryption?.key,
    ...groups.map(({ prefix }) => encryptionOf(bucket, arn, prefix)?.key),
  ].filter((key) => key !== undefined);
  return keys.filter((one) => used.some((key) => one.arn === key || one.arn.endsWith(`/${key}`)));
}
