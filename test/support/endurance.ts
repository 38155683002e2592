/** A day of trouble, and what a host must be like in it and after it. @module */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Fault } from "../cases/faults.ts";
import { HOUR, MINUTE, type Simulation, simulate } from "./simulation.ts";

/** Healthy, this host makes three requests a minute: one for each group. */
const HEALTHY_PER_HOUR = 180;
/** A fault may cost some requests at its beginning and its end, and no more than health in between. */
const ALLOWED_PER_HOUR = 1.5 * HEALTHY_PER_HOUR;

const FRESH = { web: "fresh", db: "fresh", tls: "fresh" };

/**
 * Lets all of `faults` last for a day. For all of it: few requests, few reloads, no growing heap; at its end each
 * group is where one of the faults leaves it, or fresh; and a quarter of an hour later all are.
 * @param temp where the host's trees are made
 */
export async function endure(
  t: TestContext,
  faults: readonly Fault[],
  temp: string,
): Promise<void> {
  const simulation = await healthy(t, temp);
  for (const fault of faults) fault.begin(simulation);
  await simulation.pass(2 * HOUR);
  const heapBefore = heapAfterCollection();
  const requestsBefore = simulation.requests();
  const reloadsBefore = simulation.reloads();
  await simulation.pass(22 * HOUR);
  for (const [group, state] of Object.entries(simulation.states())) {
    const expected = faults.flatMap(({ states }) => states[group] ?? []);
    const allowed = expected.length === 0 ? ["fresh"] : expected;
    assert.ok(
      state !== undefined && allowed.includes(state),
      `${group} is ${state}, not ${allowed.join(" or ")}`,
    );
  }
  const perHour = (simulation.requests() - requestsBefore) / 22;
  assert.ok(perHour <= ALLOWED_PER_HOUR, `${perHour} requests an hour`);
  const reloads = (simulation.reloads() - reloadsBefore) / 22;
  assert.ok(reloads <= 60, `${reloads} reloads an hour`);
  const grown = heapAfterCollection() - heapBefore;
  assert.ok(grown < 3_000_000, `${grown} bytes more than 22 hours before`);
  for (const fault of faults) fault.end(simulation);
  await simulation.pass(15 * MINUTE);
  assert.deepEqual(simulation.states(), FRESH);
}

async function healthy(t: TestContext, temp: string): Promise<Simulation> {
  const simulation = await simulate(temp);
  t.after(() => simulation.stop());
  await simulation.pass(5 * MINUTE);
  assert.deepEqual(simulation.states(), FRESH);
  return simulation;
}

/** Bytes in use. */
function heapAfterCollection(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
