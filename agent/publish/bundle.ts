/**
 * A group that is one object: read whole, changed, and written whole as the next revision.
 *
 * The revision only ever goes up, since hosts refuse a lower one than they have seen; old content comes back as a
 * newer revision. `If-Match` on the object that was read makes sure that no number is given twice.
 * @module
 */
import type { ObjectHead } from "../aws/object-store.ts";
import { PosternError } from "../core/errors.ts";
import { quote, type S3Key, type SecretName } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { unpackBundle } from "../source/bundle.ts";
import { packArchive } from "./archive.ts";
import { type Base, conditionOf } from "./conflict.ts";
import type { Group } from "./group.ts";
import { readSealed } from "./objects.ts";

/** A bundle as it lies in S3, opened. */
export interface Bundle {
  readonly etag: string;
  readonly versionId: string | undefined;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  readonly revision: number;
  /** The caller wipes them. */
  readonly secrets: ReadonlyMap<SecretName, SecretBytes>;
}

// as many as a host takes of a group
const MAX_ENTRIES = 10_000;

/**
 * The bundle, or a state of its past; undefined when there is none.
 * @throws {PosternError} Denied, or whatever opening and unpacking fail with
 */
export async function readBundle(group: Group, versionId?: string): Promise<Bundle | undefined> {
  const { config, opener } = group;
  const key = bundleKey(group);
  const found = await readSealed(group, key, versionId);
  if (found === undefined) return undefined;
  const { etag, lastModified } = found;
  const { plaintext, revision } = await opener.bundle(key, found.body);
  try {
    const { secrets } = await unpackBundle(plaintext, {
      limits: { maxBytes: config.maxGroupBytes, maxEntries: MAX_ENTRIES },
      onBadName: config.onBadName,
    });
    const named = new Map(secrets.map(({ name, body }) => [name, body]));
    return { etag, versionId: found.versionId, lastModified, revision, secrets: named };
  } finally {
    plaintext.wipe();
  }
}

export interface NewBundle {
  readonly revision: number;
  /** Stay the caller's. */
  readonly secrets: ReadonlyMap<SecretName, Buffer>;
  readonly base: Base;
}

export type BundleOutcome =
  | {
      readonly kind: "written";
      readonly etag: string;
      readonly versionId: string | undefined;
      readonly revision: number;
    }
  | { readonly kind: "conflict"; readonly current: ObjectHead | undefined };

/** @throws {PosternError} TooLarge for a set that no host would take, or whatever sealing and S3 fail with */
export async function writeBundle(group: Group, bundle: NewBundle): Promise<BundleOutcome> {
  const { revision, secrets, base } = bundle;
  refuseLarge(group, secrets);
  const archive = await packArchive(secrets);
  const sealed = await sealAndWipe(group, archive, revision);
  if (sealed.length > group.config.maxObjectBytes)
    throw tooLarge(group, "max_bundle", group.config.maxObjectBytes, sealed.length);
  const outcome = await group.publisher.store.put({
    key: bundleKey(group),
    body: sealed,
    condition: conditionOf(base),
    sse: group.config.sse,
  });
  return outcome.kind === "written" ? { ...outcome, revision } : outcome;
}

/** The next one after `current`, and at least what hosts demand. */
export function nextRevision({ config }: Group, current: number): number {
  const { layout } = config;
  const least = layout.kind === "bundle" ? layout.minRevision : 0;
  const next = Math.max(current + 1, least);
  if (Number.isSafeInteger(next)) return next;
  throw new PosternError("BadData", `there is no revision after ${current}`);
}

export function bundleKey({ config }: Group): S3Key {
  if (config.layout.kind === "bundle") return config.layout.key;
  throw new PosternError("Internal", `group ${quote(config.name)} is no bundle`);
}

/** Wipes every value of a bundle. */
export function wipeBundle(bundle: Bundle | undefined): void {
  for (const bytes of bundle?.secrets.values() ?? []) bytes.wipe();
}

async function sealAndWipe(group: Group, archive: Buffer, revision: number): Promise<Buffer> {
  try {
    return await group.sealer.bundle(archive, revision);
  } finally {
    archive.fill(0);
  }
}

function refuseLarge(group: Group, secrets: NewBundle["secrets"]): void {
  const { maxGroupBytes } = group.config;
  const total = [...secrets.values()].reduce((sum, { length }) => sum + length, 0);
  if (total > maxGroupBytes) throw tooLarge(group, "max_group_size", maxGroupBytes, total);
}

function tooLarge({ config }: Group, limit: string, most: number, got: number): PosternError {
  return new PosternError(
    "TooLarge",
    `group ${quote(config.name)} is too large: expected at most ${most} bytes, got ${got}`,
    { hint: `raise ${limit}, for the hosts as well, if it is meant to be this large` },
  );
}
