/**
 * A deployment put in place in a sandbox, as if it had been applied to its account.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { BucketDocuments, Deployment, KeyDocuments } from "../policy/deployment.ts";
import { globOf, matchesGlob, wildTokens } from "../policy/glob.ts";
import { attachedOf, isPublic, parseKeyDocuments } from "./attached.ts";
import { BLOCKED, type BucketSettings, OWN_ENCRYPTION } from "./bucket-settings.ts";
import type { Keys } from "./keys.ts";
import type { Buckets } from "./objects.ts";

/** Where a sandbox is, and what its first host is. */
export interface Place {
  readonly account: string;
  readonly region: string;
  readonly bucket: string;
  readonly role: string;
}

/**
 * The place that the deployment gives, or the defaults without one.
 * @param asked what must be so
 * @throws {PosternError} Usage when the deployment has something else
 */
export function placeOf(
  asked: { readonly [Member in keyof Place]?: Place[Member] | undefined },
  deployment: Deployment | undefined,
): Place {
  if (deployment === undefined)
    return {
      account: asked.account ?? "111122223333",
      region: asked.region ?? "us-east-1",
      bucket: asked.bucket ?? "postern-sandbox",
      role: asked.role ?? "postern-sandbox",
    };
  if (deployment.partition !== "aws")
    throw mismatch("partition", "aws, the sandbox's", [deployment.partition]);
  const names = deployment.buckets.map(({ name }) => name);
  const bucket = deployment.buckets.find(({ name }) => name === (asked.bucket ?? names[0]));
  if (bucket === undefined) throw mismatch("bucket", asked.bucket ?? "at least one", names);
  // a role that others keep may be a host's, too: its instance profile is not among the documents
  const roles = deployment.identities.filter(({ kind }) => kind === "role");
  const role = asked.role ?? instanceRoles(deployment)[0];
  if (role === undefined || !roles.some(({ arn }) => nameIn(arn) === role))
    throw mismatch(
      "role",
      asked.role ?? "at least one with an instance profile",
      roles.map(({ arn }) => nameIn(arn)),
    );
  const { account } = deployment;
  if (asked.account !== undefined && asked.account !== account)
    throw mismatch("account", asked.account, [account]);
  if (asked.region !== undefined && asked.region !== bucket.region)
    throw mismatch("region", asked.region, [bucket.region]);
  return { account, region: bucket.region, bucket: bucket.name, role };
}

function mismatch(what: string, wanted: string, got: readonly string[]): PosternError {
  const found = got.length === 0 ? "none" : got.map(quote).join(", ");
  return new PosternError("Usage", `the policies' ${what}: expected ${wanted}, got ${found}`, {
    hint: `ask for what the policies are made for, or leave the ${what} out`,
  });
}

/** The names of the roles that an instance may have. */
export function instanceRoles({ identities }: Deployment): readonly string[] {
  return identities
    .filter(({ kind, hasInstanceProfile }) => kind === "role" && hasInstanceProfile)
    .map(({ arn }) => nameIn(arn));
}

/** Every region that something is in. */
export function regionsOf({ buckets, keys }: Deployment): readonly string[] {
  return [
    ...new Set([
      ...buckets.map(({ region }) => region),
      ...keys.map(({ arn }) => keyOf(arn).region),
    ]),
  ];
}

/** The ARN of a role or user of that name, with the path that the deployment gives it; undefined: it has none there. */
export function arnIn(
  { identities }: Deployment,
  kind: "role" | "user",
  name: string,
  region: string,
): string | undefined {
  const exact = identities.find((one) => one.kind === kind && nameIn(one.arn) === name);
  if (exact !== undefined || kind === "user") return exact?.arn;
  const set = identities.find(
    (one) =>
      one.kind === "permission set" && matchesGlob(globOf(wildTokens(nameIn(one.arn))), name),
  );
  // single sign-on keeps a folder for the region of its instance
  return set?.arn.replace(/[^/]*$/, name).replace(/\/\*\//, `/${region}/`);
}

function nameIn(arn: string): string {
  return arn.split("/").at(-1) ?? "";
}

/** @throws {PosternError} BadData when a document is none */
export function deploy(
  deployment: Deployment,
  { buckets, keys }: { readonly buckets: Buckets; readonly keys: Keys },
): void {
  for (const bucket of deployment.buckets) deployBucket(bucket, buckets);
  deployKeys(deployment.keys, keys);
}

function deployBucket({ name, region, policy, settings }: BucketDocuments, buckets: Buckets): void {
  const bucket = buckets.create(name, { region });
  const { versioning, encryption, publicAccessBlocked, ownership } = settings;
  if (versioning !== undefined) bucket.setVersioning(versioning);
  if (encryption?.algorithm === "aws:kms:dsse")
    throw new PosternError("BadData", `bucket ${quote(name)}: the sandbox has no aws:kms:dsse`);
  const attached = policy === undefined ? undefined : attachedOf(policy, name);
  const changed: Partial<BucketSettings> = {
    policy: attached,
    policyIsPublic: attached && isPublic(attached.policy),
    encryption:
      encryption === undefined
        ? OWN_ENCRYPTION
        : { kind: encryption.algorithm, keyId: encryption.key, bucketKey: encryption.bucketKey },
    ...(publicAccessBlocked === undefined
      ? {}
      : { publicAccessBlock: publicAccessBlocked ? BLOCKED : undefined }),
    ...(ownership === undefined ? {} : { ownership }),
  };
  bucket.configure(changed);
}

/** Keys of one id are one multi-Region key, whose primary is the first. */
function deployKeys(documents: readonly KeyDocuments[], keys: Keys): void {
  for (const id of new Set(documents.map(({ arn }) => keyOf(arn).id))) {
    const same = documents.filter(({ arn }) => keyOf(arn).id === id);
    const [region = "", ...replicas] = same.map(({ arn }) => keyOf(arn).region);
    keys.create({ region, replicas, id });
    for (const one of same) {
      const found = keys.find(keyOf(one.arn).region, one.arn);
      if (found.kind !== "key")
        throw new PosternError("BadData", `expected the ARN of a key, got ${quote(one.arn)}`);
      keys.attach(found.key, { ...parseKeyDocuments(one), text: JSON.stringify(one.policy) });
    }
  }
}

function keyOf(arn: string): { readonly region: string; readonly id: string } {
  const [, region, id] = /^arn:aws:kms:([a-z0-9-]+):\d{12}:key\/(.+)$/.exec(arn) ?? [];
  if (region === undefined || id === undefined)
    throw new PosternError("BadData", `expected the ARN of a key, got ${quote(arn)}`);
  return { region, id };
}
