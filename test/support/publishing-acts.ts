/** What publishers do, in the words of `agent/publish/`, with values as texts. @module */
import { parseSecretName, type SecretName } from "../../agent/core/names.ts";
import { readBundle, wipeBundle } from "../../agent/publish/bundle.ts";
import type { Group } from "../../agent/publish/group.ts";
import { bundleVersions, objectVersions } from "../../agent/publish/history.ts";
import { readValue } from "../../agent/publish/objects.ts";
import { type PutDone, putSecret, type Seen } from "../../agent/publish/put.ts";
import { type Removed, removeSecrets } from "../../agent/publish/remove.ts";
import { type Past, readPast } from "../../agent/publish/restore.ts";
import {
  compareSets,
  type Current,
  hasChanges,
  type Published,
  readCurrent,
  type ReadOptions,
  writeSet,
} from "../../agent/publish/set.ts";
import type { Values } from "./store.ts";

/** One state of a secret, or of a bundle. */
export interface State {
  readonly versionId: string;
  /** Of a bundle that is there. */
  readonly revision: number | undefined;
  /** Undefined for what was removed; a secret's own value is under "". */
  readonly values: Values | undefined;
}

export function putText(group: Group, name: string, text: string, seen?: Seen): Promise<PutDone> {
  const value = Buffer.from(text);
  const request = { name: parseSecretName(name), value, judge: () => {} };
  return putSecret(group, seen === undefined ? request : { ...request, seen });
}

export async function removeNamed(
  group: Group,
  names: readonly string[],
): Promise<readonly Removed[]> {
  const removed: Removed[] = [];
  const wanted = names.map((name) => parseSecretName(name));
  await removeSecrets(group, wanted, (one) => removed.push(one));
  return removed;
}

/** A change of the whole set, and what it was made from. */
export interface SetDone {
  readonly before: Values;
  /** Of a bundle that was there. */
  readonly baseId: string | undefined;
  /** Of objects that were there. */
  readonly baseIds: ReadonlyMap<string, string | undefined>;
  readonly after: Values;
  /** Undefined when nothing had to be written. */
  readonly published: Published | undefined;
}

/** Told what the change is made from before anything is written. */
export type OnBase = (base: Omit<SetDone, "published">) => void;

export async function publishTexts(
  group: Group,
  values: Values,
  onBase: OnBase = () => {},
): Promise<SetDone> {
  return change(group, secretsOf(values), onBase, { mayBeMissing: true });
}

export async function restoreTo(
  group: Group,
  past: Past,
  onBase: OnBase = () => {},
): Promise<SetDone> {
  const then = await readPast(group, past);
  try {
    return await change(group, then.values, onBase);
  } finally {
    then.wipe();
  }
}

async function change(
  group: Group,
  after: ReadonlyMap<SecretName, Buffer>,
  onBase: OnBase,
  options?: ReadOptions,
): Promise<SetDone> {
  const current = await readCurrent(group, options);
  try {
    const base = { ...baseOf(current), after: textsOf(after) };
    onBase(base);
    const isFirst = group.config.layout.kind === "bundle" && current.bundle === undefined;
    if (!isFirst && !hasChanges(compareSets(current.values, after)))
      return { ...base, published: undefined };
    return { ...base, published: await writeSet(group, current, after) };
  } finally {
    current.wipe();
  }
}

function baseOf({ values, bundle, held }: Current): Omit<SetDone, "published" | "after"> {
  return {
    before: textsOf(values),
    baseId: bundle?.versionId,
    baseIds: new Map([...held].map(([name, { base }]) => [name, base.versionId])),
  };
}

/** What the group holds. */
export async function textsIn(group: Group): Promise<Values> {
  const current = await readCurrent(group, { mayBeMissing: true });
  try {
    return textsOf(current.values);
  } finally {
    current.wipe();
  }
}

/** A bundle's states, each opened, the oldest first. */
export async function bundleStates(group: Group): Promise<readonly State[]> {
  const versions = (await bundleVersions(group)).toReversed();
  return Promise.all(
    versions.map(async ({ versionId, object }): Promise<State> => {
      if (object === undefined) return { versionId, revision: undefined, values: undefined };
      const bundle = await readBundle(group, versionId);
      if (bundle === undefined) throw new Error(`version ${versionId} went away`);
      const { revision, secrets } = bundle;
      const values = textsOf(new Map([...secrets].map(([name, body]) => [name, body.expose()])));
      wipeBundle(bundle);
      return { versionId, revision, values };
    }),
  );
}

/** The states of each secret's object, opened, the oldest first. */
export async function objectStates(group: Group): Promise<ReadonlyMap<string, readonly State[]>> {
  const versions = await objectVersions(group);
  const opened = [...versions].map(async ([name, states]) => {
    const read = states.toReversed().map(async ({ versionId, object }): Promise<State> => {
      const found = object === undefined ? undefined : await readValue(group, name, versionId);
      const values = found && { "": found.bytes.expose().toString() };
      return { versionId, revision: undefined, values };
    });
    return [name, await Promise.all(read)] as const;
  });
  return new Map(await Promise.all(opened));
}

export function secretsOf(values: Values): ReadonlyMap<SecretName, Buffer> {
  const entries = Object.entries(values);
  return new Map(entries.map(([name, text]) => [parseSecretName(name), Buffer.from(text)]));
}

/** Sorted by name. */
function textsOf(secrets: ReadonlyMap<string, Buffer>): Values {
  const texts = [...secrets].map(([name, value]) => [name, value.toString()] as const);
  return Object.fromEntries(texts.sort(([one], [other]) => (one < other ? -1 : 1)));
}
