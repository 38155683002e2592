/** A new set on its way to the disk: room for it, its files, and the last look at S3. @module */
import type { GroupConfig } from "../config/config.ts";
import { untilSent } from "../core/turn.ts";
import { checkBudget } from "../store/budget.ts";
import type { Generation } from "../store/generation.ts";
import { recordRevision } from "../store/revisions.ts";
import type { StagePlan } from "../store/set.ts";
import { discard, stage, type Staged } from "../store/stage.ts";
import { plannedBytes } from "../store/comparison.ts";
import type { CollectedSet } from "./collected.ts";
import type { Host } from "./host.ts";
import { wipeRendered } from "./rendered.ts";
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
 * Stages the plan, and asks S3 meanwhile whether it still holds that set; nothing is left unless it does.
 * - `moved`: S3 holds another one by now.
 * - `tampered`: what was to be kept is no longer what was written.
 *
 * What was rendered is wiped whatever happens.
 * @throws {PosternError} TooLarge, or whatever staging or S3 fail with
 */
export async function stageRendered(
  host: Host,
  group: GroupConfig,
  plan: StagePlan,
  set: CollectedSet,
  current: Generation | undefined,
): Promise<Staged | "moved" | "tampered"> {
  try {
    takeRoom(host, group, plannedBytes(plan, current?.manifest));
    return await stageAndConfirm(host, plan, set, current);
  } finally {
    wipeRendered(plan);
  }
}

/** Groups are staged at the same time: whoever fits takes its room at once. */
function takeRoom({ config, sizes }: Host, group: GroupConfig, bytes: number): void {
  const { name, maxGroupBytes } = group;
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const otherBytes = total - (sizes.get(name) ?? 0);
  const { maxHostBytes } = config.limits;
  checkBudget({ group: name, bytes, maxGroupBytes, otherBytes, maxHostBytes });
  sizes.set(name, bytes);
}

async function stageAndConfirm(
  { tree }: Host,
  plan: StagePlan,
  set: CollectedSet,
  current: Generation | undefined,
): Promise<Staged | "moved" | "tampered"> {
  const [confirming, staging] = await Promise.allSettled([
    set.confirm(),
    // the question is on its way before writing holds the process up
    untilSent().then(() => stage(tree, plan, current)),
  ]);
  if (staging.status === "rejected") throw staging.reason;
  if (staging.value.kind === "tampered") return "tampered";
  const { staged } = staging.value;
  if (confirming.status === "fulfilled" && confirming.value === "same") return staged;
  discard(tree, staged);
  if (confirming.status === "rejected") throw confirming.reason;
  return "moved";
}
