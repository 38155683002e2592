/** One secret written: as an object of its own, or as the next revision of its group's bundle. @module */
import { PosternError } from "../core/errors.ts";
import type { SecretName } from "../core/names.ts";
import { amendBundle } from "./amend.ts";
import { type Base, baseOf } from "./conflict.ts";
import { type Group, keyOf } from "./group.ts";
import { listEntries, look, readValue, writeSealed } from "./objects.ts";
import { readBundle, wipeBundle } from "./bundle.ts";

/** The value that a change is made from, as a person saw it. */
export interface Seen {
  /** A copy, which the caller wipes; undefined when there was none. */
  readonly value: Buffer | undefined;
  readonly base: Base;
}

/**
 * The secret as it is now, to be edited.
 * @throws {PosternError} Denied to someone who may not open it
 */
export async function see(group: Group, name: SecretName): Promise<Seen> {
  if (group.config.layout.kind === "bundle") {
    const bundle = await readBundle(group);
    try {
      const bytes = bundle?.secrets.get(name);
      const value = bytes === undefined ? undefined : Buffer.from(bytes.expose());
      return { value, base: baseOf(bundle) };
    } finally {
      wipeBundle(bundle);
    }
  }
  const found = await readValue(group, name);
  if (found === undefined) return { value: undefined, base: { kind: "absent" } };
  const value = Buffer.from(found.bytes.expose());
  found.bytes.wipe();
  return { value, base: baseOf(found) };
}

/** The set as it would be, as far as it can be seen; who throws stops the writing. */
export type Judge = (set: {
  readonly secrets: ReadonlyMap<SecretName, Buffer>;
  readonly written: ReadonlySet<SecretName>;
  /** What S3 holds of the written ones; undefined when it may not be read. */
  readonly previous: ReadonlyMap<SecretName, Buffer> | undefined;
}) => void;

export interface PutDone {
  readonly group: string;
  readonly name: SecretName;
  readonly created: boolean;
  readonly versionId: string | undefined;
  /** Of a bundle. */
  readonly revision: number | undefined;
}

export interface PutRequest {
  readonly name: SecretName;
  /** Stays the caller's. */
  readonly value: Buffer;
  /** What it was made from; by default whatever is there now, with nothing in between. */
  readonly seen?: Seen;
  readonly judge: Judge;
}

/**
 * Writes `value`.
 * @throws {PosternError} Conflict when something else is there by now: nothing was overwritten
 */
export async function putSecret(group: Group, request: PutRequest): Promise<PutDone> {
  return group.config.layout.kind === "bundle"
    ? putInBundle(group, request)
    : putObject(group, request);
}

async function putObject(group: Group, { name, value, seen, judge }: PutRequest): Promise<PutDone> {
  const found = seen ?? (await lookWithValue(group, name));
  const { base } = found;
  const beside = base.kind === "absent" ? await namesBeside(group) : [];
  try {
    judge({
      secrets: new Map([...beside.map((one) => [one, NOTHING] as const), [name, value]]),
      written: new Set([name]),
      previous: "denial" in found ? undefined : previousOf(name, found.value),
    });
  } finally {
    if (seen === undefined) found.value?.fill(0);
  }
  const sealed = await group.sealer.object(keyOf(group, name), value);
  try {
    const { versionId } = await writeSealed(group, name, sealed, base);
    const created = base.kind === "absent";
    return { group: group.config.name, name, created, versionId, revision: undefined };
  } catch (error) {
    // there is one, and it may not be looked at
    if ("missing" in found && isConflict(error)) throw found.missing;
    throw error;
  }
}

const NOTHING = Buffer.alloc(0);

/** What a new name may clash with; nothing where the caller may not list. */
async function namesBeside(group: Group): Promise<readonly SecretName[]> {
  const { layout } = group.config;
  if (layout.kind !== "prefix") return [];
  try {
    return (await listEntries(group, layout.prefix)).entries.map(({ name }) => name);
  } catch (error) {
    if (error instanceof PosternError && error.code === "Denied") return [];
    throw error;
  }
}

/** `denial`: it may not be read. `missing`: S3 does not say whether there is one. */
type Looked = Seen & { readonly denial?: PosternError; readonly missing?: PosternError };

/** Reads it where that is allowed, to compare; a publisher who may only write learns no more than its version. */
async function lookWithValue(group: Group, name: SecretName): Promise<Looked> {
  try {
    return await see(group, name);
  } catch (error) {
    if (!(error instanceof PosternError) || !UNREADABLE.has(error.code)) throw error;
    const found = await look(group, keyOf(group, name));
    const unread = { value: undefined, denial: error };
    switch (found.kind) {
      case "found":
        return { ...unread, base: baseOf(found.head) };
      case "missing":
        return { ...unread, base: { kind: "absent" } };
      case "unknown":
        return { ...unread, base: { kind: "absent" }, missing: found.error };
      default:
        return found satisfies never;
    }
  }
}

// what does not open is no reason not to replace it
const UNREADABLE: ReadonlySet<string> = new Set(["Denied", "DecryptFailed", "BadData", "TooLarge"]);

async function putInBundle(
  group: Group,
  { name, value, seen, judge }: PutRequest,
): Promise<PutDone> {
  const { versionId, revision, before } = await amendBundle(group, [name], {
    mayCreate: true,
    change: (secrets) => {
      const wanted = new Map(secrets).set(name, value);
      const previous = previousOf(name, secrets.get(name));
      judge({ secrets: wanted, written: new Set([name]), previous });
      return wanted;
    },
    ...(seen === undefined ? {} : { seen: new Map([[name, seen.value]]) }),
  });
  const created = !before.includes(name);
  return { group: group.config.name, name, created, versionId, revision };
}

function previousOf(name: SecretName, value: Buffer | undefined): ReadonlyMap<SecretName, Buffer> {
  return new Map(value === undefined ? [] : [[name, value]]);
}

function isConflict(error: unknown): boolean {
  return error instanceof PosternError && error.code === "Conflict";
}
