import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkBudget } from "../../agent/store/budget.ts";
import { web } from "../support/store.ts";

describe("checkBudget", () => {
  const ROWS: readonly (readonly [bytes: number, otherBytes: number, fault: RegExp | undefined])[] =
    [
      [0, 0, undefined],
      [100, 0, undefined],
      [101, 0, /is too large: expected at most 100 bytes, got 101$/],
      [100, 50, undefined],
      [100, 51, /does not fit on this host: expected at most 150 bytes in all groups, got 151$/],
      [0, 151, /does not fit/],
    ];
  for (const [bytes, otherBytes, fault] of ROWS) {
    it(`${fault === undefined ? "lets" : "refuses"} ${bytes} bytes beside ${otherBytes}`, () => {
      const check = (): void =>
        checkBudget({ group: web, bytes, otherBytes, maxGroupBytes: 100, maxHostBytes: 150 });
      if (fault === undefined) check();
      else assert.throws(check, { code: "TooLarge", message: fault });
    });
  }
});
