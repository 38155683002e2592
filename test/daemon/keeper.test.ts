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

/** A keeper in the middle of its first pass. */
async function keepBusy(): Promise<Kept & { readonly end: () => Promise<void> }> {
  let end: () => void = () => {};
  const busy = new Promise<void>((resolve) => (end = resolve));
  return {
    ...(await keep([], true, busy)),
    end: async () => {
      end();
      await nextTurn();
    },
  };
}

/** @param busy what each pass waits for */
async function keep(
  outcomes: readonly GroupOutcome[],
  isNeeded = true,
  busy: Promise<void> = Promise.resolve(),
): Promise<Kept> {
  const stop = new AbortController();
  const { naps, sleep, wake } = sleeper();
  const passes: boolean[] = [];
  const keeper = keepGroup({
    rhythm: { everyMs: 60_000, splayMs: 10_000 },
    isNeeded,
    pass: (isAsked) => {
      passes.push(isAsked);
      const outcome = outcomes[passes.length - 1] ?? unchanged;
      return busy.then(() => outcome);
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

  it("forgets its failures with the first success", async () => {
    const { naps, wake } = await keep([down, down, unchanged, down]);
    for (let i = 0; i < 3; i += 1) await wake();
    assert.deepEqual(naps, [2500, 5000, 60_000, 2500]);
  });

  const waits = [
    ["until its secrets have settled", { why: "settling", untilMs: 8000 }, 8000],
    ["a moment for a set that moved", { why: "moved" }, 5000],
  ] as const;
  for (const [why, wait, atLeastMs] of waits)
    it(`waits for a publisher: ${why}, and a while that differs by host`, async () => {
      const { naps } = await keep([{ kind: "waiting", group, ...wait }]);
      assert.deepEqual(naps, [atLeastMs + 3000]);
    });

  it("passes again at once for who asked during a pass", async () => {
    const { keeper, passes, naps, end } = await keepBusy();
    const answer = keeper.refresh();
    await end();
    assert.equal(await answer, unchanged);
    assert.deepEqual(passes, [false, true]);
    assert.deepEqual(naps, [60_000]);
  });

  it("ends after the pass under way when nobody waits", async () => {
    const { keeper, naps, stop, end } = await keepBusy();
    stop.abort();
    await end();
    assert.deepEqual(naps, []);
    await keeper.done;
  });

  it("ends after the pass under way, without another nap, and tells who waited", async () => {
    const { keeper, naps, stop, end } = await keepBusy();
    const answer = keeper.refresh();
    stop.abort(new PosternError("Unavailable", "postern is stopping"));
    const refused = assert.rejects(answer, /stopping/);
    await end();
    await keeper.done;
    await refused;
    assert.deepEqual(naps, []);
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
