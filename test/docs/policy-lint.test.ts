import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UNUSED_MUTE } from "../../agent/lint/mute.ts";
import { RULES } from "../../agent/lint/rules.ts";
import { readPage, rowsOf, sectionOf } from "../support/document.ts";

describe("docs/policy-lint.md", () => {
  it("has every rule as it is, and no other", () => {
    const rows = rowsOf(sectionOf(readPage("docs/policy-lint.md"), "Rules"));
    assert.deepEqual(
      rows.map((cells) => cells.map((cell) => cell.replaceAll("`", ""))),
      [...RULES, UNUSED_MUTE].map(({ id, severity, title, why, page, fix }) =>
        [id, severity, title, `${why} [AWS](${page})`, fix].map((cell) => cell.replaceAll("`", "")),
      ),
    );
  });
});
