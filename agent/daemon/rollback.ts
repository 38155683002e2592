/** Back to the generation before the current one, which is then held. @module */
import type { GroupConfig } from "../config/config.ts";
import type { GroupName } from "../core/names.ts";
import { attempt } from "../store/fault.ts";
import { type Generation, readCurrent, readGeneration } from "../store/generation.ts";
import {
  type HeldContent,
  type HeldSources,
  readRecord,
  sourcesOf,
  writeRecord,
} from "../store/record.ts";
import { swap } from "../store/swap.ts";
import type { Tree } from "../store/tree.ts";
import { placeFiles } from "./placing.ts";

/**
 * - `back`: `to` is current again; what was current is not applied any more until it changes.
 * - `nothing`: there is no generation, or none before it on this host, or what is current is there because of a
 *   rollback: going back further would lead to a set that nobody chose.
 */
export type RolledBack =
  | { readonly kind: "back"; readonly from: Generation; readonly to: Generation }
  | { readonly kind: "nothing" };

/**
 * Swaps the group back. The record is written first: a process that dies in between leaves the content held and
 * still in place, which `resumeRollback` finishes.
 * @throws {PosternError} CannotWrite when the kernel refuses
 */
export function rollBack(tree: Tree, group: GroupConfig, why: HeldContent["why"]): RolledBack {
  const { name } = group;
  const current = readCurrent(tree, name);
  if (current.kind !== "generation") return { kind: "nothing" };
  const from = current.generation;
  const record = readRecord(tree, name);
  const to = previousOf(tree, from);
  if (to === undefined || record.held !== undefined) return { kind: "nothing" };
  const held: HeldContent = { since: tree.clock.now(), why, sources: sourcesOf(from.manifest) };
  writeRecord(tree, name, { ...record, held, unverified: undefined });
  swap(tree, to);
  // a path that cannot be placed is told of by the next pass
  attempt(() => placeFiles(tree, group, to));
  return { kind: "back", from, to };
}

/**
 * Finishes a rollback that died half way: the held content is still in place.
 * @returns what is current now
 */
export function resumeRollback(tree: Tree, current: Generation, held: HeldContent): Generation {
  if (!sameSources(sourcesOf(current.manifest), held.sources)) return current;
  const to = previousOf(tree, current);
  return to === undefined ? current : swap(tree, to);
}

/** Lets content that was rolled back be applied again. @throws {PosternError} CannotWrite when the kernel refuses */
export function releaseGroup(tree: Tree, group: GroupName): void {
  const record = readRecord(tree, group);
  if (record.held !== undefined) writeRecord(tree, group, { ...record, held: undefined });
}

/** Whether both were made from the same objects under the same settings. */
function sameSources(one: HeldSources, other: HeldSources): boolean {
  if (one.source !== other.source || one.shape !== other.shape) return false;
  if (one.bundle?.etag !== other.bundle?.etag || one.bundle?.revision !== other.bundle?.revision)
    return false;
  if (one.etags.size !== other.etags.size) return false;
  return [...one.etags].every(([name, etag]) => other.etags.get(name) === etag);
}

function previousOf(tree: Tree, { manifest }: Generation): Generation | undefined {
  const { group, previous } = manifest;
  return previous === undefined ? undefined : readGeneration(tree, group, previous);
}
