/** A whole group as a publisher changes it: what is there, what shall be there, and the writes between. @module */
import type { SecretName } from "../core/names.ts";
import { type Bundle, wipeBundle, writeBundle } from "./bundle.ts";
import { type Base, baseOf, conflict } from "./conflict.ts";
import { readOrNone, type Secrets, valuesOf } from "./amend.ts";
import { type Group, keyOf } from "./group.ts";
import { revisionAfter } from "./history.ts";
import { type Listed, listNames, readValue, removeObject, writeSealed } from "./objects.ts";
import type { PosternError } from "../core/errors.ts";

/** One secret as it lies in S3, opened. */
interface Held {
  readonly value: Buffer;
  readonly base: Extract<Base, { kind: "version" }>;
}

/** A group as it lies in S3, all of it opened. */
export interface Current {
  readonly values: Secrets;
  /** Of a bundle; undefined when there is none yet. */
  readonly bundle: Bundle | undefined;
  /** Of a group of objects. */
  readonly held: ReadonlyMap<SecretName, Held>;
  /** Of a bundle that may also be missing. */
  readonly denial?: PosternError | undefined;
  /** Keys below the prefix that hosts refuse, as they came: a set of names cannot remove them. */
  readonly refused: Listed["refused"];
  /** Zeroes every value. */
  wipe(): void;
}

export interface ReadOptions {
  readonly onProgress?: Progress;
  /** For who writes on the condition that there is none: a bundle that may not be read counts as none. */
  readonly mayBeMissing?: boolean;
}

/** @throws {PosternError} Denied to someone who may not open it, or whatever opening fails with */
export async function readCurrent(
  group: Group,
  { onProgress = silent, mayBeMissing = false }: ReadOptions = {},
): Promise<Current> {
  const { layout } = group.config;
  if (layout.kind === "bundle") {
    const { bundle, denial } = await readOrNone(group);
    if (denial !== undefined && !mayBeMissing) throw denial;
    return {
      values: valuesOf(bundle),
      bundle,
      denial,
      held: new Map(),
      refused: [],
      wipe: () => wipeBundle(bundle),
    };
  }
  const { names, refused } = await listNames(group);
  let done = 0;
  const read = await Promise.all(
    names.map(async (name) => {
      const found = await readValue(group, name);
      onProgress((done += 1), names.length);
      return found === undefined ? undefined : ([name, found] as const);
    }),
  );
  const held = new Map(
    read.flatMap((one) => {
      if (one === undefined) return [];
      const [name, { bytes, etag, versionId }] = one;
      return [
        [name, { value: bytes.expose(), base: { kind: "version", etag, versionId } }],
      ] as const;
    }),
  );
  return {
    values: new Map([...held].map(([name, { value }]) => [name, value])),
    bundle: undefined,
    held,
    refused,
    wipe: () => {
      for (const one of read) one?.[1].bytes.wipe();
    },
  };
}

/** Told how far a long work is. */
export type Progress = (done: number, all: number) => void;

export const silent: Progress = () => undefined;

export interface SetChanges {
  readonly added: readonly SecretName[];
  readonly changed: readonly SecretName[];
  readonly removed: readonly SecretName[];
  readonly same: readonly SecretName[];
}

/** What makes `before` into `after`, each list sorted. */
export function compareSets(before: Secrets, after: Secrets): SetChanges {
  const names = [...after.keys()].sort();
  return {
    added: names.filter((name) => !before.has(name)),
    changed: names.filter((name) => before.get(name)?.equals(after.get(name) ?? NONE) === false),
    removed: [...before.keys()].filter((name) => !after.has(name)).sort(),
    same: names.filter((name) => before.get(name)?.equals(after.get(name) ?? NONE) === true),
  };
}

const NONE = Buffer.alloc(0);

export function hasChanges({ added, changed, removed }: SetChanges): boolean {
  return added.length + changed.length + removed.length > 0;
}

export interface Published {
  /** Of a bundle: the object's; of objects: those written, by name. */
  readonly versions: ReadonlyMap<SecretName, string | undefined>;
  readonly versionId: string | undefined;
  readonly revision: number | undefined;
}

/**
 * Makes the group what `after` is, from what was read: a bundle in one write; objects one after another, new names
 * first, then changed ones, removals last, so that whoever reads in between misses nothing.
 *
 * A crash leaves a bundle as it was or as it shall be. Objects are left somewhere between, and doing it again goes
 * on from there: what already is as it shall be is not written.
 *
 * @throws {PosternError} Conflict at the first that is no longer what was read
 */
export async function writeSet(
  group: Group,
  current: Current,
  after: Secrets,
  onProgress: Progress = silent,
): Promise<Published> {
  const { config } = group;
  if (config.layout.kind === "bundle") {
    const { bundle, denial } = current;
    const base = baseOf(bundle);
    const revision = await revisionAfter(group, bundle);
    const outcome = await writeBundle(group, { revision, secrets: after, base });
    if (outcome.kind === "conflict") throw denial ?? conflict(config.name, base, outcome.current);
    return { versions: new Map(), versionId: outcome.versionId, revision };
  }
  const { added, changed, removed } = compareSets(current.values, after);
  const versions = new Map<SecretName, string | undefined>();
  const all = added.length + changed.length + removed.length;
  const done = (name: SecretName, versionId: string | undefined): void => {
    versions.set(name, versionId);
    onProgress(versions.size, all);
  };
  const write = async (name: SecretName): Promise<void> => {
    const sealed = await group.sealer.object(keyOf(group, name), after.get(name) ?? NONE);
    const base = current.held.get(name)?.base ?? baseOf(undefined);
    done(name, (await writeSealed(group, name, sealed, base)).versionId);
  };
  const remove = async (name: SecretName): Promise<void> => {
    const base = current.held.get(name)?.base;
    if (base !== undefined) done(name, await removeObject(group, name, base));
  };
  await allOf(added, write);
  await allOf(changed, write);
  await allOf(removed, remove);
  return { versions, versionId: undefined, revision: undefined };
}

/** Lets all of them end before the first failure is told: none is left under way. */
export async function allOf<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  const ended = await Promise.allSettled(items.map(act));
  const failed = ended.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
