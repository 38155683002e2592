import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { exitMeanings } from "../../agent/cli/exit-codes.ts";
import { parseFault } from "../../agent/cli/sandbox-faults.ts";
import { GROUP_STATES } from "../../agent/core/group-state.ts";
import { blocksOf, readPage, rowsOf } from "../support/document.ts";
import { root } from "../support/root.ts";

const pages = [
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
];

describe("the pages", () => {
  for (const path of pages)
    it(`lead somewhere from ${path}`, () => {
      const links = [...readPage(path).matchAll(/\]\(([^)#]+)(#[^)]*)?\)/g)].map(
        ([, to = ""]) => to,
      );
      for (const to of links.filter((link) => !/^https?:/.test(link)))
        assert.ok(existsSync(join(root, dirname(path), to)), to);
    });

  it("are all named in the README", () => {
    const readme = readPage("README.md");
    for (const path of pages.filter((page) => page !== "README.md"))
      assert.ok(readme.includes(`](${path})`), path);
  });
});

describe("docs/exit-codes.md", () => {
  it("says of each code what the man pages say", () => {
    const expected = exitMeanings.map(({ code, long }) => [String(code), long]);
    assert.deepEqual(rowsOf(readPage("docs/exit-codes.md")), expected);
  });
});

describe("docs/files.md", () => {
  it("names every state that a group can have", () => {
    const named = rowsOf(readPage("docs/files.md")).map(([state]) => state);
    // nothing rolls back yet
    assert.deepEqual(new Set(named), new Set(GROUP_STATES.filter((state) => state !== "held")));
  });
});

describe("docs/sandbox.md", () => {
  it("names faults that the sandbox knows", () => {
    const kinds = rowsOf(readPage("docs/sandbox.md")).flatMap(([names = ""]) => names.split(", "));
    assert.ok(kinds.length > 8);
    for (const kind of kinds) assert.doesNotThrow(() => parseFault(kind), kind);
  });
});

describe("docs/permissions.md", () => {
  it("shows a policy that is JSON", () => {
    const policies = blocksOf(readPage("docs/permissions.md"), "json");
    assert.equal(policies.length, 1);
    for (const policy of policies) assert.doesNotThrow(() => JSON.parse(policy));
  });
});
