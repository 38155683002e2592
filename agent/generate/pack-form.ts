/**
 * How a bucket policy is put. All forms decide alike, but for what is left out: each is shorter than the one before, and
 * harder to read.
 * @module
 */
import type { GroupName } from "../core/names.ts";

export interface BucketForm {
  /** "together": what is asked of several groups alike is one statement. */
  readonly alike: "by group" | "together";
  /** "with reading": one statement for both, where the same may read and list. */
  readonly listing: "apart" | "with reading";
  /**
   * "among insiders": a statement tells only those apart whom the map names, by the end of their ARNs, since everybody
   * else is stopped by the statement ClosedWorld, which has the ARNs in full.
   */
  readonly names: "in full" | "among insiders";
  /** Groups whose reading is left to the policies of roles and keys. */
  readonly unread: ReadonlySet<GroupName>;
  /** Groups whose listing is left to the policies of roles. */
  readonly unlisted: ReadonlySet<GroupName>;
}

export const PLAIN: BucketForm = {
  alike: "by group",
  listing: "apart",
  names: "in full",
  unread: new Set(),
  unlisted: new Set(),
};
