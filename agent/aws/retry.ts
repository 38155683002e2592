/**
 * Asking again after a transient failure, without a crowd of hosts asking in step.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter")
 * @module
 */
import type { Chance, Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { isTransient } from "./failure.ts";

export interface RetryPolicy {
  /** All of them, the first included; at least 1. */
  readonly attempts: number;
  /** Upper bound of the first delay. */
  readonly baseMs: number;
  /** Upper bound of any delay, and the longest Retry-After that is waited for here. */
  readonly capMs: number;
}

export interface RetryTools {
  readonly clock: Clock;
  readonly chance: Chance;
  /** Ends the waiting, and no attempt begins after it. */
  readonly signal?: AbortSignal | undefined;
  /** Instant of `clock.monotonic` that no delay may pass. */
  readonly deadlineMs?: number | undefined;
  /** Told before each further attempt. */
  readonly onRetry?: ((error: PosternError, delayMs: number) => void) | undefined;
}

/**
 * Runs `attempt` until it succeeds, fails for good, or would have to wait past a limit.
 *
 * The last failure is thrown at once when the wait would pass the deadline, or when the service asks for more
 * than `capMs`: its `retryAfterMs` then tells the scheduler, which may wait longer than a pass.
 *
 * @param attempt gets its number, from 0
 * @throws whatever the last attempt threw, or the signal's reason
 */
export async function retry<T>(
  attempt: (number: number) => Promise<T>,
  policy: RetryPolicy,
  tools: RetryTools,
): Promise<T> {
  for (let number = 0; ; number += 1) {
    tools.signal?.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      const delayMs =
        error instanceof PosternError ? wait(error, number, policy, tools) : undefined;
      if (!(error instanceof PosternError) || delayMs === undefined) throw error;
      tools.onRetry?.(error, delayMs);
      await tools.clock.sleep(delayMs, tools.signal);
    }
  }
}

/**
 * How long to wait after attempt `number` (from 0): anything up to base × 2^number, capped, and no less than
 * the service asked for.
 *
 * @param random uniform in [0, 1)
 */
export function retryDelayMs(
  number: number,
  policy: RetryPolicy,
  random: number,
  retryAfterMs = 0,
): number {
  const bound = Math.min(policy.capMs, policy.baseMs * 2 ** number);
  return Math.max(retryAfterMs, Math.floor(random * bound));
}

function wait(
  error: PosternError,
  number: number,
  policy: RetryPolicy,
  tools: RetryTools,
): number | undefined {
  if (!isTransient(error) || number + 1 >= policy.attempts) return undefined;
  if (tools.signal?.aborted === true || (error.retryAfterMs ?? 0) > policy.capMs) return undefined;
  const delayMs = retryDelayMs(number, policy, tools.chance.random(), error.retryAfterMs);
  const late =
    tools.deadlineMs !== undefined && tools.clock.monotonic() + delayMs >= tools.deadlineMs;
  return late ? undefined : delayMs;
}
