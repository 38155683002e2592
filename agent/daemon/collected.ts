/** What collecting a group's set comes to. @module */
import type { GroupConfig } from "../config/config.ts";
import type { SecretName } from "../core/names.ts";
import type { ReadFrom } from "../core/outcome.ts";
import type { BundleMark } from "../store/manifest.ts";
import type { PlannedSecret } from "../store/set.ts";
import type { Reach } from "./host.ts";

/**
 * - `unchanged`: S3 holds what the newest generation was made from.
 * - `waiting`: the publisher is not done; `untilMs` more are to go if a change has to settle.
 */
export type Collected =
  | { readonly kind: "unchanged"; readonly from: ReadFrom; readonly notes: readonly string[] }
  | { readonly kind: "waiting"; readonly why: "settling"; readonly untilMs: number }
  | { readonly kind: "waiting"; readonly why: "moved" }
  | CollectedSet;

export interface CollectedSet {
  readonly kind: "set";
  readonly from: ReadFrom;
  /** The whole new set. The caller wipes what is fresh, see `wipeSet`. */
  readonly secrets: readonly PlannedSecret[];
  readonly bundle: BundleMark | undefined;
  /** What a person should know: what was left out, and why. */
  readonly notes: readonly string[];
  /** Asks S3 once more: stage meanwhile, swap only if `same`. */
  confirm(): Promise<"same" | "moved">;
}

/** What S3 is compared with. */
export interface Known {
  /** By name; undefined before the first generation. */
  readonly secrets: ReadonlyMap<SecretName, { readonly etag: string }> | undefined;
  /** Undefined when all of the bundle is needed. */
  readonly bundle: BundleMark | undefined;
}

export interface CollectRequest {
  readonly reach: Reach;
  readonly group: GroupConfig;
  readonly known: Known;
  /** Whether this host has a set that it can go on with. */
  readonly hasGeneration: boolean;
  /** Of a bundle, that this host has seen. */
  readonly highestRevision: number | undefined;
  /** Length in bytes of the path that the names will be joined to on this host. */
  readonly rootBytes: number;
  /** The pass's deadline. */
  readonly signal: AbortSignal;
}

/** What to tell of where a set came from. */
export function toldOf({ kind, bucket, region }: ReadFrom): Pick<CollectedSet, "from" | "notes"> {
  const notes = kind === "home" ? [] : [`read from replica ${bucket} in ${region}`];
  return { from: { kind, bucket, region }, notes };
}

/** Wipes the plaintext of a set that was stored, or will not be. */
export function wipeSet(secrets: readonly PlannedSecret[]): void {
  for (const { content } of secrets) if (content.kind === "fresh") content.bytes.wipe();
}
