import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { conditionWords, missWords } from "../../agent/audit/condition-words.ts";

describe("a condition in words", () => {
  const rows: readonly (readonly [operator: string, values: readonly string[], words: string])[] = [
    ["StringEquals", ["a"], "aws:x is a"],
    ["StringNotEquals", ["a", "b"], "aws:x is none of a, b"],
    ["StringLike", ["a", "b", "c", "d", "e"], "aws:x is like one of a, b, c and 2 more"],
    ["StringEqualsIfExists", ["a"], "aws:x is a, or not there"],
    ["ForAllValues:StringEquals", ["a"], "each aws:x is a"],
    ["ForAnyValue:StringLikeIfExists", ["a"], "some aws:x is like a, or not there"],
    ["NumericLessThan", ["1.2"], "aws:x is below 1.2"],
    ["DateGreaterThan", ["2026-01-01T00:00:00Z"], "aws:x is after 2026-01-01T00:00:00Z"],
    ["NotIpAddress", ["10.0.0.0/8"], "aws:x is not in 10.0.0.0/8"],
    ["ArnNotLike", ["arn:aws:iam::1:role/*"], "aws:x is not like arn:aws:iam::1:role/*"],
    ["Bool", ["false"], "aws:x is false"],
    ["Null", ["true"], "aws:x is not there"],
    ["Null", ["false"], "aws:x is there"],
  ];
  for (const [operator, values, words] of rows)
    it(`${operator} ${values.join(", ")}`, () => {
      assert.equal(conditionWords(operator, "aws:x", values), words);
    });

  it("of a miss says what came, and that nothing did", () => {
    const miss = {
      element: "condition",
      operator: "StringEquals",
      key: "k:x",
      expected: ["a"],
    } as const;
    assert.equal(missWords({ ...miss, given: ["b"] }), "it asks that k:x is a, and here it is b");
    assert.equal(
      missWords({ ...miss, given: [] }),
      "it asks that k:x is a, and here it is not there",
    );
    assert.equal(missWords({ element: "principal" }), "it is about another principal");
  });
});
