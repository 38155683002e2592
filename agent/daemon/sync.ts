/** One group's pass: the whole story, from S3 to the files. @module */
import type { GroupConfig } from "../config/config.ts";
import { toPosternError } from "../core/errors.ts";
import type { Changes, DriftFound, GroupOutcome } from "../core/outcome.ts";
import { compare, generationBytes, plannedBytes, renewManifest } from "../store/comparison.ts";
import type { Generation } from "../store/generation.ts";
import { type GroupRecord, type HeldContent, readRecord } from "../store/record.ts";
import { isRepairable, repair } from "../store/repair.ts";
import { finishGroup } from "../store/sweep.ts";
import { collect } from "./collect.ts";
import { type CollectRequest, wipeSet } from "./collected.ts";
import { isStillHeld } from "./held.ts";
import type { Host } from "./host.ts";
import { keptSet, planSet, rootBytesOf } from "./planned-set.ts";
import { releaseGroup } from "./rollback.ts";
import { rememberRevision, stageAndConfirm, takeRoom } from "./staging.ts";
import { distrusting, isDamaged, knownOf, type Survey, surveyGroup } from "./survey.ts";
import { applyChange, resumeChange } from "./transaction.ts";

// who opened a set has this long to finish reading it once another was put in its place
const GRACE_MS = 60_000;

/**
 * Brings one group on this host in step with S3, or leaves it exactly as it was.
 *
 * 1. Survey: what the disk holds, and how much of it still is what was written.
 * 2. Finish what a pass that died left half done.
 * 3. Leave content alone that was rolled back here, for as long as S3 holds it.
 * 4. Collect: ask S3 what changed since, get that, open it.
 * 5. Compare: the same set under the same configuration makes no generation; modes and owners are put right.
 * 6. Check that the set fits, before a byte of it is written.
 * 7. Stage it, while S3 is asked whether it still is the set.
 * 8. Swap it in, as a transaction.
 * 9. Remove what no reader needs any more, also after a pass that changed nothing.
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
  const { tree, home } = host;
  let drift: readonly DriftFound[] = [];
  try {
    const found = surveyGroup(tree, group, home); // (1)
    drift = found.drift;
    const record = readRecord(tree, group.name);
    const current = await resumeChange(host, group, found.generation, record, signal); // (2)
    const survey = current === found.generation ? found : surveyGroup(tree, group, home);
    const outcome =
      (await leaveHeld(host, group, survey, record, signal)) ?? // (3)
      (await pass(host, group, survey, signal));
    finishGroup(tree, group.name, GRACE_MS); // (9)
    return outcome;
  } catch (error) {
    return { kind: "failed", group: group.name, error: toPosternError(error), drift };
  }
}

async function leaveHeld(
  host: Host,
  group: GroupConfig,
  survey: Survey,
  { held }: GroupRecord,
  signal: AbortSignal,
): Promise<GroupOutcome | undefined> {
  const { generation, drift } = survey;
  if (held === undefined || generation === undefined || !isAbout(held, survey)) return undefined;
  if (!(await isStillHeld(questionOf(host, group, survey, signal), held.sources))) return undefined;
  if (isRepairable(drift)) repair(host.tree, generation, drift);
  const facts = { ...factsOf(generation), drift, notes: notesOf(survey, []) };
  return { kind: "held", group: group.name, why: held.why, ...facts };
}

async function pass(
  host: Host,
  group: GroupConfig,
  survey: Survey,
  signal: AbortSignal,
): Promise<GroupOutcome> {
  const { tree } = host;
  const { name } = group;
  const { generation, drift } = survey;
  const question = questionOf(host, group, survey, signal);
  const collected = await collect({ ...question, known: knownOf(survey) }); // (4)
  if (collected.kind === "waiting") return { ...collected, group: name };
  const set = collected.kind === "set" ? collected : keptSet(survey);
  const notes = notesOf(survey, set.notes);
  try {
    const plan = await planSet(host, group, survey, set);
    rememberRevision(host, group, set);
    const comparison = compare(tree, plan, generation?.manifest); // (5)
    if (generation !== undefined && comparison.kind !== "changed" && isRepairable(drift)) {
      repair(tree, generation, drift);
      if (comparison.kind === "renewed") renewManifest(tree, generation, plan);
      releaseGroup(tree, name);
      return { kind: "unchanged", group: name, ...factsOf(generation), drift, notes };
    }
    takeRoom(host, group, plannedBytes(plan, generation?.manifest)); // (6)
    const staged = await stageAndConfirm(host, plan, set, generation); // (7)
    if (staged === "moved") return { kind: "waiting", group: name, why: "moved" };
    if (staged === "tampered") return await pass(host, group, distrusting(survey), signal);
    const isNews = comparison.kind === "changed" || isDamaged(survey);
    const change = { staged, current: generation, isNews };
    const facts = factsOf(await applyChange(host, group, change, signal)); // (8)
    const changes = comparison.kind === "changed" ? comparison.changes : NO_CHANGES;
    return { kind: "changed", group: name, ...facts, drift, changes, notes };
  } finally {
    wipeSet(set.secrets);
  }
}

const NO_CHANGES: Changes = { added: [], changed: [], removed: [] };

function questionOf(
  host: Host,
  group: GroupConfig,
  { highestRevision }: Survey,
  signal: AbortSignal,
): Omit<CollectRequest, "known"> {
  const rootBytes = rootBytesOf(host.config.paths, group);
  return { reach: host, group, highestRevision, rootBytes, signal };
}

/** What was held under other settings may be well under these. */
function isAbout({ sources }: HeldContent, { fingerprints }: Survey): boolean {
  return sources.source === fingerprints.source && sources.shape === fingerprints.shape;
}

function factsOf({ id, manifest }: Generation): {
  readonly generation: string;
  readonly secrets: number;
  readonly bytes: number;
} {
  return { generation: id, secrets: manifest.secrets.length, bytes: generationBytes(manifest) };
}

function notesOf({ drift, refused }: Survey, notes: readonly string[]): readonly string[] {
  const found =
    drift.length === 0 ? [] : [`put right what was changed on this host: ${drift.length}`];
  return [...(refused === undefined ? [] : [refused]), ...found, ...notes];
}
