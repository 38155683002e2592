/** What a pass would do to a group, found out without writing anything. @module */
import type { GroupConfig, PathsConfig } from "../config/config.ts";
import { type PosternError, toPosternError } from "../core/errors.ts";
import type { GroupName } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import { compare } from "../store/comparison.ts";
import type { Drift } from "../store/drift.ts";
import type { Access } from "../store/durable-file.ts";
import type { FileSystem } from "../store/file-system.ts";
import type { Manifest } from "../store/manifest.ts";
import type { StagePlan } from "../store/set.ts";
import type { Tree } from "../store/tree.ts";
import { collect } from "./collect.ts";
import { wipeSet } from "./collected.ts";
import type { Reach } from "./host.ts";
import { type PathPlan, planFiles, planningOf } from "./plan-files.ts";
import { keptSet, planSet, rootBytesOf } from "./planned-set.ts";
import { compareFiles, type SecretPlan } from "./shown.ts";
import { knownOf, type Survey, surveyGroup } from "./survey.ts";

/**
 * - `planned`: what the next pass would do; nothing when all of it is empty.
 * - `waiting`: the publisher is not done.
 * - `failed`: the pass would fail.
 */
export type GroupPlan =
  | Planned
  | { readonly kind: "waiting"; readonly group: GroupName; readonly why: "settling" | "moved" }
  | { readonly kind: "failed"; readonly group: GroupName; readonly error: PosternError };

export interface Planned {
  readonly kind: "planned";
  readonly group: GroupName;
  /** Whether a new generation would be made. */
  readonly changes: boolean;
  /** In the new set, or in the old one if it would go. */
  readonly secrets: readonly SecretPlan[];
  /** Files made from the secrets, by their names in the set. */
  readonly rendered: readonly SecretPlan[];
  /** Outside the trees. */
  readonly paths: readonly PathPlan[];
  /** Owner and mode, where they would change; `before` is undefined before the first generation. */
  readonly access: { readonly before: Access | undefined; readonly after: Access } | undefined;
  /** Whether settings changed that decide where the bytes come from, or how they are opened. */
  readonly sourceChanged: boolean;
  /** What was changed on this host and would be put right. */
  readonly drift: readonly Drift[];
  readonly notes: readonly string[];
}

export interface PlanRequest {
  readonly reach: Reach;
  readonly fs: FileSystem;
  readonly paths: PathsConfig;
  readonly group: GroupConfig;
  /** Open for looking; undefined where nothing was ever written. */
  readonly tree: Tree | undefined;
  /** The pass's deadline. */
  readonly signal: AbortSignal;
}

/** Never throws, as a pass never does. */
export async function planGroup(request: PlanRequest): Promise<GroupPlan> {
  const { reach, group, tree } = request;
  try {
    const survey = await surveyGroup(tree, group, reach);
    return await planSurveyed(request, survey);
  } catch (error) {
    return { kind: "failed", group: group.name, error: toPosternError(error) };
  }
}

async function planSurveyed(request: PlanRequest, survey: Survey): Promise<GroupPlan> {
  const { reach, paths, group, tree, signal } = request;
  const rootBytes = rootBytesOf(paths, group);
  const { highestRevision } = survey;
  const known = knownOf(survey);
  const hasGeneration = survey.generation !== undefined;
  const collected = await collect({
    reach,
    group,
    known,
    hasGeneration,
    highestRevision,
    rootBytes,
    signal,
  });
  if (collected.kind === "waiting")
    return { kind: "waiting", group: group.name, why: collected.why };
  const set = collected.kind === "set" ? collected : keptSet(survey, collected);
  try {
    const plan = await planSet(reach, group, survey, set);
    const manifest = survey.generation?.manifest;
    const { secrets: before = [] } = manifest ?? {};
    const key = tree?.hostKey ?? noKey();
    const changes =
      survey.drift.length > 0 || compare({ hostKey: key }, plan, manifest).kind === "changed";
    const files = { fs: request.fs, uid: reach.uid, paths, group, tree };
    const { rendered, paths: further, notes } = await planFiles(files, plan, survey, changes);
    return {
      kind: "planned",
      group: group.name,
      changes,
      secrets: compareFiles(group.name, plan.secrets.map(planningOf), before, tree?.hostKey),
      rendered,
      paths: further,
      access: compareAccess(plan, manifest),
      sourceChanged:
        manifest !== undefined && manifest.fingerprints.source !== plan.fingerprints.source,
      drift: survey.drift,
      notes: [...set.notes, ...notes],
    };
  } finally {
    wipeSet(set.secrets);
  }
}

// where nothing was ever written, all is added, and no digest decides anything
function noKey(): SecretBytes {
  return new SecretBytes(Buffer.alloc(32));
}

function compareAccess(
  { access: after }: StagePlan,
  manifest: Manifest | undefined,
): Planned["access"] {
  const before = manifest?.access;
  const same = before?.uid === after.uid && before.gid === after.gid && before.mode === after.mode;
  return same ? undefined : { before, after };
}
