import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { retry, retryDelayMs } from "../../agent/aws/retry.ts";
import { type ErrorCode, PosternError } from "../../agent/core/errors.ts";
import { fixedChance, heldClock } from "../support/time.ts";

const policy = { attempts: 4, baseMs: 100, capMs: 1000 };

function failing(code: ErrorCode, times: number, retryAfterMs?: number): () => Promise<string> {
  let left = times;
  return () => {
    left -= 1;
    if (left < 0) return Promise.resolve("done");
    const details = retryAfterMs === undefined ? {} : { retryAfterMs };
    return Promise.reject(new PosternError(code, `fails, ${left} left`, details));
  };
}

describe("retry", () => {
  it("waits longer each time, at random below a bound, and then returns the answer", async () => {
    const clock = heldClock();
    const told: number[] = [];
    const tools = {
      clock,
      chance: fixedChance(0.5),
      onRetry: (_: PosternError, ms: number) => told.push(ms),
    };
    assert.equal(await retry(failing("Unavailable", 3), policy, tools), "done");
    assert.deepEqual(clock.slept, [50, 100, 200]);
    assert.deepEqual(told, clock.slept);
  });

  it("gives up after its attempts, with the last failure", async () => {
    const clock = heldClock();
    await assert.rejects(
      retry(failing("Throttled", 9), policy, { clock, chance: fixedChance(0) }),
      /fails, 5 left/,
    );
    assert.equal(clock.slept.length, 3);
  });

  for (const code of [
    "ClockSkew",
    "Credentials",
    "Denied",
    "NotFound",
    "TooLarge",
    "Internal",
  ] as const)
    it(`asks once only when the answer is ${code}`, async () => {
      const clock = heldClock();
      const tools = { clock, chance: fixedChance(0) };
      await assert.rejects(retry(failing(code, 1), policy, tools), { code });
      assert.deepEqual(clock.slept, []);
    });

  it("does not retry a fault that is not ours to judge", async () => {
    const tools = { clock: heldClock(), chance: fixedChance(0) };
    const fault = new TypeError("x");
    await assert.rejects(
      retry(() => Promise.reject(fault), policy, tools),
      fault,
    );
  });

  it("waits at least as long as the service asks", async () => {
    const clock = heldClock();
    await retry(failing("Throttled", 1, 700), policy, { clock, chance: fixedChance(0.9) });
    assert.deepEqual(clock.slept, [700]);
  });

  it("leaves a longer wait than its cap to the scheduler", async () => {
    const clock = heldClock();
    const tools = { clock, chance: fixedChance(0) };
    await assert.rejects(retry(failing("Throttled", 1, 5000), policy, tools), {
      retryAfterMs: 5000,
    });
    assert.deepEqual(clock.slept, []);
  });

  it("does not wait past the deadline", async () => {
    const clock = heldClock();
    const tools = { clock, chance: fixedChance(0.5), deadlineMs: 100 };
    await assert.rejects(retry(failing("Unavailable", 9), policy, tools), /fails, 7 left/);
    assert.deepEqual(clock.slept, [50]);
  });

  it("begins no attempt after the pass was given up", async () => {
    const stop = new AbortController();
    let attempts = 0;
    const attempt = (): Promise<never> => {
      attempts += 1;
      stop.abort();
      return Promise.reject(new PosternError("Unavailable", "no answer"));
    };
    const tools = { clock: heldClock(), chance: fixedChance(0), signal: stop.signal };
    await assert.rejects(retry(attempt, policy, tools), { code: "Unavailable" });
    await assert.rejects(retry(attempt, policy, tools), { name: "AbortError" });
    assert.equal(attempts, 1);
  });

  it("never waits less than asked nor more than the cap otherwise", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(60), random, fc.nat(10_000), (number, chance, asked) => {
        const free = retryDelayMs(number, policy, chance);
        assert.ok(free >= 0 && free <= policy.capMs && free <= policy.baseMs * 2 ** number);
        assert.equal(retryDelayMs(number, policy, chance, asked), Math.max(free, asked));
      }),
    );
  });
});
