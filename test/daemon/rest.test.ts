import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRest } from "../../agent/daemon/rest.ts";

interface Timer {
  readonly atMs: number;
  readonly act: () => void;
}

/** A clock that goes on when told to, and the times of collections. */
function scene(): {
  readonly stirred: () => void;
  readonly goOn: (ms: number) => void;
  readonly collected: readonly number[];
} {
  let now = 0;
  let timers: Timer[] = [];
  const collected: number[] = [];
  const stirred = createRest({
    collect: () => collected.push(now),
    monotonic: () => now,
    after: (ms, act) => {
      const timer = { atMs: now + ms, act };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  });
  const goOn = (ms: number): void => {
    now += ms;
    const due = timers.filter(({ atMs }) => atMs <= now);
    timers = timers.filter((timer) => !due.includes(timer));
    for (const { act } of due) act();
  };
  return { stirred, goOn, collected };
}

describe("a daemon at rest", () => {
  it("gives back what passes left once, two seconds after the last of them", () => {
    const { stirred, goOn, collected } = scene();
    for (let pass = 0; pass < 10; pass += 1) {
      stirred();
      goOn(1000);
    }
    assert.deepEqual(collected, []);
    goOn(1000);
    assert.deepEqual(collected, [11_000]);
    goOn(3_600_000);
    assert.deepEqual(collected, [11_000]);
  });

  it("does so once a minute at most, however busy it is", () => {
    const { stirred, goOn, collected } = scene();
    for (let second = 0; second < 600; second += 1) {
      if (second % 5 === 0) stirred();
      goOn(1000);
    }
    assert.equal(collected.length, 10);
    const gaps = collected.slice(1).map((at, index) => at - (collected[index] ?? 0));
    assert.ok(
      gaps.every((gap) => gap >= 60_000),
      String(gaps),
    );
  });
});
