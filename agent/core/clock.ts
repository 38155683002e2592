/** Time and chance as parameters, so that a test can hold both. @module */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

export interface Clock {
  /** Wall time in epoch milliseconds. */
  now(): number;
  /** Milliseconds since an arbitrary start, never going back. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Chance {
  /** Uniform in [0, 1). */
  random(): number;
  /** `length` unpredictable bytes. */
  bytes(length: number): Buffer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // not performance.now(): the first one loads a module
  monotonic: () => Number(process.hrtime.bigint()) / 1e6,
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
};

export const systemChance: Chance = {
  random: () => Math.random(),
  bytes: (length) => randomBytes(length),
};
