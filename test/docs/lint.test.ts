import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LINT_RULES } from "../../agent/publish/lint-rules.ts";
import { readPage, rowsOf } from "../support/document.ts";

describe("docs/lint.md", () => {
  it("has every rule at its level, and no other", () => {
    const [rules = ""] = readPage("docs/lint.md").split("\n## ");
    assert.deepEqual(
      rowsOf(rules).map(([rule, level]) => [rule, level]),
      Object.entries(LINT_RULES),
    );
  });
});
