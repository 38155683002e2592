import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { HEAD, issuesOf } from "../support/parsed-config.ts";
import { root } from "../support/root.ts";

const page = readFileSync(join(root, "docs/configuration.md"), "utf8");
/** A key that is near no other, so that the fault lists all keys of its place. */
const UNKNOWN = "{ zzzzzzzzzzzz: 1 }";
const PLACES: readonly (readonly [place: string, text: string])[] = [
  ["the top", "zzzzzzzzzzzz: 1"],
  ["failover", `failover: [${UNKNOWN}]`],
  ["credentials", `credentials: ${UNKNOWN}`],
  ["endpoints", `endpoints: ${UNKNOWN}`],
  ["refresh", `refresh: ${UNKNOWN}`],
  ["paths", `paths: ${UNKNOWN}`],
  ["limits", `limits: ${UNKNOWN}`],
  ["defaults", `defaults: ${UNKNOWN}`],
  ["a group", `groups: { g: ${UNKNOWN} }`],
  ["decrypt", `groups: { g: { decrypt: ${UNKNOWN} } }`],
  ["files", `groups: { g: { files: { a: ${UNKNOWN} } } }`],
  ["render", `groups: { g: { render: [${UNKNOWN}] } }`],
  ["on_change", `groups: { g: { on_change: ${UNKNOWN} } }`],
  ["reload", `groups: { g: { on_change: { reload: ${UNKNOWN} } } }`],
];

describe("docs/configuration.md", () => {
  for (const [place, text] of PLACES)
    it(`names every key of ${place}`, () => {
      const issues = issuesOf(`${HEAD}${text}\n`).join("\n");
      const keys = /expected one of (.*), got "zzzzzzzzzzzz"/.exec(issues)?.[1]?.split(", ") ?? [];
      assert.ok(keys.length > 0, issues);
      for (const key of keys)
        assert.match(page, new RegExp(`\`(\\w+\\.|\\{ )?${key}[\`:]`), `${place}: ${key}`);
    });

  it("shows examples that parse", () => {
    const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? "");
    assert.ok(examples.length > 2);
    for (const example of examples)
      assert.deepEqual(issuesOf(example.startsWith("version") ? example : HEAD + example), []);
  });
});
