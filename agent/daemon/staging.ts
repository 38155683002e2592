/** A new set on its way to the disk: room for it, its files, and the last look at S3. @module */
import type { GroupConfig } from "../config/config.ts";
import { checkBudget } from "../store/budget.ts";
import type { Generation } from "../store/generation.ts";
import { recordRevision } from "../store/revisions.ts";
import type { StagePlan } from "../store/set.ts";
import { discard, stage, type Staged } from "../store/stage.ts";
import type { CollectedSet } from "./collected.ts";
import type { Host } from "./host.ts";
import { bundleSource } from "./survey.ts";

/**
 * Once all of a bundle proved sound, and before any of it is used: who dies in between meets the same revision
 * again, which is accepted, and never an older one.
 */
export function rememberRevision(
  { tree, home }: Host,
  group: GroupConfig,
  { bundle }: CollectedSet,
): void {
  const source = bundleSource(group, home);
  if (source !== undefined && bundle !== undefined) recordRevision(tree, source, bundle.revision);
}

/**
 * Groups are staged at the same time: whoever fits takes its room at once.
 * @throws {PosternError} TooLarge
 */
export function takeRoom({ config, sizes }: Host, group: GroupConfig, bytes: number): void {
  const { name, maxGroupBytes } = group;
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const otherBytes = total - (sizes.get(name) ?? 0);
  const { maxHostBytes } = config.limits;
  checkBudget({ group: name, bytes, maxGroupBytes, otherBytes, maxHostBytes });
  sizes.set(name, bytes);
}

/**
 * Stages the plan, and asks S3 meanwhile whether it still holds that set; nothing is left unless it does.
 * - `moved`: S3 holds another one by now.
 * - `tampered`: what was to be kept is no longer what was written.
 * @throws {PosternError} whatever staging or S3 fail with
 */
export async function stageAndConfirm(
  { tree }: Host,
  plan: StagePlan,
  set: CollectedSet,
  current: Generation | undefined,
): Promise<Staged | "moved" | "tampered"> {
  const [staging, confirming] = await Promise.allSettled([
    stage(tree, plan, current),
    set.confirm(),
  ]);
  if (staging.status === "rejected") throw staging.reason;
  if (staging.value.kind === "tampered") return "tampered";
  const { staged } = staging.value;
  if (confirming.status === "fulfilled" && confirming.value === "same") return staged;
  discard(tree, staged);
  if (confirming.status === "rejected") throw confirming.reason;
  return "moved";
}
