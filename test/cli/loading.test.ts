import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { root } from "../support/root.ts";

const agent = join(root, "agent");

const IMPORT = /^(?:import (?!type\b)(?:[^"';]* from )?|export [{*][^"']* from )"(\.[^"]+)"/gm;

/** The modules that `path` loads as it is loaded itself: not those of `import()`, and no types. */
function loadedWith(path: string, seen: Set<string> = new Set()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const text = readFileSync(join(agent, path), "utf8");
  for (const [, from = ""] of text.matchAll(IMPORT)) loadedWith(join(path, "..", from), seen);
  return seen;
}

describe("the program", () => {
  it("starts with the words of its commands alone, and loads their work when it is asked for", () => {
    const loaded = [...loadedWith("cli/main.ts")];
    assert.ok(loaded.includes("cli/policy-simulate.ts") && loaded.includes("cli/fetch.ts"));
    const work = /^(policy|map|lint|prove|generate|audit|publish|source)\//;
    // a table without imports, of which the sandbox's options list the names
    const expected = ["policy/rights.ts"];
    assert.deepEqual(
      loaded.filter((path) => work.test(path)),
      expected,
    );
  });
});
