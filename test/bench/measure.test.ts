import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inTurn, median, commandContestant, ratio } from "../../bench/measure.ts";

const MEDIANS: readonly (readonly [values: readonly number[], expected: number])[] = [
  [[], Number.NaN],
  [[3], 3],
  [[3, 1], 2],
  [[10, 2, 9], 9],
  [[4, 1, 3, 100], 3.5],
];

describe("measure", () => {
  for (const [values, expected] of MEDIANS) {
    it(`takes ${expected} as the median of ${JSON.stringify(values)}`, () => {
      assert.equal(median(values), expected);
    });
  }

  it("runs contestants in turn, each round from another, after one round that does not count", async () => {
    const ran: string[] = [];
    const contestants = ["a", "b", "c"].map((name) => ({ name, once: () => void ran.push(name) }));
    const medians = await inTurn(contestants, 2);
    assert.equal(ran.join(""), "abcbcacab");
    assert.deepEqual([...medians.keys()], ["a", "b", "c"]);
  });

  it("gives a ratio of medians", () => {
    const medians = new Map([
      ["get", 3],
      ["cat", 2],
    ]);
    assert.equal(ratio(medians, "get", "cat"), 1.5);
  });

  it("runs a command as often as asked, with only the environment given", async () => {
    const folder = mkdtempSync(join(tmpdir(), "postern-test-"));
    const file = join(folder, "ran");
    const command = ["/bin/sh", "-c", 'echo "$WORD" >>"$0"', file];
    await commandContestant("sh", command, { WORD: "x" }, 3).once();
    assert.equal(readFileSync(file, "utf8"), "x\nx\nx\n");
    rmSync(folder, { recursive: true });
  });

  it("does not time a command that fails", async () => {
    const failing = commandContestant("sh", ["/bin/sh", "-c", "exit 3"], {}, 2);
    await assert.rejects(async () => failing.once(), /sh: ended with 3/);
  });
});
