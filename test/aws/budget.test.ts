import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BURST_MINUTES, createBudget, isBudgetSpent, takeRoom } from "../../agent/aws/budget.ts";
import { createCall } from "../../agent/aws/call.ts";
import { createLimiter } from "../../agent/aws/limiter.ts";
import { createRequestCounter } from "../../agent/aws/requests.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { fixedChance, heldClock } from "../support/time.ts";

/** What was let through of `count` requests at once. */
function passed(budget: { take(): void }, count: number): number {
  let through = 0;
  for (let asked = 0; asked < count; asked += 1) {
    try {
      budget.take();
      through += 1;
    } catch (error) {
      assert.ok(error instanceof PosternError && error.code === "Throttled");
    }
  }
  return through;
}

describe("a request budget", () => {
  it("lets a first pass of 1,000 sealed secrets through at the default rate, and its retries", () => {
    assert.equal(passed(createBudget(600, heldClock()), 3 * 1000), 3000);
  });

  it("holds ten minutes' worth, and then gives what the time brings back", () => {
    const clock = heldClock();
    const budget = createBudget(600, clock);
    assert.equal(passed(budget, 10_000), 6000);
    clock.advance(1000);
    assert.equal(passed(budget, 10_000), 10);
    clock.advance(365 * 86_400_000);
    assert.equal(passed(budget, 10_000), 6000, "no more than it holds, however long it waits");
  });

  it("never lets more through in any stretch of time than the burst and the rate, whoever asks when", () => {
    const asking = fc.array(
      fc.record({ waitMs: fc.nat({ max: 90_000 }), count: fc.nat({ max: 900 }) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), asking, (perMinute, rounds) => {
        const clock = heldClock();
        const budget = createBudget(perMinute, clock);
        const told = rounds.map(({ waitMs, count }) => {
          clock.advance(waitMs);
          return { at: clock.monotonic(), through: passed(budget, count) };
        });
        for (const [index, { at: from }] of told.entries()) {
          let sum = 0;
          for (const { at, through } of told.slice(index)) {
            sum += through;
            const most = perMinute * BURST_MINUTES + ((at - from) * perMinute) / 60_000;
            assert.ok(sum <= most + 1e-6, `${sum} in ${at - from} ms, expected at most ${most}`);
          }
        }
      }),
    );
  });

  it("says how long it takes until there is room, and there is then", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.integer({ min: 1, max: 3 }),
        (perMinute, room, count) => {
          const level = { room, at: 0 };
          const now = takeRoom(level, perMinute, 0, count);
          if (now.kind === "taken") return;
          assert.equal(takeRoom(level, perMinute, now.retryAfterMs - 1, count).kind, "spent");
          assert.equal(takeRoom(level, perMinute, now.retryAfterMs + 1, count).kind, "taken");
        },
      ),
    );
  });

  it("takes all that is asked at once or nothing of it", () => {
    const budget = createBudget(1, heldClock());
    budget.take(8);
    assert.throws(() => budget.take(3), { code: "Throttled", retryAfterMs: 60_000 });
    budget.take(2);
  });

  it("does not care for a wall clock that is stepped", () => {
    const clock = heldClock();
    let stepped = 0;
    const budget = createBudget(60, { ...clock, now: () => clock.now() + stepped } as typeof clock);
    assert.equal(passed(budget, 1000), 600);
    stepped = 86_400_000;
    assert.equal(passed(budget, 1000), 0);
  });

  it("knows itself inside what others made of it, and nothing else", () => {
    const budget = createBudget(1, heldClock());
    const spent = ((): unknown => {
      try {
        return budget.take(11);
      } catch (error) {
        return error;
      }
    })();
    const wrapped = new PosternError("Throttled", "cannot open", { cause: spent });
    assert.deepEqual([spent, wrapped].map(isBudgetSpent), [true, true]);
    const slowDown = new PosternError("Throttled", "asked to slow down");
    assert.deepEqual([slowDown, undefined, new Error("x")].map(isBudgetSpent), [
      false,
      false,
      false,
    ]);
  });
});

describe("a call without budget", () => {
  it("does not go to the network, and waits for room as for AWS's own Retry-After", async () => {
    const clock = heldClock();
    const budget = createBudget(60, clock);
    budget.take(600);
    let asked = 0;
    const call = createCall({
      limiter: createLimiter(1),
      budget,
      retry: { attempts: 2, baseMs: 10, capMs: 5000 },
      requestTimeoutMs: 5000,
      clock,
      chance: fixedChance(0),
      requests: createRequestCounter(),
      renewCredentials: () => undefined,
    });
    const ask = (): Promise<number> => Promise.resolve((asked += 1));
    assert.equal(await call(ask), 1);
    assert.deepEqual(clock.slept, [1000]);
  });

  it("takes one for each retry, and one for the attempt with new credentials", async () => {
    const clock = heldClock();
    let taken = 0;
    const faults = [
      new PosternError("Unavailable", "no answer"),
      new PosternError("Credentials", "not accepted", { awsCode: "ExpiredToken" }),
    ];
    const call = createCall({
      limiter: createLimiter(1),
      budget: { take: () => void (taken += 1) },
      retry: { attempts: 5, baseMs: 1, capMs: 1 },
      requestTimeoutMs: 5000,
      clock,
      chance: fixedChance(0),
      requests: createRequestCounter(),
      renewCredentials: () => undefined,
    });
    await call(() => {
      const fault = faults.shift();
      return fault === undefined ? Promise.resolve() : Promise.reject(fault);
    });
    assert.equal(taken, 3);
  });

  it("fails as an outage when there is no room for longer than it may wait", async () => {
    const clock = heldClock();
    const budget = createBudget(1, clock);
    budget.take(10);
    let asked = 0;
    const call = createCall({
      limiter: createLimiter(1),
      budget,
      retry: { attempts: 5, baseMs: 10, capMs: 5000 },
      requestTimeoutMs: 5000,
      clock,
      chance: fixedChance(0),
      requests: createRequestCounter(),
      renewCredentials: () => undefined,
    });
    await assert.rejects(
      call(() => Promise.resolve((asked += 1))),
      { code: "Throttled", message: "this host's request budget is spent", retryAfterMs: 60_000 },
    );
    assert.deepEqual([asked, clock.slept], [0, []]);
  });
});
