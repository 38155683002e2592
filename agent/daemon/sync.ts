/** One group's pass: the whole story, from S3 to the files. @module */
import type { GroupConfig } from "../config/config.ts";
import { toPosternError } from "../core/errors.ts";
import type { Changes, GroupOutcome } from "../core/outcome.ts";
import { checkBudget } from "../store/budget.ts";
import { compare, generationBytes, plannedBytes, renewManifest } from "../store/comparison.ts";
import type { Generation } from "../store/generation.ts";
import type { StagePlan } from "../store/set.ts";
import { discard, stage, type Staged } from "../store/stage.ts";
import { swap } from "../store/swap.ts";
import { finishGroup } from "../store/sweep.ts";
import { collect } from "./collect.ts";
import { type CollectedSet, wipeSet } from "./collected.ts";
import type { Host } from "./host.ts";
import { keptSet, planSet, rootBytesOf } from "./planned-set.ts";
import { bundleSource, distrusting, type Survey, surveyGroup } from "./survey.ts";
import { recordRevision } from "../store/revisions.ts";

// who opened a set has this long to finish reading it once another was put in its place
const GRACE_MS = 60_000;

/**
 * Brings one group on this host in step with S3, or leaves it exactly as it was.
 *
 * 1. Survey: what the disk holds, and how much of it still is what was written.
 * 2. Collect: ask S3 what changed since, get that, open it.
 * 3. Compare: the same set under the same configuration makes no generation.
 * 4. Check that the set fits, before a byte of it is written.
 * 5. Stage it, while S3 is asked whether it still is the set.
 * 6. Swap.
 * 7. Finish: remove what no reader needs any more, also after a pass that changed nothing.
 *
 * Never throws: whatever goes wrong is this group's outcome, and no other group's trouble.
 *
 * @param signal the pass's deadline
 */
export async function syncGroup(
  host: Host,
  group: GroupConfig,
  signal: AbortSignal,
): Promise<GroupOutcome> {
  try {
    const survey = surveyGroup(host.tree, group, host.home); // (1)
    const outcome = await pass(host, group, survey, signal);
    finishGroup(host.tree, group.name, GRACE_MS); // (7)
    return outcome;
  } catch (error) {
    return { kind: "failed", group: group.name, error: toPosternError(error) };
  }
}

async function pass(
  host: Host,
  group: GroupConfig,
  survey: Survey,
  signal: AbortSignal,
): Promise<GroupOutcome> {
  const { tree } = host;
  const { generation, drift } = survey;
  const rootBytes = rootBytesOf(host.config.paths, group);
  const collected = await collect({ reach: host, group, survey, rootBytes, signal }); // (2)
  if (collected.kind === "waiting") return { ...collected, group: group.name };
  const set = collected.kind === "set" ? collected : keptSet(survey);
  try {
    const plan = await planSet(host, group, survey, set);
    rememberRevision(host, group, set);
    const comparison = compare(tree, plan, generation?.manifest); // (3)
    if (generation !== undefined && drift.length === 0 && comparison.kind !== "changed") {
      if (comparison.kind === "renewed") renewManifest(tree, generation, plan);
      return { kind: "unchanged", group: group.name, ...factsOf(generation), notes: set.notes };
    }
    takeRoom(host, group, plannedBytes(plan, generation?.manifest)); // (4)
    const staged = await stageAndConfirm(host, plan, set, generation); // (5)
    if (staged === "moved") return { kind: "waiting", group: group.name, why: "moved" };
    if (staged === "tampered") return await pass(host, group, distrusting(survey), signal);
    const changes = comparison.kind === "changed" ? comparison.changes : NO_CHANGES;
    const facts = factsOf(swap(tree, staged)); // (6)
    return { kind: "changed", group: group.name, ...facts, changes, notes: notesOf(survey, set) };
  } finally {
    wipeSet(set.secrets);
  }
}

const NO_CHANGES: Changes = { added: [], changed: [], removed: [] };

/**
 * Once all of a bundle proved sound, and before any of it is used: who dies in between meets the same revision
 * again, which is accepted, and never an older one.
 */
function rememberRevision(
  { tree, home }: Host,
  group: GroupConfig,
  { bundle }: CollectedSet,
): void {
  const source = bundleSource(group, home);
  if (source !== undefined && bundle !== undefined) recordRevision(tree, source, bundle.revision);
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

function factsOf({ id, manifest }: Generation): {
  readonly generation: string;
  readonly secrets: number;
  readonly bytes: number;
} {
  return { generation: id, secrets: manifest.secrets.length, bytes: generationBytes(manifest) };
}

function notesOf({ drift, refused }: Survey, { notes }: CollectedSet): readonly string[] {
  const repaired =
    drift.length === 0 ? [] : [`put right what was changed on this host: ${drift.length}`];
  return [...(refused === undefined ? [] : [refused]), ...repaired, ...notes];
}
