import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseScenarios } from "../../agent/policy/scenario.ts";
import { simulate } from "../../agent/policy/simulate.ts";
import { blocksOf, readPage } from "../support/document.ts";

describe("docs/policy.md", () => {
  it("shows a scenario that is decided as it says", () => {
    const blocks = blocksOf(readPage("docs/policy.md"), "json");
    assert.equal(blocks.length, 1);
    const scenarios = parseScenarios(JSON.parse(blocks[0] ?? ""), "example");
    for (const scenario of scenarios) {
      assert.ok(scenario.expect !== undefined);
      assert.ok(simulate(scenario, "example").asExpected);
    }
  });
});
