/** What the daemon tells whoever writes logs and counts metrics: names, states and errors, never a value. @module */
import type { ReloadConfig } from "../config/config.ts";
import type { PosternError } from "../core/errors.ts";
import type { GroupState } from "../core/group-state.ts";
import type { GroupName } from "../core/names.ts";
import type { GroupOutcome } from "../core/outcome.ts";
import type { FailoverEvent } from "./failover.ts";
import type { GroupStatus } from "../observe/status.ts";

export interface DaemonObserver {
  /** Another writes; the daemon begins when it is done. */
  onWait(why: PosternError): void;
  onPass(report: PassReport): void;
  onReload(report: ReloadReport): void;
  /** The group's files were removed, as its configuration says. */
  onRemoved(group: GroupName, why: "denied" | "expired"): void;
  /** A new configuration is in use. */
  onConfig(groups: number): void;
  /** A new configuration was refused; the old one goes on. */
  onConfigRefused(error: PosternError): void;
  /** The home bucket is out and replicas stand in, or it is back. */
  onFailover(event: FailoverEvent): void;
  /** The wall clock was set by so many milliseconds, or the host was suspended. */
  onClockStep(ms: number): void;
}

export interface PassReport {
  readonly group: GroupName;
  readonly outcome: GroupOutcome;
  /** Undefined before the group's first pass on this host. */
  readonly before: GroupState | undefined;
  /** Undefined when it could not be written down. */
  readonly status: GroupStatus | undefined;
  readonly durationMs: number;
}

/**
 * - `done`: those who use the groups were told.
 * - `not-needed`: nobody uses them now.
 * - `later`: whoever uses them cannot be told just now; owed on.
 * - `failed`: owed on, with `delayMs` until the next try.
 * - `rolled-back`: it failed, and the groups' sets were swapped back; the reload of those is owed.
 */
export interface ReloadReport {
  readonly groups: readonly GroupName[];
  readonly reload: ReloadConfig;
  readonly result:
    | { readonly kind: "done" }
    | { readonly kind: "not-needed"; readonly why: string }
    | { readonly kind: "later"; readonly why: string; readonly delayMs: number }
    | { readonly kind: "failed"; readonly error: PosternError; readonly delayMs: number }
    | { readonly kind: "rolled-back"; readonly error: PosternError };
}
