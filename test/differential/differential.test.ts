import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { wordOf } from "../../agent/policy/expectation.ts";
import { parseScenarios } from "../../agent/policy/scenario.ts";
import { simulate } from "../../agent/policy/simulate.ts";
import { CANARIES, EXAMPLES } from "./canaries.ts";
import { EXCEPTIONS, isExcepted } from "./exceptions.ts";
import { scenarios } from "./generate.ts";
import { type Asked, askOracle } from "./oracle.ts";

function ask(asked: Asked): string {
  const [scenario] = parseScenarios(JSON.parse(JSON.stringify(asked)), "scenario");
  assert.ok(scenario !== undefined);
  return wordOf(simulate(scenario, "scenario").verdict);
}

const runs = Number(process.env["POSTERN_DIFFERENTIAL_RUNS"] ?? 300);
const seed = Number(process.env["POSTERN_DIFFERENTIAL_SEED"] ?? 20_261_125);

describe("the evaluator and another implementation", () => {
  it(`decide ${runs} scenarios alike, but for the written exceptions`, async () => {
    let excepted = 0;
    await fc.assert(
      fc.asyncProperty(scenarios, async (asked) => {
        if (isExcepted(asked)) excepted += 1;
        else assert.equal(ask(asked), await askOracle(asked));
      }),
      { numRuns: runs, seed },
    );
    // exceptions that took too much would leave little to compare
    assert.ok(excepted < runs / 3, `${excepted} of ${runs} were excepted`);
  });

  for (const [kind, { asked, without }] of Object.entries(CANARIES))
    it(`both heed the ${kind} policy: without it their answer is another`, async () => {
      const bare = { ...asked, policies: { ...asked.policies, [kind]: without } };
      assert.notEqual(ask(asked), ask(bare));
      assert.deepEqual([ask(asked), ask(bare)], [await askOracle(asked), await askOracle(bare)]);
    });

  for (const [at, { why, covers }] of EXCEPTIONS.entries())
    it(`still differ in this: ${why}`, async () => {
      const asked = EXAMPLES[at];
      assert.ok(asked !== undefined && covers(asked));
      assert.notEqual(ask(asked), await askOracle(asked));
    });
});
