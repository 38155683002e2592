import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLimiter } from "../../agent/aws/limiter.ts";

describe("limiter", () => {
  it("runs no more works at once than it has slots, first come first served", async () => {
    const limit = createLimiter(2);
    const started: number[] = [];
    let running = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 9 }, (_, index) =>
        limit(async () => {
          started.push(index);
          running += 1;
          most = Math.max(most, running);
          await new Promise(setImmediate);
          running -= 1;
        }),
      ),
    );
    assert.equal(most, 2);
    assert.deepEqual(started, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("frees the slot of a work that fails", async () => {
    const limit = createLimiter(1);
    await assert.rejects(
      limit(() => Promise.reject(new Error("x"))),
      /x/,
    );
    assert.equal(await limit(() => Promise.resolve("next")), "next");
  });

  it("lets those give up who wait, and serves the others in their order", async () => {
    const limit = createLimiter(1);
    const stop = new AbortController();
    let finish = (): void => undefined;
    const first = limit(() => new Promise<void>((resolve) => (finish = resolve)));
    const second = limit(() => Promise.resolve("second"), stop.signal);
    const third = limit(() => Promise.resolve("third"));
    stop.abort(new Error("given up"));
    await assert.rejects(second, /given up/);
    finish();
    await first;
    assert.equal(await third, "third");
    await assert.rejects(
      limit(() => Promise.resolve("late"), stop.signal),
      /given up/,
    );
    assert.equal(await limit(() => Promise.resolve("free")), "free");
  });
});
