/** A change of a group as a transaction: what is staged is checked, swapped in, verified, and swapped back. @module */
import type { GroupConfig } from "../config/config.ts";
import { PosternError } from "../core/errors.ts";
import type { Generation } from "../store/generation.ts";
import { oweReload, owedReload, settleReload } from "../store/owed.ts";
import { type GroupRecord, readRecord, writeRecord } from "../store/record.ts";
import { discard, type Staged } from "../store/stage.ts";
import { swap } from "../store/swap.ts";
import type { GenerationId } from "../store/target.ts";
import type { Host } from "./host.ts";
import { placeFiles } from "./placing.ts";
import { resumeRollback, rollBack } from "./rollback.ts";

/** What is swapped in, and what is known of the group before that. */
export interface Change {
  readonly staged: Staged;
  /** The generation that it replaces; undefined for the group's first. */
  readonly current: Generation | undefined;
  /** Whether readers of `current` have seen other bytes than the new set's, or may have. */
  readonly isNews: boolean;
}

export interface Applied {
  readonly generation: Generation;
  /** What a person should know. */
  readonly notes: readonly string[];
}

/**
 * Swaps a staged set in, unless its check or verification fails: then what was current stays, or comes back.
 *
 * 1. Check what is staged, where nobody reads it yet.
 * 2. Write down that it is not verified, and that a reload is owed. Who dies after the swap owes both.
 * 3. Swap.
 * 4. Place its further paths, which the verification may read.
 * 5. Verify, by the stable path. A first generation that fails stays, since nothing was there before it.
 * 6. Write down that it is verified.
 *
 * A group's first generation owes no reload: nobody can have read another one. One that was removed does.
 *
 * @throws {PosternError} CheckFailed, or CannotWrite when the kernel refuses
 */
export async function applyChange(
  host: Host,
  group: GroupConfig,
  { staged, current, isNews }: Change,
  signal: AbortSignal,
): Promise<Applied> {
  const { tree, judge } = host;
  const { name, onChange } = group;
  try {
    if (onChange.check !== undefined) await judge.check(group, staged.path, signal); // (1)
  } catch (error) {
    discard(tree, staged);
    throw error;
  }
  const record = readRecord(tree, name);
  const unverified = onChange.verify === undefined ? undefined : staged.id;
  const isOwed = isNews && (current !== undefined || record.removed !== undefined);
  const owedBefore = owedReload(tree, name);
  if (changes(record, { held: undefined, unverified, removed: undefined }))
    writeRecord(tree, name, { ...record, held: undefined, unverified, removed: undefined }); // (2)
  const owes = isOwed && oweTo(host, group, staged);
  const generation = swap(tree, staged); // (3)
  try {
    const notes = placeFiles(tree, group, generation); // (4)
    await verifyCurrent(host, group, unverified, signal); // (5), (6)
    return { generation, notes };
  } catch (error) {
    // what is back needs no reload for having been away; what it owed before is owed on
    if (owes && readRecord(tree, name).held !== undefined) {
      if (owedBefore === undefined) settleReload(tree, name);
      else oweReload(tree, name, owedBefore);
    }
    throw error;
  }
}

/** Owes those who use the group a reload, if this host reloads at all and the group names one: whether it does. */
export function oweTo(
  { tree, owesReloads }: Host,
  group: GroupConfig,
  { id }: Pick<Generation, "id">,
): boolean {
  if (!owesReloads || group.onChange.reload === undefined) return false;
  oweReload(tree, group.name, id);
  return true;
}

export interface Resumed {
  /** What is current now. */
  readonly current: Generation | undefined;
  /** Why it fails its verification, and stays: nothing was there before it. Another set may take its place. */
  readonly refused?: PosternError;
}

/**
 * What a pass that died left half done: a rollback is finished, a verification is made up for.
 * @param current as it is on the disk
 * @throws {PosternError} CheckFailed when it failed, and what was before it is back; CannotWrite
 */
export async function resumeChange(
  host: Host,
  group: GroupConfig,
  current: Generation | undefined,
  { held, unverified }: GroupRecord,
  signal: AbortSignal,
): Promise<Resumed> {
  if (current === undefined) return { current };
  if (held !== undefined) return { current: resumeRollback(host.tree, current, held) };
  if (unverified !== current.id) return { current };
  placeFiles(host.tree, group, current);
  try {
    await verifyCurrent(host, group, unverified, signal);
    return { current };
  } catch (error) {
    const stays = readRecord(host.tree, group.name).unverified === current.id;
    if (isRefusal(error) && stays) return { current, refused: error };
    throw error;
  }
}

async function verifyCurrent(
  { tree, judge }: Host,
  group: GroupConfig,
  unverified: GenerationId | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (unverified === undefined) return;
  const { name } = group;
  try {
    // a config that lost its verification meanwhile has nothing to ask
    if (group.onChange.verify !== undefined) await judge.verify(group, signal);
  } catch (error) {
    // a pass that ran out of time says nothing about the set: the next one asks again
    if (isRefusal(error)) rollBack(tree, group, "verify");
    throw error;
  }
  writeRecord(tree, name, { ...readRecord(tree, name), unverified: undefined });
}

function isRefusal(error: unknown): error is PosternError {
  return error instanceof PosternError && error.code === "CheckFailed";
}

function changes(record: GroupRecord, next: Partial<GroupRecord>): boolean {
  const { held, unverified, removed } = { ...record, ...next };
  return held !== record.held || unverified !== record.unverified || removed !== record.removed;
}
