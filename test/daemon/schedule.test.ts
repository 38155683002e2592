import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  BACKOFF_CAP_MS,
  clockStepMs,
  failureDelayMs,
  firstDelayMs,
  MIN_DELAY_MS,
  nextDelayMs,
  type Rhythm,
} from "../../agent/daemon/schedule.ts";

const MINUTE: Rhythm = { everyMs: 60_000, splayMs: 10_000 };
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const rhythm = fc.record({
  everyMs: fc.integer({ min: 1000, max: 86_400_000 }),
  splayMs: fc.integer({ min: 0, max: 86_400_000 }),
});

describe("the schedule", () => {
  const firsts = [
    ["a group without a generation is fetched at once", true, 0.9, 0],
    ["another one starts anywhere in the interval", false, 0.5, 30_000],
    ["and never after it", false, 0.9999, 59_994],
  ] as const;
  for (const [why, isNeeded, random, expected] of firsts)
    it(why, () => assert.equal(firstDelayMs(isNeeded, MINUTE, random), expected));

  const nexts = [
    ["is earlier by the splay at most", 0, 50_000],
    ["is in the middle on average", 0.5, 60_000],
    ["is later by the splay at most", 0.99999, 69_999],
  ] as const;
  for (const [why, random, expected] of nexts)
    it(`the next pass ${why}`, () => assert.equal(nextDelayMs(MINUTE, random), expected));

  const failures = [
    ["doubles its bound with each failure", 1, 0.5, 0, 2500],
    ["doubles its bound with each failure", 2, 0.5, 0, 5000],
    ["doubles its bound with each failure", 5, 0.5, 0, 40_000],
    ["is capped at five minutes", 20, 0.99999, 0, 299_997],
    ["is capped after years of failing", 1_000_000, 0.99999, 0, 299_997],
    ["is no sooner than a service asked for", 1, 0.5, 120_000, 120_000],
    ["honours a service that asks for more than the cap", 1, 0.5, 900_000, 900_000],
    ["is an hour for a service that asks for years", 1, 0.5, 1e12, 3_600_000],
    ["is never at once", 1, 0, 0, MIN_DELAY_MS],
  ] as const;
  for (const [why, count, random, retryAfterMs, expected] of failures)
    it(`the delay after ${count} failures ${why}`, () =>
      assert.equal(failureDelayMs(count, MINUTE, random, retryAfterMs), expected));

  it("never asks more than once a second, whatever the configuration and chance", () => {
    fc.assert(
      fc.property(rhythm, chance, fc.integer({ min: 1, max: 1000 }), (given, random, count) => {
        assert.ok(nextDelayMs(given, random) >= MIN_DELAY_MS);
        assert.ok(failureDelayMs(count, given, random) >= MIN_DELAY_MS);
      }),
    );
  });

  it("asks a failing service no more often in the long run than a healthy one, or every 150 s on average", () => {
    fc.assert(
      fc.property(rhythm, (given) => {
        const cap = Math.max(BACKOFF_CAP_MS, given.everyMs);
        assert.equal(failureDelayMs(60, given, 0.5), Math.floor(cap / 2));
      }),
    );
  });

  const steps = [
    ["time that passes", 60_000, 60_000, 0],
    ["a clock that is slewed", 60_400, 60_000, 0],
    ["a clock that is wrong by little", 65_000, 60_000, 5000],
    ["a clock that was set on, or a suspended host", 3_660_000, 60_000, 3_600_000],
    ["a clock that was set back", -3_540_000, 60_000, -3_600_000],
  ] as const;
  for (const [why, wall, monotonic, expected] of steps)
    it(`sees ${why}`, () => assert.equal(clockStepMs(wall, monotonic), expected));
});
