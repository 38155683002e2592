import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { parseBucketName, parseGroupName, parseRegion } from "../../agent/core/names.ts";
import type { GroupOutcome } from "../../agent/core/outcome.ts";
import { type Keeper, keepGroup } from "../../agent/daemon/keeper.ts";
import { fixedChance } from "../support/time.ts";

const group = parseGroupName("web");
const from = {
  kind: "home",
  bucket: parseBucketName("acme"),
  region: parseRegion("us-east-1"),
} as const;
const facts = { generation: "0123456789ab", secrets: 1, bytes: 1, drift: [], notes: [] };
const unchanged: GroupOutcome = { kind: "unchanged", group, from, ...facts };
const down: GroupOutcome = {
  kind: "failed",
  group,
  error: new PosternError("Unavailable", "down"),
};
const throttled: GroupOutcome = {
  kind: "failed",
  group,
  error: new PosternError("Throttled", "slow down", { retryAfterMs: 400_000 }),
};

/** Sleeps until told, and remembers for how long it was asked to. */
function sleeper(): {
  readonly naps: number[];
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly wake: () => void;
} {
  const naps: number[] = [];
  let over: () => void = () => {};
  return {
    naps,
    wake: () => over(),
    sleep: (ms, signal) => {
      naps.push(ms);
      return new Promise((resolve, reject) => {
        over = resolve;
        signal?.addEventListener("abort", () => reject(new Error("woken")), { once: true });
      });
    },
  };
}

interface Kept {
  readonly keeper: Keeper;
  readonly stop: AbortController;
  readonly naps: readonly number[];
  /** For each pass, whether somebody had asked for it. */
  readonly passes: readonly boolean[];
  readonly wake: () => Promise<void>;
}

async function keep(outcomes: readonly GroupOutcome[], isNeeded = true): Promise<Kept> {
  const stop = new AbortController();
  const { naps, sleep, wake } = sleeper();
  const passes: boolean[] = [];
  const keeper = keepGroup({
    rhythm: { everyMs: 60_000, splayMs: 10_000 },
    isNeeded,
    pass: (isAsked) => {
      passes.push(isAsked);
      return Promise.resolve(outcomes[passes.length - 1] ?? unchanged);
    },
    clock: { now: () => 0, monotonic: () => 0, sleep },
    chance: fixedChance(0.5),
    signal: stop.signal,
  });
  await nextTurn();
  return {
    keeper,
    stop,
    naps,
    passes,
    wake: async () => {
      wake();
      await nextTurn();
    },
  };
}

describe("a keeper", () => {
  it("passes at once when readers wait, else somewhere in the interval", async () => {
    assert.equal((await keep([])).passes.length, 1);
    const calm = await keep([], false);
    assert.equal(calm.passes.length, 0);
    assert.deepEqual(calm.naps, [30_000]);
  });

  it("spreads its failures further and further, and returns to its rhythm at once", async () => {
    const { naps, wake } = await keep([down, down, down, unchanged]);
    for (let i = 0; i < 3; i += 1) await wake();
    assert.deepEqual(naps, [2500, 5000, 10_000, 60_000]);
  });

  it("leaves a service alone for as long as it asks", async () => {
    assert.deepEqual((await keep([throttled])).naps, [400_000]);
  });

  it("passes when asked, and answers everybody who asked before it began", async () => {
    const { keeper, passes } = await keep([]);
    const answers = await Promise.all([keeper.refresh(), keeper.refresh()]);
    assert.deepEqual(answers, [unchanged, unchanged]);
    assert.deepEqual(passes, [false, true]);
  });

  it("ends while it sleeps, and tells who waited", async () => {
    const { keeper, stop } = await keep([]);
    stop.abort(new PosternError("Unavailable", "postern is stopping"));
    await keeper.done;
    await assert.rejects(keeper.refresh(), /stopping/);
  });
});
