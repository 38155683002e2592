import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { systemClock } from "../../agent/core/clock.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { createScreen } from "../../agent/demo/screen.ts";
import { runSteps, type Step } from "../../agent/demo/step.ts";

type Run = Step<undefined>["run"];

const holds: Run = (_, told) => Promise.resolve(told.check("one is one", 1, 1));

async function play(
  runs: readonly Run[],
  signal = new AbortController().signal,
): Promise<readonly [held: boolean, said: string]> {
  const out = new PassThrough();
  const screen = createScreen({ out, live: false, colours: false, clock: systemClock });
  const steps = runs.map((run, at) => ({ title: `step ${at + 1}`, run }));
  const held = await runSteps(steps, undefined, screen, signal);
  return [held, String(out.read() ?? "")];
}

const BROKEN: Readonly<Record<string, readonly [run: Run, said: RegExp]>> = {
  "a check is not true": [
    (_, told) => {
      told.check("files stay", 3, 4);
      told.check("one is one", 1, 1);
      return Promise.resolve();
    },
    /FAILED {2}files stay: expected 4, got 3\n {2}ok {2}one is one\n/,
  ],
  "it throws": [
    () => Promise.reject(new PosternError("Unavailable", "no sandbox")),
    /FAILED {2}no sandbox\n/,
  ],
  "it throws what may quote data": [
    () => Promise.reject(new Error("hunter2")),
    /FAILED {2}unexpected Error\n/,
  ],
  "it checks nothing": [() => Promise.resolve(), /FAILED {2}expected a check, got none\n/],
};

describe("a demo of steps", () => {
  it("holds when every step held", async () => {
    const [held, said] = await play([holds, holds]);
    assert.equal(held, true);
    assert.match(said, /1\/2 {2}step 1\n {2}ok {2}one is one\n\n2\/2/);
  });

  for (const [why, [run, expected]] of Object.entries(BROKEN)) {
    it(`fails when ${why}, and goes no further`, async () => {
      const [held, said] = await play([holds, run, holds]);
      assert.equal(held, false);
      assert.match(said, expected);
      assert.doesNotMatch(said, /3\/3|hunter2/);
    });
  }

  it("ends without a word when it is told to", async () => {
    const over = new AbortController();
    const interrupted: Run = () => {
      over.abort();
      return Promise.reject(new Error("killed"));
    };
    const [held, said] = await play([interrupted, holds], over.signal);
    assert.deepEqual([held, said], [false, "\n1/2  step 1\n"]);
  });
});
