import type { Chance, Clock } from "../../agent/core/clock.ts";

/** A clock that moves only when somebody sleeps, and remembers for how long. */
export interface HeldClock extends Clock {
  readonly slept: number[];
  advance(ms: number): void;
}

export function heldClock(start: number = Date.UTC(2026, 10, 1)): HeldClock {
  let passed = 0;
  const slept: number[] = [];
  return {
    slept,
    advance: (ms) => {
      passed += ms;
    },
    now: () => start + passed,
    monotonic: () => passed,
    sleep: (ms, signal) => {
      if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
      slept.push(ms);
      passed += ms;
      return Promise.resolve();
    },
  };
}

/** Chance that always falls the same way. */
export function fixedChance(random: number): Chance {
  return { random: () => random, bytes: (length) => Buffer.alloc(length) };
}
