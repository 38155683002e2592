/**
 * Changing a few secrets of a bundle that others change as well.
 *
 * 1. Read the bundle.
 * 2. See that the secrets to be changed still are what the change was made from.
 * 3. Apply it to the set that was read.
 * 4. Write the set as the next revision, only where the read one still is.
 * 5. Where another one is by now, begin again: changes of other secrets stay, a change of the same one is a conflict.
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import { PosternError } from "../core/errors.ts";
import type { SecretName } from "../core/names.ts";
import { type Bundle, readBundle, wipeBundle, writeBundle } from "./bundle.ts";
import { baseOf, conflict } from "./conflict.ts";
import type { Group } from "./group.ts";
import { revisionAfter } from "./history.ts";

export type Secrets = ReadonlyMap<SecretName, Buffer>;

export interface Amendment {
  /**
   * The set as it shall be, made from the set as it is; to throw is to write nothing. What it is given is wiped
   * afterwards.
   */
  readonly change: (secrets: Secrets) => Secrets;
  /** What the named secrets were when the change was made; undefined for none. By default what is read first. */
  readonly seen?: ReadonlyMap<SecretName, Buffer | undefined>;
  /** Whether a bundle that may not be read may be taken for none: only who adds to it loses nothing by that. */
  readonly mayCreate: boolean;
}

export interface Amended {
  readonly versionId: string | undefined;
  readonly revision: number;
  /** The names that the set had. */
  readonly before: readonly SecretName[];
}

/** Of publishers who are in each other's way all the time, one at least gets on each time. */
const ROUNDS = 8;

/**
 * @param names of the secrets that `change` touches
 * @throws {PosternError} Conflict when one of them is no longer what was seen, and nothing is written
 */
export async function amendBundle(
  group: Group,
  names: readonly SecretName[],
  { change, seen: given, mayCreate }: Amendment,
): Promise<Amended> {
  const copies: Buffer[] = [];
  let seen = given;
  try {
    for (let round = 1; ; round += 1) {
      // (1)
      const { bundle, denial } = await readOrNone(group);
      if (denial !== undefined && !mayCreate) throw denial;
      try {
        const secrets = valuesOf(bundle);
        // (2)
        if (seen === undefined) {
          seen = new Map(names.map((name) => [name, copyOf(secrets.get(name), copies)]));
        }
        refuseChanged(group, names, seen, secrets, bundle);
        // (3)
        const wanted = change(secrets);
        // (4)
        const base = baseOf(bundle);
        const revision = await revisionAfter(group, bundle);
        const outcome = await writeBundle(group, { revision, secrets: wanted, base });
        if (outcome.kind === "written")
          return { versionId: outcome.versionId, revision, before: [...secrets.keys()] };
        // (5)
        if (denial !== undefined) throw denial;
        if (round === ROUNDS) throw conflict(group.config.name, base, outcome.current);
      } finally {
        wipeBundle(bundle);
      }
    }
  } finally {
    for (const copy of copies) copy.fill(0);
  }
}

export interface Read {
  /** Undefined when there is none, or when S3 does not say. */
  readonly bundle: Bundle | undefined;
  /** S3's, to someone who may not list, of what may also be missing. */
  readonly denial?: PosternError;
}

/** Whoever writes on the condition that there is none may take a denial for that: nobody's work is at risk. */
export async function readOrNone(group: Group): Promise<Read> {
  try {
    return { bundle: await readBundle(group) };
  } catch (error) {
    if (error instanceof PosternError && error.awsCode === "AccessDenied")
      return { bundle: undefined, denial: error };
    throw error;
  }
}

export function valuesOf(bundle: Bundle | undefined): Secrets {
  const secrets = bundle?.secrets ?? new Map<SecretName, never>();
  return new Map([...secrets].map(([name, bytes]) => [name, bytes.expose()]));
}

function refuseChanged(
  { config }: Group,
  names: readonly SecretName[],
  seen: ReadonlyMap<SecretName, Buffer | undefined>,
  secrets: Secrets,
  bundle: Bundle | undefined,
): void {
  for (const name of names) {
    if (same(seen.get(name), secrets.get(name))) continue;
    const subject = `${config.name}/${name}`;
    const what = secrets.has(name) ? "another one" : "none";
    const now = bundle === undefined ? "none" : `${what} in revision ${bundle.revision}`;
    throw new PosternError(
      "Conflict",
      `"${subject}" was changed by somebody else: expected the value that was read, got ${now}; nothing was overwritten`,
      { hint: `see postern history ${subject}, and make the change again from what is there now` },
    );
  }
}

function same(one: Buffer | undefined, other: Buffer | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && timingSafeEqual(one, other);
}

function copyOf(value: Buffer | undefined, copies: Buffer[]): Buffer | undefined {
  if (value === undefined) return undefined;
  const copy = Buffer.from(value);
  copies.push(copy);
  return copy;
}
