import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { fillTemplate, type Values } from "../../agent/generate/fill.ts";

type Row = readonly [why: string, template: Record<string, unknown>, Values, expected: unknown];

const ROWS: readonly Row[] = [
  ["a text in a text", { a: "{{b}}/*" }, { b: "arn" }, { a: "arn/*" }],
  ["a list in the place of its placeholder", { a: "{{b}}" }, { b: ["x", "y"] }, { a: ["x", "y"] }],
  ["a list of one as a text", { a: "{{b}}" }, { b: ["x"] }, { a: "x" }],
  ["a list among its neighbours", { a: ["w", "{{b}}"] }, { b: ["x", "y"] }, { a: ["w", "x", "y"] }],
  ["a pattern", { a: "{{b}}" }, { b: { pattern: "x/*" } }, { a: "x/*" }],
  ["a text in a name", { "{{b}}:aud": "z" }, { b: "p" }, { "p:aud": "z" }],
  ["no value by leaving out", { a: { b: "{{c?}}", d: "e" } }, { c: undefined }, { a: { d: "e" } }],
  [
    "no value by leaving out what it empties",
    { a: { b: "{{c?}}" }, d: "e" },
    { c: undefined },
    { d: "e" },
  ],
  [
    "pairs in order",
    { a: { "k:{{c.name}}": "{{c.value}}" } },
    { c: { pairs: { y: "2", x: "1" } } },
    { a: { "k:x": "1", "k:y": "2" } },
  ],
  [
    "no pairs by nothing",
    { a: { "k:{{c.name}}": "{{c.value}}", d: "e" } },
    { c: { pairs: {} } },
    { a: { d: "e" } },
  ],
  [
    "a value that looks like a placeholder as it is",
    { a: "{{b}}{{c}}" },
    { b: "{{c}}", c: "x" },
    { a: "{{c}}x" },
  ],
  [
    "a value that looks like a replacement pattern as it is",
    { a: "{{b}}!" },
    { b: "x&y`" },
    { a: "x&y`!" },
  ],
  [
    "nothing of IAM's own variables",
    { a: "${aws:SourceVpc, 'none'}{{b}}" },
    { b: "" },
    { a: "${aws:SourceVpc, 'none'}" },
  ],
];

const REFUSALS: readonly (readonly [why: string, Record<string, unknown>, Values, code: string])[] =
  [
    ["a placeholder without a value", { a: "{{b}}" }, {}, "Internal"],
    ["no value where one must be", { a: "{{b}}" }, { b: undefined }, "Internal"],
    ["an empty list", { a: "{{b}}" }, { b: [] }, "Internal"],
    ["a list in a text", { a: "{{b}}/x" }, { b: ["x", "y"] }, "Internal"],
    ["a value that no placeholder takes", { a: "x" }, { b: "x" }, "Internal"],
    ["pairs as a text", { a: "{{b}}" }, { b: { pairs: {} } }, "Internal"],
    ["a text as pairs", { "k:{{b.name}}": "{{b.value}}" }, { b: "x" }, "Internal"],
    ["a wildcard that nobody means", { a: "{{b}}" }, { b: "x*" }, "BadName"],
    ["a wildcard for one that nobody means", { a: "{{b}}" }, { b: ["x?"] }, "BadName"],
    ["a variable", { a: "{{b}}" }, { b: "${aws:username}" }, "BadName"],
    ["a variable in a pattern", { a: "{{b}}" }, { b: { pattern: "${aws:username}/*" } }, "BadName"],
    [
      "a wildcard in a pair",
      { "k:{{c.name}}": "{{c.value}}" },
      { c: { pairs: { x: "*" } } },
      "BadName",
    ],
  ];

describe("a template", () => {
  for (const [why, template, values, expected] of ROWS)
    it(`takes ${why}`, () => {
      assert.deepEqual(fillTemplate(template, values, "t"), expected);
    });

  for (const [why, template, values, code] of REFUSALS)
    it(`refuses ${why}`, () => {
      assert.throws(
        () => fillTemplate(template, values, "t"),
        (error: unknown) => error instanceof PosternError && error.code === code,
      );
    });
});
