import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { shellQuote } from "../../agent/cli/sandbox-words.ts";

describe("what a sandbox says of itself", () => {
  it("is quoted for a shell, whatever it is", () => {
    for (const text of ["plain-1./", "a b", "it's", "$(x)`y`\\", "", "\n"])
      assert.equal(
        execFileSync("sh", ["-c", `printf %s ${shellQuote(text)}`], { encoding: "utf8" }),
        text,
      );
  });
});
