/** What a pass would make of a group's set beside the secrets: rendered files, further paths. @module */
import { destinationsOf } from "../config/destinations.ts";
import type { GroupConfig, PathsConfig } from "../config/config.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { checkBudget } from "../store/budget.ts";
import { plannedBytes } from "../store/comparison.ts";
import { type Expected, type Pending, pendingDestinations } from "../store/pending.ts";
import type { FileSystem } from "../store/file-system.ts";
import { keyedDigest } from "../store/host-key.ts";
import { readJournal } from "../store/journal.ts";
import { filesIn, type ManifestFile } from "../store/manifest.ts";
import type { StagePlan } from "../store/set.ts";
import type { Tree } from "../store/tree.ts";
import { renderSet, wipeRendered } from "./rendered.ts";
import { compareFiles, type Planning, type SecretPlan } from "./shown.ts";
import type { Survey } from "./survey.ts";

export interface FilesPlan {
  /** By their names in the set. */
  readonly rendered: readonly SecretPlan[];
  readonly paths: readonly PathPlan[];
  readonly notes: readonly string[];
}

/** A further path, and what would be done about it. */
export interface PathPlan {
  readonly path: string;
  readonly as: "link" | "copy";
  readonly change: Pending["verdict"]["kind"];
  /** Of one that would be refused. */
  readonly why: string | undefined;
}

export interface FilesRequest {
  readonly fs: FileSystem;
  readonly uid: number;
  readonly paths: PathsConfig;
  readonly group: GroupConfig;
  readonly tree: Tree | undefined;
}

/**
 * @param changes whether a new generation would be made: else nothing is rendered
 * @throws {PosternError} as `renderSet`; TooLarge for more than the group may hold
 */
export async function planFiles(
  request: FilesRequest,
  plan: StagePlan,
  survey: Survey,
  changes: boolean,
): Promise<FilesPlan> {
  const { group, tree } = request;
  const before = survey.generation?.manifest;
  const made = changes ? await renderSet(tree, group, plan, survey) : { plan, notes: [] };
  if (made === "tampered")
    throw new PosternError("NotReady", `group ${quote(group.name)} was changed just now`, {
      hint: "try again",
    });
  const { name, maxGroupBytes } = group;
  try {
    const bytes = plannedBytes(made.plan, before);
    checkBudget({ group: name, bytes, maxGroupBytes, otherBytes: 0, maxHostBytes: Infinity });
    const now: readonly Planning[] = changes ? made.plan.rendered : keptRenders(survey);
    return {
      rendered: compareFiles(group.name, now, before?.rendered ?? [], tree?.hostKey),
      paths: planPaths(request, expectedOf(made.plan, survey, changes, tree?.hostKey)),
      notes: made.notes,
    };
  } finally {
    wipeRendered(made.plan);
  }
}

function keptRenders({ generation }: Survey): readonly Planning[] {
  const rendered = generation?.manifest.rendered ?? [];
  return rendered.map(({ name }) => ({ name, bytes: undefined }));
}

/** What the files will be; undefined where no digest can be made yet. */
function expectedOf(
  { group, access, secrets, rendered }: StagePlan,
  { generation }: Survey,
  changes: boolean,
  hostKey: SecretBytes | undefined,
): Expected {
  const held = generation === undefined ? [] : filesIn(generation.manifest);
  if (!changes) return { group, access, files: held };
  if (hostKey === undefined) return { group, access, files: undefined };
  const known = new Map(held.map((file) => [file.name, file]));
  const files = [...secrets.map(planningOf), ...rendered].flatMap(({ name, bytes }) => {
    if (bytes === undefined) return known.get(name) ?? [];
    const digest = keyedDigest(hostKey, group, name, bytes.expose());
    return [{ name, size: bytes.length, digest } satisfies ManifestFile];
  });
  return { group, access, files };
}

/** A planned secret as it is compared. */
export function planningOf({ name, content }: StagePlan["secrets"][number]): Planning {
  return { name, bytes: content.kind === "fresh" ? content.bytes : undefined };
}

function planPaths(
  { fs, uid, paths, group, tree }: FilesRequest,
  expected: Expected,
): readonly PathPlan[] {
  const sight = tree ?? { fs, uid, hostKey: undefined, run: { path: paths.run } };
  const journal = tree === undefined ? [] : readJournal(tree);
  return pendingDestinations(sight, journal, expected, destinationsOf(group)).map(
    ({ path, as, verdict }) => ({
      path,
      as,
      change: verdict.kind,
      why: verdict.kind === "refused" ? verdict.error.message : undefined,
    }),
  );
}
