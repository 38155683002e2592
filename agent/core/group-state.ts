/**
 * Where a group stands, and how a pass changes it.
 *
 * Pure: the same rules serve `fetch`, which runs once, and a daemon that runs for the life of the host.
 * @module
 */
import type { ErrorCode } from "./errors.ts";

/**
 * - `fresh`: the last pass found the set on disk to be the set in S3.
 * - `stale`: an outage, still within `max_age`; the last good files serve on.
 * - `expired`: an outage past `max_age`; the files stay, and everything says so.
 * - `denied`: AWS refused this host's role; the files stay until the config says otherwise.
 * - `rejected`: what came was refused (bad name, too large, not as declared, undecryptable); the old set stays.
 * - `held`: rolled back on this host, until the content changes.
 * - `pending`: no pass has ever succeeded.
 */
export type GroupState = (typeof GROUP_STATES)[number];

export const GROUP_STATES = [
  "fresh",
  "stale",
  "expired",
  "denied",
  "rejected",
  "held",
  "pending",
] as const;

/** What is remembered of a group between passes. Times in epoch milliseconds. */
export interface Standing {
  readonly state: GroupState;
  /** When a pass last found or made the set on disk equal to the set in S3; undefined if never. */
  readonly lastSuccess: number | undefined;
  /** `lastSuccess` plus `max_age`. */
  readonly freshUntil: number | undefined;
}

/**
 * How a failure counts: an outage, or a fault of this host (`local`), says nothing about the secrets; a denial
 * and a rejection do.
 */
export type FailureKind = "outage" | "denied" | "rejected" | "local";

const FAILURE_KIND: Readonly<Record<ErrorCode, FailureKind>> = {
  Unavailable: "outage",
  Throttled: "outage",
  ClockSkew: "outage",
  Credentials: "outage",
  Denied: "denied",
  MissingOrDenied: "denied",
  NotFound: "rejected",
  BadName: "rejected",
  TooLarge: "rejected",
  BadData: "rejected",
  DecryptFailed: "rejected",
  CheckFailed: "rejected",
  CannotWrite: "local",
  UnsafeTree: "local",
  Locked: "local",
  NotReady: "local",
  ConfigInvalid: "local",
  Usage: "local",
  // a publisher's; a host writes nothing
  Conflict: "local",
  Internal: "local",
};

/** How a failure of this code counts, unless AWS's own code says that access was taken away. */
export function failureKindOf(code: ErrorCode): FailureKind {
  return FAILURE_KIND[code];
}

/** The standing after a pass that found or made the set on disk equal to the set in S3. */
export function afterSuccess(now: number, maxAgeMs: number): Standing {
  return { state: "fresh", lastSuccess: now, freshUntil: now + maxAgeMs };
}

/**
 * The standing after a pass that failed, or that waited for the publisher.
 * A group that never succeeded is `pending` on an outage; a denial or a rejection shows even then. A success later
 * than `now` was dated by a clock that has been set back since: the group is fresh for one `max_age` from now at
 * most, whatever that clock said.
 */
export function afterFailure(
  before: Standing | undefined,
  kind: FailureKind | "waiting",
  now: number,
  maxAgeMs: number,
): Standing {
  const lastSuccess = earlier(before?.lastSuccess, now);
  const freshUntil = earlier(before?.freshUntil, now + maxAgeMs);
  if (kind === "denied" || kind === "rejected") return { state: kind, lastSuccess, freshUntil };
  if (lastSuccess === undefined) return { state: "pending", lastSuccess, freshUntil };
  const inTime = freshUntil !== undefined && now <= freshUntil;
  if (!inTime) return { state: "expired", lastSuccess, freshUntil };
  return { state: kind === "waiting" ? "fresh" : "stale", lastSuccess, freshUntil };
}

function earlier(time: number | undefined, limit: number): number | undefined {
  return time === undefined ? undefined : Math.min(time, limit);
}

/** The state as it is at `now`: what was written down may have expired since. */
export function stateAt(standing: Standing, now: number): GroupState {
  const ages = standing.state === "fresh" || standing.state === "stale";
  return ages && standing.freshUntil !== undefined && now > standing.freshUntil
    ? "expired"
    : standing.state;
}
