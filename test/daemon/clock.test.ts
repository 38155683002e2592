import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { HOUR, MINUTE, type Simulation, simulate } from "../support/simulation.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();

async function running(t: TestContext): Promise<Simulation> {
  const simulation = await simulate(temp);
  t.after(() => simulation.stop());
  await simulation.pass(5 * MINUTE);
  return simulation;
}

describe("a clock that was set", () => {
  it("is told of once each time, and one that is a little off is not", async (t) => {
    const simulation = await running(t);
    for (const offMs of [0, 3000, 10 * MINUTE, 0]) {
      simulation.world.clockOffMs = offMs;
      await simulation.pass(2 * MINUTE);
    }
    assert.deepEqual(simulation.clockSteps, [10 * MINUTE - 3000, -10 * MINUTE]);
  });

  const jumps = [
    // as much as AWS bears
    ["set on", { clockOffMs: 14 * MINUTE }],
    ["set back", { clockOffMs: -14 * MINUTE }],
    // past max_age, and past the credentials' end
    ["suspended", { suspendedMs: 9 * HOUR }],
  ] as const;
  for (const [how, change] of jumps)
    it(`makes a host that was ${how} ask no sooner, and leaves its groups fresh after a round`, async (t) => {
      const simulation = await running(t);
      const before = simulation.requests();
      Object.assign(simulation.world, change);
      await simulation.pass(10 * MINUTE);
      // one of each group every 50 s at most, and new credentials
      const made = simulation.requests() - before;
      assert.ok(made <= 3 * 12 + 1, `${made} requests`);
      assert.deepEqual(simulation.states(), { web: "fresh", db: "fresh", tls: "fresh" });
    });
});
