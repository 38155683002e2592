/**
 * How many requests one host may send to AWS, whatever goes wrong: a bucket of tokens, one for each attempt.
 *
 * The bucket refills at the rate and holds ten minutes' worth of it. The rate bounds what a fault that lasts
 * can cost; the burst is for what a sound host asks all at once, a first pass: 1,000 sealed secrets take 1,000
 * GETs and as many Decrypts, and a few LISTs. So no minute ever sees more than eleven times the rate, and no
 * hour more than seventy times.
 *
 * Time is monotonic: a stepped wall clock neither fills the bucket nor drains it.
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";

export interface Budget {
  /**
   * Takes room for `count` requests, by default one: all of them or none. Never waits.
   * @throws {PosternError} Throttled when there is no room; `retryAfterMs` until there is
   */
  take(count?: number): void;
}

/** Minutes of its rate that a bucket holds. */
export const BURST_MINUTES: number = 10;

/** A full bucket. @param perMinute at least 1 */
export function createBudget(perMinute: number, clock: Pick<Clock, "monotonic">): Budget {
  let level: Level = { room: perMinute * BURST_MINUTES, at: clock.monotonic() };
  return {
    take: (count = 1) => {
      const taken = takeRoom(level, perMinute, clock.monotonic(), count);
      if (taken.kind === "spent") throw spent(taken.retryAfterMs);
      ({ level } = taken);
    },
  };
}

/** How full a bucket was. */
export interface Level {
  /** Requests, with fractions. */
  readonly room: number;
  /** Instant of `clock.monotonic`. */
  readonly at: number;
}

export type Taken =
  | { readonly kind: "taken"; readonly level: Level }
  | { readonly kind: "spent"; readonly retryAfterMs: number };

/**
 * `level` with room for `count` requests less, after what the time since has brought back.
 * @param now no earlier than `level.at`
 */
export function takeRoom(level: Level, perMinute: number, now: number, count: number): Taken {
  const perMs = perMinute / 60_000;
  const room = Math.min(perMinute * BURST_MINUTES, level.room + (now - level.at) * perMs);
  return room >= count
    ? { kind: "taken", level: { room: room - count, at: now } }
    : { kind: "spent", retryAfterMs: Math.ceil((count - room) / perMs) };
}

/** Whether `error`, or what it was caused by, is this host's own budget: it says nothing about AWS. */
export function isBudgetSpent(error: unknown): boolean {
  if (!(error instanceof PosternError)) return false;
  return error.message === SPENT || isBudgetSpent(error.cause);
}

const SPENT = "this host's request budget is spent";

function spent(retryAfterMs: number): PosternError {
  return new PosternError("Throttled", SPENT, {
    retryAfterMs,
    hint: "see what asks so often, or raise limits.requests_per_minute",
  });
}
