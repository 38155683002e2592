/** What a pass would do to a group, found out without writing anything. @module */
import type { GroupConfig, PathsConfig } from "../config/config.ts";
import { type PosternError, toPosternError } from "../core/errors.ts";
import type { GroupName, SecretName } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import { compare } from "../store/comparison.ts";
import type { Drift } from "../store/drift.ts";
import type { Access } from "../store/durable-file.ts";
import { fingerprint, keyedDigest } from "../store/host-key.ts";
import type { Manifest, ManifestSecret } from "../store/manifest.ts";
import type { PlannedSecret, StagePlan } from "../store/set.ts";
import type { Tree } from "../store/tree.ts";
import { collect } from "./collect.ts";
import { wipeSet } from "./collected.ts";
import type { Reach } from "./host.ts";
import { keptSet, planSet, rootBytesOf } from "./planned-set.ts";
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
  /** Owner and mode, where they would change; `before` is undefined before the first generation. */
  readonly access: { readonly before: Access | undefined; readonly after: Access } | undefined;
  /** Whether settings changed that decide where the bytes come from, or how they are opened. */
  readonly sourceChanged: boolean;
  /** What was changed on this host and would be put right. */
  readonly drift: readonly Drift[];
  readonly notes: readonly string[];
}

export interface SecretPlan {
  readonly name: SecretName;
  readonly change: "added" | "changed" | "removed" | "same";
  readonly before: Shown | undefined;
  readonly after: Shown | undefined;
}

/** What may be shown of a value. */
export interface Shown {
  /** In bytes. */
  readonly size: number;
  /**
   * The beginning of an HMAC under this host's key: equal values of one secret have equal ones, and nothing
   * else can be learned from it. Undefined while the host has no key.
   */
  readonly fingerprint: string | undefined;
}

export interface PlanRequest {
  readonly reach: Reach;
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
    const survey = surveyGroup(tree, group, reach.home);
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
  const collected = await collect({ reach, group, known, highestRevision, rootBytes, signal });
  if (collected.kind === "waiting")
    return { kind: "waiting", group: group.name, why: collected.why };
  const set = collected.kind === "set" ? collected : keptSet(survey);
  try {
    const plan = await planSet(reach, group, survey, set);
    const manifest = survey.generation?.manifest;
    const secrets = compareSecrets(plan, manifest, tree?.hostKey);
    const access = compareAccess(plan, manifest);
    const key = tree?.hostKey ?? noKey();
    return {
      kind: "planned",
      group: group.name,
      changes:
        survey.drift.length > 0 || compare({ hostKey: key }, plan, manifest).kind === "changed",
      secrets,
      access,
      sourceChanged:
        manifest !== undefined && manifest.fingerprints.source !== plan.fingerprints.source,
      drift: survey.drift,
      notes: set.notes,
    };
  } finally {
    wipeSet(set.secrets);
  }
}

// where nothing was ever written, all is added, and no digest decides anything
function noKey(): SecretBytes {
  return new SecretBytes(Buffer.alloc(32));
}

function compareSecrets(
  plan: StagePlan,
  manifest: Manifest | undefined,
  hostKey: SecretBytes | undefined,
): readonly SecretPlan[] {
  const before = new Map(manifest?.secrets.map((secret) => [secret.name, secret]));
  const planned = new Set(plan.secrets.map(({ name }) => name));
  const now = plan.secrets.map((secret) =>
    planOne(plan.group, secret, before.get(secret.name), hostKey),
  );
  const gone = [...before.values()]
    .filter(({ name }) => !planned.has(name))
    .map((old): SecretPlan => ({
      name: old.name,
      change: "removed",
      before: shownBefore(old),
      after: undefined,
    }));
  return [...now, ...gone].toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function planOne(
  group: GroupName,
  { name, content }: PlannedSecret,
  old: ManifestSecret | undefined,
  hostKey: SecretBytes | undefined,
): SecretPlan {
  const before = old && shownBefore(old);
  if (content.kind === "kept") return { name, change: "same", before, after: before };
  const bytes = content.bytes.expose();
  const digest = hostKey && keyedDigest(hostKey, group, name, bytes);
  const after = { size: bytes.length, fingerprint: digest && fingerprint(digest) };
  if (old === undefined) return { name, change: "added", before, after };
  return { name, change: digest === old.digest ? "same" : "changed", before, after };
}

function shownBefore({ size, digest }: ManifestSecret): Shown {
  return { size, fingerprint: fingerprint(digest) };
}

function compareAccess(
  { access: after }: StagePlan,
  manifest: Manifest | undefined,
): Planned["access"] {
  const before = manifest?.access;
  const same = before?.uid === after.uid && before.gid === after.gid && before.mode === after.mode;
  return same ? undefined : { before, after };
}
