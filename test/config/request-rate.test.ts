import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configOf, HEAD } from "../support/parsed-config.ts";

const NAMES = Array.from({ length: 100 }, (_, index) => `n${index}`).join(", ");
const ROWS: readonly (readonly [why: string, text: string, perMinute: number])[] = [
  ["no group", "", 600],
  ["a few groups", "groups: { a: { prefix: a/ }, b: { prefix: b/ } }\n", 600],
  ["a hundred names", `groups: { a: { prefix: a/, only: [${NAMES}] } }\n`, 600],
  [
    "a hundred names every five seconds",
    `refresh: { every: 5s }\ngroups: { a: { prefix: a/, only: [${NAMES}] } }\n`,
    3 * 100 * 12,
  ],
  ["a prefix every second", "refresh: { every: 1s }\ngroups: { a: { prefix: a/ } }\n", 600],
  ["what is written down", "limits: { requests_per_minute: 60 }\n", 60],
];

describe("the default request budget", () => {
  for (const [why, text, perMinute] of ROWS)
    it(`is ${perMinute} a minute for ${why}`, () => {
      assert.equal(configOf(HEAD + text).limits.requestsPerMinute, perMinute);
    });
});
