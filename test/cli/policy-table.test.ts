import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fittedSentence, fittedTable } from "../../agent/cli/policy-table.ts";
import { table } from "../../agent/cli/words.ts";

const ROWS: Readonly<
  Record<
    string,
    readonly [rows: readonly (readonly string[])[], width: number, lines: readonly string[]]
  >
> = {
  "leaves alone what fits exactly": [[["ab", "cd e"]], 8, ["ab  cd e"]],
  "wraps the widest cell at spaces": [
    [
      ["A", "BY"],
      ["x", "one two three"],
      ["y", "four"],
    ],
    11,
    ["A  BY", "x  one two", "   three", "y  four"],
  ],
  "cuts a word in the middle that has no place to break": [
    [["arn:aws:s3:::acme-secrets/web/db", "no"]],
    15,
    ["arn:a…eb/db  no"],
  ],
  "lets two wide columns give way alike": [
    [["aaaa bbbb cccc", "dddd eeee ffff"]],
    20,
    ["aaaa bbbb  dddd eeee", "cccc       ffff"],
  ],
};

describe("a table for a terminal", () => {
  for (const [promise, [rows, width, lines]] of Object.entries(ROWS))
    it(promise, () => {
      assert.deepEqual(fittedTable(rows, width), lines);
      for (const line of fittedTable(rows, width)) assert.ok(line.length <= width, line);
    });

  it("is the plain one where that fits", () => {
    const rows = [
      ["CASE", "BY"],
      ["web reads", "identity[0]"],
    ];
    assert.deepEqual(fittedTable(rows, 80), table(rows));
  });

  it("sets in what follows the first line of a sentence", () => {
    assert.deepEqual(fittedSentence("one two three", 9), ["one two", "  three"]);
    assert.deepEqual(fittedSentence("a abcdefghijklm", 9), ["a", "  abc…klm"]);
  });
});
