/**
 * One question to AWS, with all that every question shares: a slot, the host's budget, a deadline, retries, and
 * one renewal of credentials that turned out to be expired.
 * @module
 */
import type { Chance, Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import type { Budget } from "./budget.ts";
import { isExpiredToken } from "./failure.ts";
import type { Limiter } from "./limiter.ts";
import type { RequestCounter } from "./requests.ts";
import { retry, type RetryPolicy } from "./retry.ts";

/**
 * Asks until it is answered or given up.
 *
 * @param attempt one request; it must fail with PosternError, and end when its signal aborts
 * @param signal the pass's own deadline
 */
export type Call = <T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
) => Promise<T>;

/** Does `act` after `ms` milliseconds, unless what it returned was called before. */
export type After = (ms: number, act: () => void) => () => void;

export interface CallOptions {
  readonly limiter: Limiter;
  /** Asked before each attempt. */
  readonly budget: Budget;
  readonly retry: RetryPolicy;
  /** For each attempt, from the connection to the last byte of the body: what stalls is cut here. */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  /** The system's timers by default. Not `clock.sleep`: cancelling that costs an exception a request. */
  readonly after?: After;
  readonly chance: Chance;
  readonly requests: RequestCounter;
  /** Makes the next attempt ask for new credentials. */
  readonly renewCredentials: () => void;
}

/** Waits between attempts are outside the limiter: who waits holds no slot. */
export function createCall(options: CallOptions): Call {
  return async (attempt, signal) => {
    const once = (): ReturnType<typeof attempt> =>
      options.limiter(async () => {
        options.budget.take();
        return withDeadline(attempt, options, signal);
      }, signal);
    try {
      return await retry(renewingOnce(once, options), options.retry, {
        clock: options.clock,
        chance: options.chance,
        signal,
        onRetry: () => options.requests.retried(),
      });
    } catch (error) {
      if (signal?.aborted !== true || error instanceof PosternError) throw error;
      throw new PosternError("Unavailable", "the pass ran out of time", { cause: error });
    }
  };
}

function renewingOnce<T>(once: () => Promise<T>, options: CallOptions): () => Promise<T> {
  let renewed = false;
  return async () => {
    try {
      return await once();
    } catch (error) {
      if (renewed || !(error instanceof PosternError) || !isExpiredToken(error)) throw error;
      renewed = true;
      options.renewCredentials();
      options.requests.retried();
      return once();
    }
  };
}

// not AbortSignal.any: on Node 20 its results stay reachable for as long as the pass's signal
async function withDeadline<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  { requestTimeoutMs, after = systemAfter }: CallOptions,
  signal: AbortSignal | undefined,
): Promise<T> {
  const both = new AbortController();
  const onAbort = (): void => both.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const cancel = after(requestTimeoutMs, () => both.abort());
  try {
    return await attempt(both.signal);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    cancel();
  }
}

function systemAfter(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}
