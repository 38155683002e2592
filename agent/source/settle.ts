/** Lets a publisher's several PUTs arrive together. @module */

/**
 * How much longer to wait, in milliseconds, until each change is at least `settleMs` old; 0 when all are.
 *
 * @param changedAt Last-Modified of each changed object (epoch milliseconds)
 * @param now by the clock that wrote those dates: this host's may be off by more than `settleMs`
 */
export function unsettledMs(changedAt: readonly number[], now: number, settleMs: number): number {
  let longest = 0;
  for (const at of changedAt) longest = Math.max(longest, at + settleMs - now);
  return longest;
}
