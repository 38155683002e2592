import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nearestWord } from "../../agent/core/nearest.ts";

const WORDS = ["fetch", "get", "prefix", "max_age", "owner"];
const ROWS: readonly (readonly [word: string, nearest: string | undefined])[] = [
  ["fecth", "fetch"],
  ["prefxi", "prefix"],
  ["max-age", "max_age"],
  ["Owner", "owner"],
  ["color", undefined],
  ["gte", "get"],
  ["xyz", undefined],
  ["", undefined],
  ["f".repeat(100), undefined],
];

describe("nearestWord", () => {
  for (const [word, nearest] of ROWS) {
    it(`finds ${nearest ?? "nothing"} for "${word.slice(0, 10)}"`, () =>
      assert.equal(nearestWord(word, WORDS), nearest));
  }

  it("suggests nothing where nothing is known", () =>
    assert.equal(nearestWord("x", []), undefined));
});
