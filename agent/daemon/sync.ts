/** One group's pass: the whole story, from S3 to the files. @module */
import type { GroupConfig } from "../config/config.ts";
import { toPosternError } from "../core/errors.ts";
import type { Changes, DriftFound, GroupOutcome } from "../core/outcome.ts";
import { compare, generationBytes, renewManifest } from "../store/comparison.ts";
import type { Generation } from "../store/generation.ts";
import { type GroupRecord, type HeldContent, readRecord } from "../store/record.ts";
import { isRepairable, repair } from "../store/repair.ts";
import { finishGroup } from "../store/sweep.ts";
import { collect } from "./collect.ts";
import { type CollectRequest, wipeSet } from "./collected.ts";
import { isStillHeld } from "./held.ts";
import type { Host } from "./host.ts";
import { placeFiles } from "./placing.ts";
import { keptSet, planSet, rootBytesOf } from "./planned-set.ts";
import { releaseGroup } from "./rollback.ts";
import { rememberRevision, stageRendered } from "./staging.ts";
import { distrusting, isDamaged, knownOf, type Survey, surveyGroup } from "./survey.ts";
import { applyChange, oweTo, resumeChange } from "./transaction.ts";
import { renderSet } from "./rendered.ts";

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
 * 6. Render what is made from the whole set.
 * 7. Check that all of it fits, before a byte of it is written.
 * 8. Stage it, while S3 is asked whether it still is the set.
 * 9. Swap it in, as a transaction.
 * 10. Place the set's further paths, also when it is unchanged: they may have been, on this host.
 * 11. Remove what no reader needs any more, also after a pass that changed nothing.
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
  const outcome = await bringInStep(host, group, signal);
  try {
    finishGroup(host.tree, group.name, GRACE_MS); // (11)
  } catch (error) {
    if (outcome.kind !== "failed")
      return { kind: "failed", group: group.name, error: toPosternError(error) };
  }
  return outcome;
}

async function bringInStep(
  host: Host,
  group: GroupConfig,
  signal: AbortSignal,
): Promise<GroupOutcome> {
  const { tree } = host;
  let drift: readonly DriftFound[] = [];
  try {
    const found = await surveyGroup(tree, group, host); // (1)
    drift = found.drift;
    const record = readRecord(tree, group.name);
    const resumed = await resumeChange(host, group, found.generation, record, signal); // (2)
    const { current, refused } = resumed;
    const survey = current === found.generation ? found : await surveyGroup(tree, group, host);
    const outcome =
      (await leaveHeld(host, group, survey, record, signal)) ?? // (3)
      (await pass(host, group, survey, signal));
    const isStill = outcome.kind === "unchanged" && refused !== undefined;
    return isStill ? { kind: "failed", group: group.name, error: refused, drift } : outcome;
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
  const canRepair = isRepairable(drift);
  if (canRepair) repairInPlace(host, group, generation, drift);
  const placed = placeFiles(host.tree, group, generation);
  // its content is nowhere but here
  const left = `left what was changed on this host, since S3 holds another set: ${drift.length}`;
  const notes = canRepair ? notesOf(survey, placed) : [left, ...placed];
  const facts = { ...factsOf(generation), drift, notes };
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
  const set = collected.kind === "set" ? collected : keptSet(survey, collected);
  const notes = notesOf(survey, set.notes);
  try {
    const plan = await planSet(host, group, survey, set);
    rememberRevision(host, group, set);
    const comparison = compare(tree, plan, generation?.manifest); // (5)
    if (generation !== undefined && comparison.kind !== "changed" && isRepairable(drift)) {
      repairInPlace(host, group, generation, drift);
      if (comparison.kind === "renewed") renewManifest(tree, generation, plan);
      releaseGroup(tree, name);
      const placed = placeFiles(tree, group, generation); // (10)
      const { from } = set;
      const facts = { ...factsOf(generation), from, drift, notes: [...notes, ...placed] };
      return { kind: "unchanged", group: name, ...facts };
    }
    const rendered = await renderSet(tree, group, plan, survey); // (6)
    if (rendered === "tampered") return await pass(host, group, distrusting(survey), signal);
    const staged = await stageRendered(host, group, rendered.plan, set, generation); // (7), (8)
    if (staged === "moved") return { kind: "waiting", group: name, why: "moved" };
    if (staged === "tampered") return await pass(host, group, distrusting(survey), signal);
    const isDrift = drift.length > 0 && group.onChange.onDrift;
    const isNews = comparison.kind === "changed" || isDamaged(survey) || isDrift;
    const change = { staged, current: generation, isNews };
    const applied = await applyChange(host, group, change, signal); // (9), (10)
    const changes = comparison.kind === "changed" ? comparison.changes : NO_CHANGES;
    const said = [...notes, ...rendered.notes, ...applied.notes];
    const facts = { ...factsOf(applied.generation), from: set.from, drift, notes: said };
    return { kind: "changed", group: name, ...facts, changes };
  } finally {
    wipeSet(set.secrets);
  }
}

/** Modes and owners; told of like a change if the configuration says so. */
function repairInPlace(
  host: Host,
  group: GroupConfig,
  generation: Generation,
  drift: readonly DriftFound[],
): void {
  repair(host.tree, generation, drift);
  if (drift.length > 0 && group.onChange.onDrift) oweTo(host, group, generation);
}

const NO_CHANGES: Changes = { added: [], changed: [], removed: [] };

function questionOf(
  host: Host,
  group: GroupConfig,
  { highestRevision, generation }: Survey,
  signal: AbortSignal,
): Omit<CollectRequest, "known"> {
  const rootBytes = rootBytesOf(host.config.paths, group);
  const hasGeneration = generation !== undefined;
  return { reach: host, group, hasGeneration, highestRevision, rootBytes, signal };
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
