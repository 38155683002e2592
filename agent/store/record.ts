/**
 * `records/GROUP`: what is remembered of a group between passes beyond the line that shells read.
 *
 * One JSON object in a file that only the running user may read. Each part of it stands for something that a
 * restart of the daemon must not forget. It lies with the generations, so a reboot forgets both.
 * @module
 */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import { type GroupName, judgeNames, type SecretName } from "../core/names.ts";
import { readOwnFile, replaceFile } from "./durable-file.ts";
import { guarded, unless } from "./fault.ts";
import type { BundleMark, Manifest } from "./manifest.ts";
import { childOf, type GenerationId, parseGenerationId } from "./target.ts";
import type { Tree } from "./tree.ts";

export interface GroupRecord {
  /** A denial that lasts: every pass since then was denied. */
  readonly denied: Denial | undefined;
  /** Content that was rolled back, or failed its verification, and is not applied again until it changes. */
  readonly held: HeldContent | undefined;
  /** The generation that was swapped in and has not passed its verification since. */
  readonly unverified: GenerationId | undefined;
  /** Why the group's files were removed: its next generation is news to whoever read the last one. */
  readonly removed: "denied" | "expired" | undefined;
}

export interface Denial {
  /** Epoch milliseconds of the first denied pass. */
  readonly since: number;
  readonly passes: number;
}

export interface HeldContent {
  /** Epoch milliseconds. */
  readonly since: number;
  /**
   * - `verify`: the verification failed on it.
   * - `reload`: the reload failed on it.
   * - `operator`: somebody asked for the generation before it.
   */
  readonly why: "verify" | "reload" | "operator";
  /** The objects that it was made from, by which it is known again. */
  readonly sources: HeldSources;
}

/** Of a manifest: what S3 is compared with. */
export interface HeldSources {
  readonly source: string;
  readonly shape: string;
  readonly bundle: BundleMark | undefined;
  readonly etags: ReadonlyMap<SecretName, string>;
}

export const EMPTY_RECORD: GroupRecord = {
  denied: undefined,
  held: undefined,
  unverified: undefined,
  removed: undefined,
};

/** What content is held by: the validators that S3 gives without sending it again. */
export function sourcesOf({ fingerprints, bundle, secrets }: Manifest): HeldSources {
  return {
    ...fingerprints,
    bundle,
    etags: new Map(secrets.map(({ name, etag }) => [name, etag])),
  };
}

/**
 * The group's record; an empty one when there is none, or none to believe: what it would say is found out again,
 * at the price of applying once more what was held.
 * @throws {PosternError} CannotWrite when the kernel refuses
 */
export function readRecord(tree: Tree, group: GroupName): GroupRecord {
  const { fs, records, uid } = tree;
  const rules = { uid, maxBytes: MAX_RECORD_BYTES, readable: "by owner" } as const;
  try {
    const bytes = guarded(`${records.path}/${group}`, () => readOwnFile(fs, records, group, rules));
    return bytes === undefined ? EMPTY_RECORD : parseRecord(bytes);
  } catch (error) {
    if (error instanceof PosternError && error.code === "UnsafeTree") return EMPTY_RECORD;
    throw error;
  }
}

/**
 * Replaces the group's record; an empty one is no file. Durable when it returns.
 * @throws {PosternError} CannotWrite when the kernel refuses
 */
export function writeRecord(tree: Tree, group: GroupName, record: GroupRecord): void {
  const { fs, records } = tree;
  guarded(`${records.path}/${group}`, () => {
    if (Object.values(record).some((part) => part !== undefined))
      replaceFile(tree, records, group, encodeRecord(record), 0o600);
    else if (unless(["ENOENT"], () => fs.lstat(childOf(records, group))) !== undefined) {
      fs.unlink(childOf(records, group));
      fs.sync(records.fd);
    }
  });
}

// ten thousand names as long as S3 allows, with their ETags
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const SCHEMA = v.strictObject({
  version: v.literal(1),
  denied: v.optional(v.strictObject({ since: count, passes: count })),
  held: v.optional(
    v.strictObject({
      since: count,
      why: v.picklist(["verify", "reload", "operator"]),
      sources: v.strictObject({
        source: v.string(),
        shape: v.string(),
        bundle: v.optional(
          v.strictObject({ etag: v.string(), revision: count, replica: v.optional(v.string()) }),
        ),
        // pairs: a secret may have any name, "__proto__" too
        etags: v.array(v.tuple([v.string(), v.string()])),
      }),
    }),
  ),
  unverified: v.optional(v.string()),
  removed: v.optional(v.picklist(["denied", "expired"])),
});

function encodeRecord({ denied, held, unverified, removed }: GroupRecord): Buffer {
  const json = {
    version: 1,
    denied,
    held: held && { ...held, sources: { ...held.sources, etags: [...held.sources.etags] } },
    unverified,
    removed,
  };
  return Buffer.from(`${JSON.stringify(json)}\n`);
}

function parseRecord(bytes: Buffer): GroupRecord {
  const parsed = v.safeParse(SCHEMA, parseJson(bytes));
  if (!parsed.success) return EMPTY_RECORD;
  const { denied, held, removed } = parsed.output;
  const unverified =
    parsed.output.unverified === undefined
      ? undefined
      : parseGenerationId(parsed.output.unverified);
  if (held === undefined) return { denied, held, unverified, removed };
  const entries = held.sources.etags.map(([name, etag]) => ({ name, entry: etag }));
  const { accepted } = judgeNames(entries);
  if (accepted.length !== entries.length) return EMPTY_RECORD;
  const { since, why } = held;
  const { source, shape, bundle } = held.sources;
  const etags = new Map(accepted.map(({ name, entry }) => [name, entry]));
  const sources = { source, shape, bundle, etags };
  return { denied, held: { since, why, sources }, unverified, removed };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
