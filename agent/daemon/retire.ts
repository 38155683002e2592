/** Takes a group's files away when its configuration says so: access was revoked, or an outage lasted too long. @module */
import type { GroupConfig } from "../config/config.ts";
import type { Standing } from "../core/group-state.ts";
import type { GroupOutcome } from "../core/outcome.ts";
import { type GroupRecord, readRecord, writeRecord } from "../store/record.ts";
import { removeFiles } from "../store/sweep.ts";
import type { Tree } from "../store/tree.ts";
import { denialAfter, isRevoked } from "./standing.ts";

export interface Conclusion {
  readonly outcome: GroupOutcome;
  readonly standing: Standing;
  /** When the pass ended, epoch milliseconds. */
  readonly now: number;
}

/**
 * Remembers how long the group has been denied, and removes every generation, link and copy of it when that, or its
 * age, is past what the configuration allows. By default nothing is ever removed.
 * @throws {PosternError} CannotWrite when the kernel refuses: the next pass tries again
 */
export function retire(
  tree: Tree,
  group: GroupConfig,
  { outcome, standing, now }: Conclusion,
): void {
  const record = readRecord(tree, group.name);
  const denied = denialAfter(record.denied, group, outcome, now);
  const removed = dueFor(group, standing, denied, now);
  if (removed !== undefined) removeFiles(tree, group.name);
  const next: GroupRecord = { ...record, denied, removed: removed ?? record.removed };
  if (denied !== record.denied || next.removed !== record.removed)
    writeRecord(tree, group.name, next);
}

function dueFor(
  { onRevoked, revokeAfterMs, onExpired }: GroupConfig,
  { state }: Standing,
  denied: GroupRecord["denied"],
  now: number,
): GroupRecord["removed"] {
  if (onRevoked === "remove" && state === "denied" && isRevoked(denied, revokeAfterMs, now))
    return "denied";
  return onExpired === "remove" && state === "expired" ? "expired" : undefined;
}
