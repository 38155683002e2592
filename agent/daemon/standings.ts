/** Writes down where groups stand after a pass: `state/GROUP` for shells, `status.json` for all else. @module */
import { isRevocation } from "../aws/failure.ts";
import type { Config, GroupConfig } from "../config/config.ts";
import { exitCodeOf, type PosternError } from "../core/errors.ts";
import {
  afterFailure,
  afterSuccess,
  type FailureKind,
  failureKindOf,
  type Standing,
} from "../core/group-state.ts";
import type { GroupOutcome } from "../core/outcome.ts";
import {
  encodeStatus,
  type GroupStatus,
  mergeStatus,
  parseStatus,
  type Status,
  type StatusError,
} from "../observe/status.ts";
import { generationBytes } from "../store/comparison.ts";
import { type Generation, readCurrent } from "../store/generation.ts";
import { readState, readStatus, writeState, writeStatus } from "../store/state.ts";
import type { Tree } from "../store/tree.ts";

/**
 * Writes down what `outcomes` mean, each after what was written down before, and answers with the whole status.
 * @param now when the pass ended, epoch milliseconds
 * @throws {PosternError} CannotWrite when the kernel refuses
 */
export function writeStandings(
  tree: Tree,
  config: Config,
  outcomes: readonly GroupOutcome[],
  now: number,
): Status {
  const after = config.groups.flatMap((group) => {
    const outcome = outcomes.find(({ group: name }) => name === group.name);
    if (outcome !== undefined) return writeStanding(tree, group, outcome, now);
    // a group that no pass has reached yet is not ready, rather than unknown
    return readState(tree, group.name) === undefined ? writePending(tree, group) : [];
  });
  const order = config.groups.map(({ name }) => name);
  const status = mergeStatus(previousStatus(tree), after, order, now);
  writeStatus(tree, encodeStatus(status));
  return status;
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

function writeStanding(
  tree: Tree,
  group: GroupConfig,
  outcome: GroupOutcome,
  now: number,
): GroupStatus {
  const standing = standingAfter(readState(tree, group.name)?.standing, group, outcome, now);
  return writeDown(tree, group, standing, outcome.kind === "failed" ? outcome.error : undefined);
}

function writePending(tree: Tree, group: GroupConfig): GroupStatus {
  const standing = { state: "pending", lastSuccess: undefined, freshUntil: undefined } as const;
  return writeDown(tree, group, standing, undefined);
}

function writeDown(
  tree: Tree,
  group: GroupConfig,
  standing: Standing,
  error: PosternError | undefined,
): GroupStatus {
  const current = readCurrent(tree, group.name);
  const generation = current.kind === "generation" ? current.generation : undefined;
  writeState(tree, group.name, { standing, generation: generation?.id });
  return statusOf(group, standing, generation, error);
}

function standingAfter(
  before: Standing | undefined,
  { maxAgeMs, layout }: GroupConfig,
  outcome: GroupOutcome,
  now: number,
): Standing {
  switch (outcome.kind) {
    case "unchanged":
    case "changed":
      return afterSuccess(now, maxAgeMs);
    case "waiting":
      return afterFailure(before, "waiting", now);
    case "failed":
      return afterFailure(before, kindOf(outcome.error, layout.kind === "bundle"), now);
    default:
      return outcome satisfies never;
  }
}

// a bundle that is gone is a group that was taken away; a missing key among others is not
function kindOf(error: PosternError, isBundle: boolean): FailureKind {
  const taken = isRevocation(error) || (isBundle && error.awsCode === "NoSuchKey");
  return taken ? "denied" : failureKindOf(error.code);
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
    error: error === undefined ? null : statusError(error),
  };
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function statusError({ code, message, hint }: PosternError): StatusError {
  return { code, message, hint: hint ?? null, exitCode: exitCodeOf(code) };
}
