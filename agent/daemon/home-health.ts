/**
 * What the last answers of the home bucket say about the next question: pure, on a monotonic clock.
 *
 *     good ──3 outages in a row──▶ failing ──an answer──▶ recovering ──2 answers over 60 s──▶ good
 *                                     ▲───────an outage──────┘
 *
 * 1. `good`: the home is asked first. Three outages in a row, of whichever groups, declare failover.
 * 2. `failing`: who may use a replica goes there at once, and the home is not asked. Except for one question,
 *    the probe, every 15 to 30 s: drawn anew each time, so that hosts do not probe in step.
 * 3. `recovering`: the home answered, and is asked first again. One outage and it is `failing`; failback is
 *    declared with the second answer or a later one, 60 s or more after the first.
 *
 * So two declarations of failover are at least 60 s apart, however the home flickers, and a home that is out
 * is asked by those who have a replica at most every 15 s. Who has none asks on: it is the schedule's to slow
 * that down, and what it hears counts here.
 * @module
 */
import type { PosternError } from "../core/errors.ts";

/** Plain data, to be kept between passes. Times are instants of `clock.monotonic`. */
export type HomeHealth =
  | { readonly kind: "good"; readonly outages: number }
  | {
      readonly kind: "failing";
      /** When failover was declared. */
      readonly since: number;
      readonly probeAt: number;
      /** The newest. */
      readonly outage: PosternError;
    }
  | {
      readonly kind: "recovering";
      readonly since: number;
      readonly answers: number;
      readonly firstAnswerAt: number;
    };

/** What asking the home came to. */
export type Heard =
  | { readonly kind: "answer" }
  | { readonly kind: "outage"; readonly error: PosternError };

export const GOOD: HomeHealth = { kind: "good", outages: 0 };

const OUTAGES_TO_FAIL = 3;
const ANSWERS_TO_RECOVER = 2;
const RECOVERY_MS = 60_000;
const PROBE_MS = 30_000;

/**
 * Whether who may use a replica asks the home first, and the health after that decision: a probe moves the
 * next one, so that of groups that ask at once only one waits for a home that is out.
 *
 * @param random uniform in [0, 1)
 */
export function decide(
  health: HomeHealth,
  now: number,
  random: number,
): { readonly asksHome: boolean; readonly health: HomeHealth } {
  if (health.kind !== "failing") return { asksHome: true, health };
  if (now < health.probeAt) return { asksHome: false, health };
  return { asksHome: true, health: { ...health, probeAt: nextProbeAt(now, random) } };
}

/** The health after the home was asked. @param random uniform in [0, 1) */
export function afterHearing(
  health: HomeHealth,
  heard: Heard,
  now: number,
  random: number,
): HomeHealth {
  return heard.kind === "answer"
    ? afterAnswer(health, now)
    : afterOutage(health, heard.error, now, random);
}

function afterAnswer(health: HomeHealth, now: number): HomeHealth {
  switch (health.kind) {
    case "good":
      return GOOD;
    case "failing":
      return { kind: "recovering", since: health.since, answers: 1, firstAnswerAt: now };
    case "recovering": {
      const answers = health.answers + 1;
      const lasted = now - health.firstAnswerAt >= RECOVERY_MS;
      return answers >= ANSWERS_TO_RECOVER && lasted ? GOOD : { ...health, answers };
    }
    default:
      return health satisfies never;
  }
}

function afterOutage(
  health: HomeHealth,
  outage: PosternError,
  now: number,
  random: number,
): HomeHealth {
  switch (health.kind) {
    case "good": {
      const outages = health.outages + 1;
      if (outages < OUTAGES_TO_FAIL) return { kind: "good", outages };
      return { kind: "failing", since: now, probeAt: nextProbeAt(now, random), outage };
    }
    case "failing":
      return { ...health, outage };
    case "recovering":
      return { kind: "failing", since: health.since, probeAt: nextProbeAt(now, random), outage };
    default:
      return health satisfies never;
  }
}

function nextProbeAt(now: number, random: number): number {
  return now + (PROBE_MS * (1 + random)) / 2;
}
