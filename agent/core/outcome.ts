/** What one pass over one group came to. @module */
import type { PosternError } from "./errors.ts";
import type { BucketName, GroupName, Region, SecretName } from "./names.ts";

/** Names only: what a change did to a group's set. */
export interface Changes {
  readonly added: readonly SecretName[];
  readonly changed: readonly SecretName[];
  readonly removed: readonly SecretName[];
}

/**
 * - `unchanged`: the set on disk is the set in S3.
 * - `changed`: a new generation is in place.
 * - `held`: S3 holds what was rolled back on this host; the generation before it stays.
 * - `waiting`: the publisher is not done yet; nothing was touched, the next pass will see.
 * - `failed`: what readers see was not touched, or was put back; or the set is in place, and a further path of it could
 *   not be placed.
 */
export type GroupOutcome =
  | (ReadFacts & { readonly kind: "unchanged"; readonly group: GroupName })
  | (ReadFacts & { readonly kind: "changed"; readonly group: GroupName; readonly changes: Changes })
  | (Facts & {
      readonly kind: "held";
      readonly group: GroupName;
      readonly why: "verify" | "reload" | "operator";
    })
  | {
      readonly kind: "waiting";
      readonly group: GroupName;
      readonly why: "settling" | "moved";
      /** Milliseconds until it is worth asking again, if that is known. */
      readonly untilMs?: number;
    }
  | {
      readonly kind: "failed";
      readonly group: GroupName;
      readonly error: PosternError;
      /** As in `Facts`, and left as it is. */
      readonly drift?: readonly DriftFound[];
    };

/** A file or folder of a generation that was not what postern wrote. */
export interface DriftFound {
  readonly kind: "content" | "mode" | "owner" | "missing" | "extra" | "link";
  /** Below the generation's directory. May hold anything: print it with `quote`. */
  readonly path: string;
}

/** The bucket whose answer made or confirmed a set. */
export interface ReadFrom {
  readonly kind: "home" | "replica";
  readonly bucket: BucketName;
  readonly region: Region;
}

/** Of the generation that is in place. */
export interface Facts {
  readonly generation: string;
  readonly secrets: number;
  /** Plaintext. */
  readonly bytes: number;
  /** What somebody changed on this host: put right, unless the pass failed or the content is held. */
  readonly drift: readonly DriftFound[];
  /** What a person should know: names that were skipped, and why. */
  readonly notes: readonly string[];
}

/** The same of a set that S3 was asked for. */
export interface ReadFacts extends Facts {
  readonly from: ReadFrom;
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
