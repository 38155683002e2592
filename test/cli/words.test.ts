import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { bytes, count, duration, shellQuote, table, wrap } from "../../agent/cli/words.ts";

const ROWS: readonly (readonly [said: string, expected: string])[] = [
  [count(0, "secret"), "0 secrets"],
  [count(1, "secret"), "1 secret"],
  [bytes(0), "0 B"],
  [bytes(1023), "1023 B"],
  [bytes(1536), "1.5 KiB"],
  [bytes(8 * 1024 * 1024), "8.0 MiB"],
  [duration(0), "0s"],
  [duration(-5), "0s"],
  [duration(59_400), "59s"],
  [duration(60_000), "1m"],
  [duration(3_725_000), "1h 2m"],
  [duration(86_400_000 + 30_000), "1d"],
];

describe("words", () => {
  for (const [said, expected] of ROWS) {
    it(`says ${expected}`, () => assert.equal(said, expected));
  }

  it("aligns columns without trailing spaces", () => {
    assert.deepEqual(
      table([
        ["a", "bb", ""],
        ["ccc", "d", "e"],
      ]),
      ["a    bb", "ccc  d   e"],
    );
  });

  it("breaks lines between pieces, and never in one", () => {
    assert.deepEqual(wrap(["a b", "c", "dd"], 5), ["a b c", "dd"]);
    assert.deepEqual(wrap(["longer than that", "x"], 5), ["longer than that", "x"]);
  });

  it("quotes for a shell, whatever it is", () => {
    for (const text of ["plain-1./", "a b", "it's", "$(x)`y`\\", "", "\n"])
      assert.equal(
        execFileSync("sh", ["-c", `printf %s ${shellQuote(text)}`], { encoding: "utf8" }),
        text,
      );
  });
});
