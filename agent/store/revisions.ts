/**
 * `revisions.json`: the highest revision seen of each bundle, so that an old one is not taken for news.
 *
 * Kept with the state that survives a reboot. Losing it means trust on first use again; so a file that cannot
 * be believed is a fault, not a fresh start.
 * @module
 */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import { type BucketName, type GroupName, quote, type S3Key } from "../core/names.ts";
import { readOwnFile, replaceFile } from "./durable-file.ts";
import { guarded } from "./fault.ts";
import { REVISIONS } from "./layout.ts";
import type { Tree } from "./tree.ts";

/** The object that holds a group's bundle, in its home bucket. */
export interface BundleSource {
  readonly group: GroupName;
  readonly bucket: BucketName;
  readonly key: S3Key;
}

/**
 * The highest revision seen of the bundle, or undefined for one that was never seen.
 * @throws {PosternError} UnsafeTree or BadData when the file cannot be believed
 */
export function highestRevision(tree: Tree, source: BundleSource): number | undefined {
  return readRevisions(tree).get(label(source));
}

/**
 * Remembers that `revision` was seen; a lower one than before changes nothing. Durable when it returns.
 * @throws {PosternError} CannotWrite when the kernel refuses; else as `highestRevision`
 */
export function recordRevision(tree: Tree, source: BundleSource, revision: number): void {
  const revisions = new Map(readRevisions(tree));
  if ((revisions.get(label(source)) ?? -1) >= revision) return;
  revisions.set(label(source), revision);
  writeRevisions(tree, revisions);
}

/**
 * Forgets what was seen of the bundle: the next revision is trusted whatever it is. Throws as `recordRevision`.
 */
export function forgetRevision(tree: Tree, source: BundleSource): void {
  const revisions = new Map(readRevisions(tree));
  if (revisions.delete(label(source))) writeRevisions(tree, revisions);
}

function writeRevisions(tree: Tree, revisions: ReadonlyMap<string, number>): void {
  const bytes = Buffer.from(
    `${JSON.stringify({ version: 1, revisions: Object.fromEntries(revisions) }, undefined, 2)}\n`,
  );
  guarded(`${tree.state.path}/${REVISIONS}`, () =>
    replaceFile(tree, tree.state, REVISIONS, bytes, 0o600),
  );
}

const SCHEMA = v.strictObject({
  version: v.literal(1),
  revisions: v.record(v.string(), v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
});

const MAX_BYTES = 4 * 1024 * 1024;

function readRevisions(tree: Tree): ReadonlyMap<string, number> {
  const { fs, state, uid } = tree;
  const path = `${state.path}/${REVISIONS}`;
  const rules = { uid, maxBytes: MAX_BYTES, readable: "by owner" } as const;
  const bytes = guarded(path, () => readOwnFile(fs, state, REVISIONS, rules));
  if (bytes === undefined) return new Map();
  const parsed = v.safeParse(SCHEMA, parseJson(bytes.toString("utf8")));
  if (parsed.success) return new Map(Object.entries(parsed.output.revisions));
  throw new PosternError("BadData", `${quote(path)} is not what postern wrote`, {
    hint: "remove it to trust on first use again: until then an older bundle could be replayed",
  });
}

/** What tells bundles apart: none of the three holds a space but the key, which comes last. */
function label({ group, bucket, key }: BundleSource): string {
  return `${group} ${bucket} ${key}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
