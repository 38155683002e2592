/** Writes down where groups stand after a pass: `state/GROUP` for shells, `status.json` for all else. @module */
import type { Config, GroupConfig } from "../config/config.ts";
import { type PosternError, toPosternError } from "../core/errors.ts";
import type { Standing } from "../core/group-state.ts";
import type { GroupName } from "../core/names.ts";
import type { GroupOutcome } from "../core/outcome.ts";
import {
  encodeStatus,
  type GroupStatus,
  mergeStatus,
  parseStatus,
  type Status,
  statusError,
} from "../observe/status.ts";
import { generationBytes } from "../store/comparison.ts";
import { type Generation, readCurrent } from "../store/generation.ts";
import { owedReload } from "../store/owed.ts";
import { readState, readStatus, writeState, writeStatus } from "../store/state.ts";
import type { Tree } from "../store/tree.ts";
import { retire } from "./retire.ts";
import { standingAfter } from "./standing.ts";

export interface Standings {
  readonly status: Status;
  /** As they came, but failed where the group's own standing could not be written down. */
  readonly outcomes: readonly GroupOutcome[];
}

/**
 * Writes down what `outcomes` mean, each after what was written down before. What stands in the way of one
 * group's standing is that group's failure, and no other's.
 * @param now when the pass ended, epoch milliseconds
 * @throws {PosternError} CannotWrite when the kernel refuses status.json
 */
export function writeStandings(
  tree: Tree,
  config: Config,
  outcomes: readonly GroupOutcome[],
  now: number,
): Standings {
  const written = config.groups.flatMap((group): readonly Written[] => {
    const outcome = outcomes.find(({ group: name }) => name === group.name);
    const before = previousStanding(tree, group.name);
    if (outcome !== undefined) return [concludePass(tree, group, before, outcome, now)];
    // a group that no pass has reached yet is not ready, rather than unknown
    return before === undefined ? [writeDown(tree, group, PENDING, undefined)] : [];
  });
  const order = config.groups.map(({ name }) => name);
  const after = written.map(({ status }) => status);
  const merged = mergeStatus(previousStatus(tree), after, order, now);
  const status = { ...merged, groups: merged.groups.map((group) => withDebt(tree, config, group)) };
  writeStatus(tree, encodeStatus(status));
  const faults = new Map(written.map(({ group, error }) => [group, error]));
  return { status, outcomes: outcomes.map((outcome) => withFault(outcome, faults)) };
}

/** What a group owes its users can change without a pass; who is no longer to be told is owed nothing. */
function withDebt(tree: Tree, { groups }: Config, status: GroupStatus): GroupStatus {
  const known = groups.find(({ name }) => name === status.group);
  const isTold = known?.onChange.reload !== undefined;
  return { ...status, reloadOwed: isTold && owedReload(tree, known.name) !== undefined };
}

/** The status as the last pass left it; undefined if there is none, or none to believe. */
export function previousStatus(tree: Tree): Status | undefined {
  try {
    const text = readStatus(tree);
    return text === undefined ? undefined : parseStatus(text);
  } catch {
    // whatever is there is about to be replaced
    return undefined;
  }
}

const PENDING: Standing = { state: "pending", lastSuccess: undefined, freshUntil: undefined };

/** Undefined where there is none to believe: whatever is there is about to be replaced. */
export function previousStanding(tree: Tree, group: GroupName): Standing | undefined {
  try {
    return readState(tree, group)?.standing;
  } catch {
    return undefined;
  }
}

/** What the pass means for the group: where it stands now, and whether its files may stay. */
function concludePass(
  tree: Tree,
  group: GroupConfig,
  before: Standing | undefined,
  outcome: GroupOutcome,
  now: number,
): Written {
  const standing = standingAfter(before, group, outcome, now);
  let error = errorOf(outcome);
  try {
    retire(tree, group, { outcome, standing, now });
  } catch (obstacle) {
    error ??= toPosternError(obstacle);
  }
  return writeDown(tree, group, standing, error);
}

interface Written {
  readonly group: GroupName;
  readonly status: GroupStatus;
  readonly error: PosternError | undefined;
}

function writeDown(
  tree: Tree,
  group: GroupConfig,
  standing: Standing,
  failure: PosternError | undefined,
): Written {
  let generation: Generation | undefined;
  let error = failure;
  try {
    const current = readCurrent(tree, group.name);
    if (current.kind === "generation") generation = current.generation;
  } catch (obstacle) {
    error ??= toPosternError(obstacle);
  }
  try {
    writeState(tree, group.name, { standing, generation: generation?.id });
  } catch (obstacle) {
    error ??= toPosternError(obstacle);
  }
  return { group: group.name, status: statusOf(group, standing, generation, error), error };
}

function errorOf(outcome: GroupOutcome): PosternError | undefined {
  return outcome.kind === "failed" ? outcome.error : undefined;
}

function withFault(
  outcome: GroupOutcome,
  faults: ReadonlyMap<GroupName, PosternError | undefined>,
): GroupOutcome {
  const error = faults.get(outcome.group);
  return error === undefined ? outcome : { kind: "failed", group: outcome.group, error };
}

function statusOf(
  group: GroupConfig,
  { state, lastSuccess, freshUntil }: Standing,
  generation: Generation | undefined,
  error: PosternError | undefined,
): GroupStatus {
  return {
    group: group.name,
    state,
    generation: generation?.id ?? null,
    secrets: generation?.manifest.secrets.length ?? null,
    bytes: generation === undefined ? null : generationBytes(generation.manifest),
    lastSuccess: isoTime(lastSuccess),
    freshUntil: isoTime(freshUntil),
    reloadOwed: false,
    error: error === undefined ? null : statusError(error),
  };
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
