/** Where a group stands after a pass, and how long it has been denied. Pure. @module */
import { isRevocation } from "../aws/failure.ts";
import type { GroupConfig } from "../config/config.ts";
import type { PosternError } from "../core/errors.ts";
import {
  afterFailure,
  afterSuccess,
  type FailureKind,
  failureKindOf,
  type Standing,
} from "../core/group-state.ts";
import type { GroupOutcome } from "../core/outcome.ts";
import type { Denial } from "../store/record.ts";

/** @param now when the pass ended, epoch milliseconds */
export function standingAfter(
  before: Standing | undefined,
  { maxAgeMs, layout }: Pick<GroupConfig, "maxAgeMs" | "layout">,
  outcome: GroupOutcome,
  now: number,
): Standing {
  switch (outcome.kind) {
    case "unchanged":
    case "changed":
      return afterSuccess(now, maxAgeMs);
    case "held": {
      const { lastSuccess, freshUntil } = before ?? NEVER;
      return { state: outcome.why === "verify" ? "rejected" : "held", lastSuccess, freshUntil };
    }
    case "waiting":
      return afterFailure(before, "waiting", now, maxAgeMs);
    case "failed":
      return afterFailure(before, kindOf(outcome.error, layout.kind === "bundle"), now, maxAgeMs);
    default:
      return outcome satisfies never;
  }
}

/**
 * How long the group has been denied, counting this pass: undefined once a pass got through. An outage in between
 * says nothing about the denial, which then neither ends nor counts.
 */
export function denialAfter(
  before: Denial | undefined,
  { layout }: Pick<GroupConfig, "layout">,
  outcome: GroupOutcome,
  now: number,
): Denial | undefined {
  if (outcome.kind !== "failed") return outcome.kind === "waiting" ? before : undefined;
  const kind = kindOf(outcome.error, layout.kind === "bundle");
  if (kind === "outage" || kind === "local") return before;
  if (kind !== "denied") return undefined;
  // a clock that was set back would make it last for ever, or not at all
  const since = Math.min(before?.since ?? now, now);
  return { since, passes: (before?.passes ?? 0) + 1 };
}

// a typo in a policy is often noticed within one pass or two
const MIN_DENIED_PASSES = 3;

/** Whether a denial has lasted for as long as the group's `revoke_after` and three passes at least. */
export function isRevoked(denial: Denial | undefined, revokeAfterMs: number, now: number): boolean {
  if (denial === undefined || denial.passes < MIN_DENIED_PASSES) return false;
  return now - denial.since >= revokeAfterMs;
}

const NEVER = { lastSuccess: undefined, freshUntil: undefined };

// a bundle that is gone is a group that was taken away; a missing key among others is not
function kindOf(error: PosternError, isBundle: boolean): FailureKind {
  const taken = isRevocation(error) || (isBundle && error.awsCode === "NoSuchKey");
  return taken ? "denied" : failureKindOf(error.code);
}
