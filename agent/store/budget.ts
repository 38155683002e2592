/**
 * How much plaintext a group and a host may hold, checked before a byte of it is written.
 *
 * tmpfs is memory that others need too.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { type GroupName, quote } from "../core/names.ts";

/** All in bytes. */
export interface Budget {
  readonly group: GroupName;
  /** The new generation. */
  readonly bytes: number;
  readonly maxGroupBytes: number;
  /** The newest generations of all other groups. */
  readonly otherBytes: number;
  readonly maxHostBytes: number;
}

/** @throws {PosternError} TooLarge when the group or the host would hold more than it may */
export function checkBudget(budget: Budget): void {
  const { group, bytes, maxGroupBytes, otherBytes, maxHostBytes } = budget;
  if (bytes > maxGroupBytes) {
    throw new PosternError(
      "TooLarge",
      `group ${quote(group)} is too large: expected at most ${maxGroupBytes} bytes, got ${bytes}`,
      { hint: "raise max_group_size, or move secrets to another group" },
    );
  }
  if (otherBytes + bytes > maxHostBytes) {
    throw new PosternError(
      "TooLarge",
      `group ${quote(group)} does not fit on this host: expected at most ${maxHostBytes} bytes ` +
        `in all groups, got ${otherBytes + bytes}`,
      { hint: "raise limits.max_host_size" },
    );
  }
}
