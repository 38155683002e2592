import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSecretName } from "../../agent/core/names.ts";
import { childOf, foldersOf, parseGenerationId } from "../../agent/store/target.ts";

describe("childOf", () => {
  const directory = { fd: 7, path: "/somewhere" };
  it("names a child by the descriptor, not by the path", () => {
    assert.equal(childOf(directory, "a b"), "/proc/self/fd/7/a b");
  });
  for (const segment of ["", ".", "..", "/", "a/b", "../x", "a\0b"]) {
    it(`refuses ${JSON.stringify(segment)}`, () => {
      assert.throws(() => childOf(directory, segment), { code: "BadName" });
    });
  }
});

describe("parseGenerationId", () => {
  const ROWS: readonly (readonly [text: string, accepted: boolean])[] = [
    ["0123456789ab", true],
    ["0123456789aB", false],
    ["0123456789a", false],
    ["0123456789abc", false],
    ["0123456789ab\n", false],
    ["../../../etc", false],
    ["", false],
  ];
  for (const [text, accepted] of ROWS) {
    it(`${accepted ? "accepts" : "refuses"} ${JSON.stringify(text)}`, () => {
      assert.equal(parseGenerationId(text), accepted ? text : undefined);
    });
  }
});

describe("foldersOf", () => {
  it("lists the folders on the way, outermost first", () => {
    assert.deepEqual(foldersOf(parseSecretName("a")), []);
    assert.deepEqual(foldersOf(parseSecretName("a/b/c")), ["a", "a/b"]);
  });
});
