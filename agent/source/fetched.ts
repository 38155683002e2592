/** What a source hands on, whatever the group's layout. @module */
import type { Refusal, S3Key, SecretName } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";

/** One secret as it lies in the newest generation on this host. */
export interface KnownSecret {
  /** As S3 gave it, with its quotes. */
  readonly etag: string;
}

/**
 * - `unchanged`: S3 holds what the newest generation was made from.
 * - `waiting`: the publisher is not done. `settling`: a changed object is younger than `settle`, and
 *   `untilMs` more are to go by S3's clock; `moved`: the set changed while it was read.
 * - `fetched`: the whole new set, of which only changed objects carry a body.
 */
export type FetchOutcome =
  | { readonly kind: "unchanged" }
  | { readonly kind: "waiting"; readonly why: "settling"; readonly untilMs: number }
  | { readonly kind: "waiting"; readonly why: "moved" }
  | Fetched;

export interface Fetched {
  readonly kind: "fetched";
  /** The whole set, in the order of the names' code units. The caller wipes the bodies. */
  readonly objects: readonly FetchedObject[];
  /** Known secrets that the set no longer holds. */
  readonly removed: readonly SecretName[];
  /** Names that `on_bad_name: skip` left out. */
  readonly skipped: readonly Refusal[];
  /** Folder markers. */
  readonly ignored: readonly string[];
  /** Asks S3 once more whether the set still is this one; stage meanwhile, swap only if `same`. */
  confirm(): Promise<"same" | "moved">;
}

export interface FetchedObject {
  readonly name: SecretName;
  readonly key: S3Key;
  readonly etag: string;
  /** Undefined when the bucket has no versioning, or the object did not change. */
  readonly versionId: string | undefined;
  /** Epoch milliseconds; undefined when S3 only said that it did not change. */
  readonly lastModified: number | undefined;
  /** Undefined: the bytes that the known generation already holds. */
  readonly body: SecretBytes | undefined;
}
