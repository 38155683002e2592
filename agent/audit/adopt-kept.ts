/** What of an existing bucket's and its key's policy nothing in a map stands for. @module */
import type { Deployment, PolicyJson } from "../policy/deployment.ts";
import type { FoundGuards } from "./adopt-guards.ts";
import { statementsOf, textsOf } from "./adopt-statements.ts";

export interface Kept {
  readonly bucket: readonly PolicyJson[];
  readonly keys: readonly (readonly [arn: string, statements: readonly PolicyJson[]])[];
}

/**
 * Statements of the bucket's policy that a map does not explain, word for word.
 * @param known ARNs of principals, and of what the groups are
 */
export function keptOfBucket(
  policy: PolicyJson | undefined,
  guards: FoundGuards,
  known: ReadonlySet<string>,
): readonly PolicyJson[] {
  return statementsOf(policy).filter(
    (statement) =>
      !guards.statements.has(statement) && !isExplained(statement, known, USE_OF_BUCKET),
  );
}

/** Likewise of a key's policy, but for what hands it to the account, which a map's key policies do not. */
export function keptOfKey(
  policy: PolicyJson,
  account: string,
  known: ReadonlySet<string>,
): readonly PolicyJson[] {
  return statementsOf(policy).filter(
    (statement) =>
      !isDelegation(statement, account) &&
      !isExplained(statement, new Set([...known, "*"]), USE_OF_KEY),
  );
}

/** Without what the map's own documents say in the same words, whatever its Sid. */
export function withoutGenerated(
  kept: Kept,
  bucket: string,
  generated: Pick<Deployment, "buckets" | "keys">,
): Kept {
  const home = generated.buckets.find(({ name }) => name === bucket);
  const beyond = (statements: readonly PolicyJson[], policy: PolicyJson | undefined) => {
    const said = new Set(statementsOf(policy).map(wordsOf));
    return statements.filter((statement) => !said.has(wordsOf(statement)));
  };
  return {
    bucket: beyond(kept.bucket, home?.policy),
    keys: kept.keys.flatMap(([arn, statements]) => {
      const left = beyond(statements, generated.keys.find((key) => key.arn === arn)?.policy);
      return left.length === 0 ? [] : [[arn, left] as const];
    }),
  };
}

/** The same for statements that differ in their Sid, the order of what they list, or a list of one. */
function wordsOf(statement: PolicyJson): string {
  const { Sid: _, ...rest } = statement;
  return JSON.stringify(ordered(rest));
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) {
    const [only, ...more] = value;
    return more.length === 0 ? ordered(only) : value.map(ordered).toSorted(byWords);
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, ordered(one)] as const);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function byWords(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

const USE_OF_BUCKET =
  /^s3:(GetObject|PutObject|DeleteObject|ListBucket|GetObjectVersion|ListBucketVersions)$/i;
const USE_OF_KEY = /^kms:(Decrypt|Encrypt|GenerateDataKey|DescribeKey)$/i;

/** Whether it lets principals of the map do, on groups of the map, what readers and publishers do. */
function isExplained(statement: PolicyJson, known: ReadonlySet<string>, use: RegExp): boolean {
  const { Effect: effect, Principal: principal, Action: actions, Resource: resources } = statement;
  const own =
    typeof principal === "object" && principal !== null && "AWS" in principal
      ? principal.AWS
      : undefined;
  const isOnlyAws = typeof principal === "object" && Object.keys(principal ?? {}).length === 1;
  return (
    effect === "Allow" &&
    isOnlyAws &&
    areAll(textsOf(own), (arn) => known.has(arn)) &&
    areAll(textsOf(actions), (action) => use.test(action)) &&
    areAll(textsOf(resources), (resource) => known.has(resource))
  );
}

function areAll(texts: readonly string[], isOne: (text: string) => boolean): boolean {
  return texts.length > 0 && texts.every(isOne);
}

function isDelegation(
  { Effect: effect, Principal: principal }: PolicyJson,
  account: string,
): boolean {
  const said = JSON.stringify(principal ?? null);
  return (
    effect === "Allow" &&
    new RegExp(`^\\{"AWS":\\[?"(arn:aws[a-z-]*:iam::)?${account}(:root)?"\\]?\\}$`).test(said)
  );
}
