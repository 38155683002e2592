import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCall, type CallOptions } from "../../agent/aws/call.ts";
import { createLimiter } from "../../agent/aws/limiter.ts";
import { createRequestCounter } from "../../agent/aws/requests.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { ENDLESS, wiredCall } from "../support/aws.ts";
import { fixedChance, heldClock } from "../support/time.ts";

function expired(): PosternError {
  return new PosternError("Credentials", "not accepted", { awsCode: "ExpiredToken" });
}

describe("call", () => {
  it("renews expired credentials once, and asks again with the new ones", async () => {
    const wired = wiredCall();
    let asked = 0;
    const answer = await wired.call(() => {
      asked += 1;
      return asked === 1 ? Promise.reject(expired()) : Promise.resolve("answer");
    });
    assert.deepEqual([answer, asked, wired.renewals()], ["answer", 2, 1]);
    assert.equal(wired.requests.read().retries, 1);
  });

  it("does not renew a second time when the new ones are expired too", async () => {
    const wired = wiredCall();
    await assert.rejects(
      wired.call(() => Promise.reject(expired())),
      { code: "Credentials" },
    );
    assert.equal(wired.renewals(), 1);
  });

  it("does not renew again after a failure in between", async () => {
    const wired = wiredCall();
    const faults = [expired(), new PosternError("Unavailable", "no answer"), expired()];
    const attempt = (): Promise<never> =>
      Promise.reject(faults.shift() ?? new Error("asked again"));
    await assert.rejects(wired.call(attempt), { code: "Credentials" });
    assert.equal(wired.renewals(), 1);
  });

  it("cuts an attempt that takes too long, whatever it waits for", async () => {
    const timers: (() => void)[] = [];
    const options: CallOptions = {
      limiter: createLimiter(1),
      budget: ENDLESS,
      retry: { attempts: 1, baseMs: 1, capMs: 1 },
      requestTimeoutMs: 5000,
      clock: heldClock(),
      after: (ms, act) => {
        assert.equal(ms, 5000);
        timers.push(act);
        return () => timers.splice(timers.indexOf(act), 1);
      },
      chance: fixedChance(0),
      requests: createRequestCounter(),
      renewCredentials: () => undefined,
    };
    const hanging = createCall(options)(
      (signal) =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(new PosternError("Unavailable", "cut"))),
        ),
    );
    await new Promise(setImmediate);
    timers[0]?.();
    await assert.rejects(hanging, /cut/);
    assert.equal(timers.length, 0);
  });

  it("holds no slot while it waits to ask again", async () => {
    const limiter = createLimiter(1);
    const clock = heldClock();
    let other = "";
    const call = createCall({
      limiter,
      budget: ENDLESS,
      retry: { attempts: 2, baseMs: 10, capMs: 10 },
      requestTimeoutMs: 5000,
      clock: {
        ...clock,
        sleep: async () => {
          other = await limiter(() => Promise.resolve("ran"));
        },
      },
      chance: fixedChance(0),
      requests: createRequestCounter(),
      renewCredentials: () => undefined,
    });
    let asked = 0;
    await call(() => {
      asked += 1;
      return asked === 1
        ? Promise.reject(new PosternError("Throttled", "slow down"))
        : Promise.resolve();
    });
    assert.equal(other, "ran");
  });

  it("says that the pass ran out of time, when it did, as an outage", async () => {
    const wired = wiredCall();
    const late = AbortSignal.abort();
    await assert.rejects(
      wired.call(() => Promise.resolve(), late),
      { code: "Unavailable", message: "the pass ran out of time" },
    );
  });
});
