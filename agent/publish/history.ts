/**
 * A group's past, from the versions that its bucket keeps: when, which version, and whose revision; never a value.
 *
 * Of a group of objects each change is of one secret. Of a bundle each is a revision of the whole set; what a revision
 * did to one secret is found by opening it.
 * @module
 */
import type { ObjectVersion } from "../aws/s3-versions.ts";
import { PosternError } from "../core/errors.ts";
import { judgeNames, quote, type SecretName } from "../core/names.ts";
import { revisionOf } from "../decrypt/context.ts";
import { parseMessage } from "../decrypt/message.ts";
import { type Bundle, bundleKey, nextRevision, readBundle, wipeBundle } from "./bundle.ts";
import type { Group } from "./group.ts";

export interface Change {
  /** Undefined for a whole bundle. */
  readonly name: SecretName | undefined;
  /** Epoch milliseconds, whole seconds. */
  readonly at: number;
  readonly versionId: string;
  readonly isLatest: boolean;
  /** Of a bundle; undefined also for one that does not tell. */
  readonly revision: number | undefined;
  /** Of the object, in bytes; undefined when it was removed. */
  readonly size: number | undefined;
}

/**
 * Every change, the newest first.
 * @param name of one secret; by default of all
 * @throws {PosternError} NotFound when there never was one; Denied
 */
export async function readHistory(
  group: Group,
  name: SecretName | undefined,
): Promise<readonly Change[]> {
  const found =
    group.config.layout.kind === "bundle"
      ? await bundleHistory(group, name)
      : await objectHistory(group, name);
  if (found.length > 0) return found;
  const subject = name === undefined ? group.config.name : `${group.config.name}/${name}`;
  throw new PosternError("NotFound", `nothing was ever published as ${quote(subject)}`);
}

/** The states of each secret's object, by name, the newest first. */
export async function objectVersions(
  group: Group,
): Promise<ReadonlyMap<SecretName, readonly ObjectVersion[]>> {
  const { layout } = group.config;
  if (layout.kind === "bundle") throw new PosternError("Internal", "a bundle is one object");
  const versions = await group.publisher.versions(layout.prefix);
  const keys = [...new Set(versions.map(({ key }) => key))];
  const named = keys.map((key) => ({ name: key.slice(layout.prefix.length), entry: key }));
  const { accepted } = judgeNames(named);
  const wanted = accepted.filter(
    ({ name }) => layout.kind !== "only" || layout.names.includes(name),
  );
  return new Map(
    wanted.map(({ name, entry }) => [name, versions.filter(({ key }) => key === entry)]),
  );
}

async function objectHistory(group: Group, wanted?: SecretName): Promise<readonly Change[]> {
  const versions = await objectVersions(group);
  const changes = [...versions]
    .filter(([name]) => wanted === undefined || name === wanted)
    .flatMap(([name, states]) => states.map((state) => changeOf(state, name, undefined)));
  // each secret's own are in order already, also those of one second
  return changes.sort((one, other) => other.at - one.at);
}

/** A bundle's own states, the newest first. */
export async function bundleVersions(group: Group): Promise<readonly ObjectVersion[]> {
  const key = bundleKey(group);
  const versions = await group.publisher.versions(key);
  return versions.filter((version) => version.key === key);
}

async function bundleHistory(group: Group, wanted?: SecretName): Promise<readonly Change[]> {
  const versions = await bundleVersions(group);
  if (wanted !== undefined) return secretHistory(group, versions, wanted);
  return Promise.all(
    versions.map(async (version) =>
      changeOf(
        version,
        undefined,
        version.object === undefined ? undefined : await revisionAt(group, version.versionId),
      ),
    ),
  );
}

/**
 * The revision that a state of the bundle claims, read from its outside without opening it.
 * @throws {PosternError} Denied
 */
export async function revisionAt(group: Group, versionId: string): Promise<number | undefined> {
  const { bucket, owner, s3 } = group.publisher;
  const key = bundleKey(group);
  const maxBytes = group.config.maxObjectBytes;
  const answer = await s3.get({ bucket, owner, key, versionId, maxBytes });
  if (answer.kind !== "object") return undefined;
  try {
    return revisionOf(parseMessage(answer.body.expose(), key).context);
  } catch (error) {
    if (error instanceof PosternError && error.code === "BadData") return undefined;
    throw error;
  } finally {
    answer.body.wipe();
  }
}

/**
 * The revision to write after `current`. Of a bundle that was deleted it is one more than the last, for hosts have seen
 * that; who may not see the past begins anew.
 */
export async function revisionAfter(group: Group, current: Bundle | undefined): Promise<number> {
  return nextRevision(group, current?.revision ?? (await lastRevision(group)));
}

async function lastRevision(group: Group): Promise<number> {
  try {
    const last = (await bundleVersions(group)).find(({ object }) => object !== undefined);
    return (last && (await revisionAt(group, last.versionId))) ?? 0;
  } catch (error) {
    if (error instanceof PosternError && error.awsCode === "AccessDenied") return 0;
    throw error;
  }
}

/** The revisions that gave the secret another value, or took it away. */
async function secretHistory(
  group: Group,
  versions: readonly ObjectVersion[],
  name: SecretName,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  let before: Buffer | undefined;
  for (const version of versions.toReversed()) {
    const bundle =
      version.object === undefined ? undefined : await readBundle(group, version.versionId);
    const value = bundle?.secrets.get(name)?.expose();
    const same = value === undefined ? before === undefined : before?.equals(value) === true;
    if (!same) {
      const change = changeOf(version, name, bundle?.revision);
      changes.push({ ...change, size: value?.length });
      before?.fill(0);
      before = value === undefined ? undefined : Buffer.from(value);
    }
    wipeBundle(bundle);
  }
  before?.fill(0);
  return changes.toReversed();
}

function changeOf(
  { lastModified, versionId, isLatest, object }: ObjectVersion,
  name: SecretName | undefined,
  revision: number | undefined,
): Change {
  return { name, at: lastModified, versionId, isLatest, revision, size: object?.size };
}
