import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dollarsAMonth } from "../../agent/demo/cost.ts";

const ROWS: readonly (readonly [why: string, pass: readonly number[], dollars: number])[] = [
  ["43.2 million GETs at $0.0004 per 1,000", [0, 1, 0], 17.28],
  ["43.2 million LISTs at $0.005 per 1,000", [1, 0, 0], 216],
  ["43.2 million Decrypts at $0.03 per 10,000", [0, 0, 1], 129.6],
  ["all three", [1, 1, 1], 362.88],
  ["nothing asked", [0, 0, 0], 0],
];

describe("1,000 hosts that poll every minute for a month", () => {
  for (const [why, [list = 0, get = 0, decrypt = 0], dollars] of ROWS) {
    it(`cost $${dollars}: ${why}`, () => {
      assert.equal(dollarsAMonth({ list, get, decrypt }, 1000), dollars);
    });
  }
});
