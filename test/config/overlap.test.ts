import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HEAD, KEY, issuesOf } from "../support/parsed-config.ts";

const envelope = `decrypt: { mode: envelope, keys: ["${KEY}"] }`;
/** Two groups that may not, or may, stand together. */
const NEIGHBOURS: readonly (readonly [why: string, a: string, b: string, fault?: RegExp])[] = [
  [
    "the same prefix",
    "prefix: x/",
    "prefix: x/",
    /groups\.b\.prefix: .* object of group "a", got "x\/"/,
  ],
  ["a prefix in another's", "prefix: x/", "prefix: x/y/", /groups\.b\.prefix/],
  ["a prefix around another's", "prefix: x/y/", "prefix: x/", /groups\.b\.prefix/],
  [
    "a key in another's prefix",
    "prefix: x/",
    "prefix: x/, only: [k]",
    /groups\.b\.only: .* got "x\/k"/,
  ],
  ["a prefix around another's key", "prefix: x/, only: [y/k]", "prefix: x/y/", /groups\.b\.prefix/],
  ["a bundle in another's prefix", "prefix: x/", `bundle: x/b, ${envelope}`, /groups\.b\.bundle/],
  ["the same bundle", `bundle: b, ${envelope}`, `bundle: b, ${envelope}`, /groups\.b\.bundle/],
  ["a key in both", "prefix: x/, only: [k]", "prefix: x/, only: [j, k]", /got "x\/k"/],
  [
    "the same path",
    "prefix: x/, files: { k: { path: /etc/k } }",
    "prefix: y/, files: { k: { path: /etc/k } }",
    /groups\.b\.files\.k\.path: expected a path apart from "\/etc\/k" of group "a"/,
  ],
  ["disjoint keys below one prefix", "prefix: x/, only: [j]", "prefix: x/, only: [k]"],
  ["a prefix beside another's keys", "prefix: x/, only: [k]", "prefix: x/y/"],
  ["prefixes alike but for the slash", "prefix: app1/", "prefix: app10/"],
  [
    "a render of one name each",
    "prefix: x/, render: [{ path: e, format: json }]",
    "prefix: y/, render: [{ path: e, format: json }]",
  ],
];

describe("groups", () => {
  for (const [why, a, b, fault] of NEIGHBOURS)
    it(`may ${fault ? "not " : ""}have ${why}`, () => {
      const issues = issuesOf(`${HEAD}groups:\n  a: { ${a} }\n  b: { ${b} }\n`);
      assert.equal(issues.length, fault ? 1 : 0, issues.join("\n"));
      if (fault) assert.match(issues[0] ?? "", fault);
    });
});
