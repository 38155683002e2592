import assert from "node:assert/strict";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  encodeState,
  parseState,
  readState,
  readStatus,
  writeState,
  writeStatus,
} from "../../agent/store/state.ts";
import { parseGenerationId } from "../../agent/store/target.ts";
import { closeTree } from "../../agent/store/tree.ts";
import { newWorld, open, web } from "../support/store.ts";
import { tempDir } from "../support/temp.ts";

const temp = tempDir();
const STATES = ["fresh", "stale", "expired", "denied", "rejected", "held", "pending"] as const;
const plainObject = { noNullPrototype: true } as const;
const generation = parseGenerationId("7f3a9c51e0b2");
const LINE = {
  standing: { state: "fresh", lastSuccess: 1_793_000_000_999, freshUntil: 1_793_003_600_000 },
  generation,
} as const;

describe("the state line", () => {
  it("is what a shell reads", () => {
    assert.equal(encodeState(LINE), "fresh 1793000000 1793003600 7f3a9c51e0b2\n");
    const never = { state: "pending", lastSuccess: undefined, freshUntil: undefined } as const;
    assert.equal(encodeState({ standing: never, generation: undefined }), "pending 0 0 -\n");
  });

  it("says again what was written, to the second", () => {
    const time = fc.option(
      fc.integer({ min: 1, max: 4_000_000_000 }).map((s) => s * 1000),
      { nil: undefined },
    );
    const standing = fc.record(
      {
        state: fc.constantFrom(...STATES),
        lastSuccess: time,
        freshUntil: time,
      },
      plainObject,
    );
    const line = fc.record(
      { standing, generation: fc.constantFrom(undefined, generation) },
      plainObject,
    );
    fc.assert(fc.property(line, (line) => assert.deepEqual(parseState(encodeState(line)), line)));
  });

  for (const text of [
    "",
    "fresh 1 2 -",
    "fresh 1 2\n",
    "odd 1 2 -\n",
    "fresh -1 2 -\n",
    "fresh 1 2 ../x\n",
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseState(text), undefined));
  }

  it("is replaced at once, readable by all, under any umask", () => {
    const root = mkdtempSync(join(temp, "s-"));
    const tree = open(newWorld(root));
    const before = process.umask(0o077);
    try {
      writeState(tree, web, LINE);
      writeStatus(tree, "{}\n");
    } finally {
      process.umask(before);
    }
    for (const path of ["run/state/web", "run/status.json"]) {
      assert.equal(lstatSync(join(root, path)).mode & 0o7777, 0o644);
    }
    assert.deepEqual(readState(tree, web)?.generation, generation);
    assert.equal(readStatus(tree), "{}\n");
    assert.deepEqual(readdirSync(join(root, "run/state")), ["web"]);
    closeTree(tree);
  });

  it("replaces a symlink and not what it leads to", () => {
    const root = mkdtempSync(join(temp, "s-"));
    const tree = open(newWorld(root));
    writeFileSync(join(root, "precious"), "kept");
    symlinkSync(join(root, "precious"), join(root, "run/state/web"));
    symlinkSync(join(root, "precious"), join(root, "run/status.json"));
    assert.throws(() => readState(tree, web), { code: "UnsafeTree" });
    writeState(tree, web, LINE);
    writeStatus(tree, "{}\n");
    assert.equal(readFileSync(join(root, "precious"), "utf8"), "kept");
    assert.equal(readStatus(tree), "{}\n");
    closeTree(tree);
  });
});
