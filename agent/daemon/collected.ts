/** What collecting a group's set comes to. @module */
import type { GroupConfig } from "../config/config.ts";
import type { BundleMark } from "../store/manifest.ts";
import type { PlannedSecret } from "../store/set.ts";
import type { Reach } from "./host.ts";
import type { Survey } from "./survey.ts";

/**
 * - `unchanged`: S3 holds what the newest generation was made from.
 * - `waiting`: the publisher is not done; `untilMs` more are to go if a change has to settle.
 */
export type Collected =
  | { readonly kind: "unchanged" }
  | { readonly kind: "waiting"; readonly why: "settling"; readonly untilMs: number }
  | { readonly kind: "waiting"; readonly why: "moved" }
  | CollectedSet;

export interface CollectedSet {
  readonly kind: "set";
  /** The whole new set. The caller wipes what is fresh, see `wipeSet`. */
  readonly secrets: readonly PlannedSecret[];
  readonly bundle: BundleMark | undefined;
  /** What a person should know: what was left out, and why. */
  readonly notes: readonly string[];
  /** Asks S3 once more: stage meanwhile, swap only if `same`. */
  confirm(): Promise<"same" | "moved">;
}

export interface CollectRequest {
  readonly reach: Reach;
  readonly group: GroupConfig;
  readonly survey: Survey;
  /** Length in bytes of the path that the names will be joined to on this host. */
  readonly rootBytes: number;
  /** The pass's deadline. */
  readonly signal: AbortSignal;
}

/** Wipes the plaintext of a set that was stored, or will not be. */
export function wipeSet(secrets: readonly PlannedSecret[]): void {
  for (const { content } of secrets) if (content.kind === "fresh") content.bytes.wipe();
}
