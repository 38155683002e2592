/** What one pass over one group came to. @module */
import type { PosternError } from "./errors.ts";
import type { GroupName, SecretName } from "./names.ts";

/** Names only: what a change did to a group's set. */
export interface Changes {
  readonly added: readonly SecretName[];
  readonly changed: readonly SecretName[];
  readonly removed: readonly SecretName[];
}

/**
 * - `unchanged`: the set on disk is the set in S3.
 * - `changed`: a new generation is in place.
 * - `waiting`: the publisher is not done yet; nothing was touched, the next pass will see.
 * - `failed`: nothing was touched.
 */
export type GroupOutcome =
  | (Facts & { readonly kind: "unchanged"; readonly group: GroupName })
  | (Facts & { readonly kind: "changed"; readonly group: GroupName; readonly changes: Changes })
  | {
      readonly kind: "waiting";
      readonly group: GroupName;
      readonly why: "settling" | "moved";
      /** Milliseconds until it is worth asking again, if that is known. */
      readonly untilMs?: number;
    }
  | { readonly kind: "failed"; readonly group: GroupName; readonly error: PosternError };

/** Of the generation that is in place. */
export interface Facts {
  readonly generation: string;
  readonly secrets: number;
  /** Plaintext. */
  readonly bytes: number;
  /** What a person should know: names that were skipped, and why. */
  readonly notes: readonly string[];
}

/** What a host's passes asked of AWS, for the cost line and the metrics. */
export interface RequestCounts {
  readonly list: number;
  readonly get: number;
  /** GETs answered 304, contained in `get`. */
  readonly notModified: number;
  readonly decrypt: number;
  readonly imds: number;
  readonly retries: number;
}
