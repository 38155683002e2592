/** Keeps one group in step with S3 for as long as the daemon runs, on its own: no other group waits for it. @module */
import type { Chance, Clock } from "../core/clock.ts";
import { toPosternError } from "../core/errors.ts";
import type { GroupOutcome } from "../core/outcome.ts";
import {
  failureDelayMs,
  firstDelayMs,
  MIN_DELAY_MS,
  nextDelayMs,
  type Rhythm,
} from "./schedule.ts";

export interface KeeperOptions {
  readonly rhythm: Rhythm;
  /** Whether readers wait for the first pass. */
  readonly isNeeded: boolean;
  /** @param isAsked somebody waits for it, and wants what was just published. Never rejects. */
  readonly pass: (isAsked: boolean) => Promise<GroupOutcome>;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Ends it, after the pass under way. */
  readonly signal: AbortSignal;
}

export interface Keeper {
  /** A pass that begins after this call; rejects when the daemon stops before. */
  refresh(): Promise<GroupOutcome>;
  /** Resolves once it ended. */
  readonly done: Promise<void>;
}

interface Waiter {
  readonly resolve: (outcome: GroupOutcome) => void;
  readonly reject: (reason: unknown) => void;
}

export function keepGroup(options: KeeperOptions): Keeper {
  const { rhythm, isNeeded, clock, chance, signal } = options;
  let waiting: Waiter[] = [];
  let nap = new AbortController();
  const wake = (): void => nap.abort();
  signal.addEventListener("abort", wake);

  const sleep = async (ms: number): Promise<void> => {
    if (waiting.length > 0 || signal.aborted) return;
    nap = new AbortController();
    await clock.sleep(ms, nap.signal).catch(() => undefined);
  };
  const keep = async (): Promise<void> => {
    let failures = 0;
    let delayMs = firstDelayMs(isNeeded, rhythm, chance.random());
    for (;;) {
      if (delayMs > 0) await sleep(delayMs);
      if (signal.aborted) break;
      const asked = waiting;
      waiting = [];
      const outcome = await options.pass(asked.length > 0);
      for (const { resolve } of asked) resolve(outcome);
      failures = outcome.kind === "failed" ? failures + 1 : 0;
      delayMs = delayAfter(outcome, failures, rhythm, chance.random());
    }
    signal.removeEventListener("abort", wake);
    for (const { reject } of waiting) reject(signal.reason);
  };

  return {
    refresh: () =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(toPosternError(signal.reason));
          return;
        }
        waiting.push({ resolve, reject });
        wake();
      }),
    done: keep(),
  };
}

// a set that moved while it was read is in the hands of a publisher, who is soon done
const MOVED_MS = 5000;

function delayAfter(
  outcome: GroupOutcome,
  failures: number,
  rhythm: Rhythm,
  random: number,
): number {
  switch (outcome.kind) {
    case "failed":
      return failureDelayMs(failures, rhythm, random, outcome.error.retryAfterMs);
    case "waiting": {
      // soon, but not all hosts in the moment in which the same object settles
      const untilMs = outcome.untilMs ?? MOVED_MS;
      return Math.max(MIN_DELAY_MS, untilMs + Math.floor((random * rhythm.everyMs) / 10));
    }
    case "unchanged":
    case "changed":
    case "held":
      return nextDelayMs(rhythm, random);
    default:
      return outcome satisfies never;
  }
}
