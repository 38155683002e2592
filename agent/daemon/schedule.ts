/**
 * When a group is asked about next. Pure: no clock, no chance of its own.
 *
 * A thousand hosts that boot together, lose S3 together or wake up together must not ask together: every delay
 * has chance in it, and a failure spreads the hosts further apart each time.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter")
 * @module
 */

export interface Rhythm {
  /** Between two passes that went well, in milliseconds. */
  readonly everyMs: number;
  /** By how much a pass may come earlier or later than that. */
  readonly splayMs: number;
}

/** Whatever chance and splay say: a group is not asked about more often than this. */
export const MIN_DELAY_MS = 1000;
/** Upper bound of the first delay after a failure; it doubles with each further one. */
const BACKOFF_BASE_MS = 5000;
/** Upper bound of any delay that a failure alone causes, for rhythms that are no slower. */
export const BACKOFF_CAP_MS = 300_000;

/** What a service may ask for at most: who asks for days, or more than a timer holds, has made a mistake. */
const RETRY_AFTER_CAP_MS = 3_600_000;

/**
 * Milliseconds until the first pass of a daemon that just started: none for a group that readers wait for, else
 * anywhere in the interval.
 * @param random uniform in [0, 1)
 */
export function firstDelayMs(isNeeded: boolean, { everyMs }: Rhythm, random: number): number {
  return isNeeded ? 0 : Math.floor(random * everyMs);
}

/**
 * Milliseconds until the next pass after one that went well.
 * @param random uniform in [0, 1)
 */
export function nextDelayMs({ everyMs, splayMs }: Rhythm, random: number): number {
  return Math.max(MIN_DELAY_MS, Math.floor(everyMs - splayMs + random * 2 * splayMs));
}

/**
 * Milliseconds until the next pass after `failures` in a row (at least 1): anything up to
 * `BACKOFF_BASE_MS` × 2^(failures - 1), but no later than the cap and no sooner than the service asked for, which
 * may be later than the cap, up to an hour. A group
 * that is asked about less often than the cap is not asked about more often for having failed for long.
 * @param random uniform in [0, 1)
 * @param retryAfterMs what the service asked for
 */
export function failureDelayMs(
  failures: number,
  { everyMs }: Rhythm,
  random: number,
  retryAfterMs = 0,
): number {
  const cap = Math.max(BACKOFF_CAP_MS, everyMs);
  // a daemon that fails for years must not reach infinity
  const bound = Math.min(cap, BACKOFF_BASE_MS * 2 ** Math.min(failures - 1, 30));
  return Math.max(
    MIN_DELAY_MS,
    Math.min(retryAfterMs, RETRY_AFTER_CAP_MS),
    Math.floor(random * bound),
  );
}

/**
 * Milliseconds until somebody who swapped a set, or who fails to reload, tries again: as after a failure, without
 * a service that could ask for more.
 */
export function reloadDelayMs(failures: number, random: number): number {
  return failureDelayMs(failures, { everyMs: 0, splayMs: 0 }, random);
}

/**
 * By how much the wall clock was set since it was last compared, in milliseconds, or 0 for what drifting and
 * waiting explain. A suspended host looks the same: wall time went on, monotonic time did not.
 *
 * The schedule counts in monotonic time, so that neither makes a host ask at once, or not at all.
 */
export function clockStepMs(wallPassedMs: number, monotonicPassedMs: number): number {
  const step = wallPassedMs - monotonicPassedMs;
  return Math.abs(step) < 5000 ? 0 : step;
}
