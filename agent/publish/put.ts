/** One secret written: as an object of its own, or as the next revision of its group's bundle. @module */
import type { ObjectHead } from "../aws/object-store.ts";
import { PosternError } from "../core/errors.ts";
import type { SecretName } from "../core/names.ts";
import { amendBundle, type Amended } from "./amend.ts";
import { type Base, baseOf } from "./conflict.ts";
import { type Group, keyOf } from "./group.ts";
import { type Look, look, readValue, writeSealed } from "./objects.ts";
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
      return { value, base: bundle === undefined ? { kind: "absent" } : versionOf(bundle) };
    } finally {
      wipeBundle(bundle);
    }
  }
  const found = await readValue(group, name);
  if (found === undefined) return { value: undefined, base: { kind: "absent" } };
  const value = Buffer.from(found.bytes.expose());
  found.bytes.wipe();
  return { value, base: versionOf(found) };
}

export interface PutDone {
  readonly group: string;
  readonly name: SecretName;
  readonly created: boolean;
  readonly versionId: string | undefined;
  /** Of a bundle. */
  readonly revision: number | undefined;
}

/**
 * Writes `value`.
 *
 * @param value stays the caller's
 * @param seen what it was made from; by default whatever is there now, with nothing in between
 * @throws {PosternError} Conflict when something else is there by now: nothing was overwritten
 */
export async function putSecret(
  group: Group,
  name: SecretName,
  value: Buffer,
  seen?: Seen,
): Promise<PutDone> {
  return group.config.layout.kind === "bundle"
    ? putInBundle(group, name, value, seen)
    : putObject(group, name, value, seen);
}

async function putObject(
  group: Group,
  name: SecretName,
  value: Buffer,
  seen: Seen | undefined,
): Promise<PutDone> {
  const key = keyOf(group, name);
  const found: Look | undefined = seen === undefined ? await look(group, key) : undefined;
  const base = seen?.base ?? baseOf(headIn(found));
  const sealed = await group.sealer.object(key, value);
  try {
    const { versionId } = await writeSealed(group, name, sealed, base);
    const created = base.kind === "absent";
    return { group: group.config.name, name, created, versionId, revision: undefined };
  } catch (error) {
    // there is one, and it may not be looked at
    if (found?.kind === "unknown" && isConflict(error)) throw found.error;
    throw error;
  }
}

async function putInBundle(
  group: Group,
  name: SecretName,
  value: Buffer,
  seen: Seen | undefined,
): Promise<PutDone> {
  const done = await amendBundle(group, [name], {
    change: (secrets) => new Map(secrets).set(name, value),
    ...(seen === undefined ? {} : { seen: new Map([[name, seen.value]]) }),
  });
  return putDone(group, name, done);
}

function putDone(
  group: Group,
  name: SecretName,
  { versionId, revision, before }: Amended,
): PutDone {
  const created = !before.includes(name);
  return { group: group.config.name, name, created, versionId, revision };
}

function headIn(found: Look | undefined): ObjectHead | undefined {
  return found?.kind === "found" ? found.head : undefined;
}

function versionOf({ etag, versionId }: Pick<ObjectHead, "etag" | "versionId">): Base {
  return { kind: "version", etag, versionId };
}

function isConflict(error: unknown): boolean {
  return error instanceof PosternError && error.code === "Conflict";
}
