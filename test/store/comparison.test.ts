import assert from "node:assert/strict";
import { mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  compare,
  generationBytes,
  plannedBytes,
  renewManifest,
} from "../../agent/store/comparison.ts";
import type { Generation } from "../../agent/store/generation.ts";
import type { StagePlan } from "../../agent/store/set.ts";
import { closeTree, type Tree } from "../../agent/store/tree.ts";
import { generationIn, gid, keeping, newWorld, open, pass, planOf, uid } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
const VALUES = { a: "1", b: "22" };
let root: string;
let tree: Tree;
let current: Generation;
beforeEach(async () => {
  root = mkdtempSync(join(temp, "c-"));
  await pass(newWorld(root), VALUES);
  tree = open(newWorld(root));
  current = generationIn(tree) ?? assert.fail();
});
afterEach(() => {
  closeTree(tree);
});

const NOTHING = { added: [], changed: [], removed: [] };

describe("compare", () => {
  const changed = (part: object): object => ({ kind: "changed", changes: { ...NOTHING, ...part } });
  const ROWS: readonly (readonly [why: string, plan: () => StagePlan, expected: object])[] = [
    ["the same set", () => planOf(VALUES), { kind: "same" }],
    ["the same set, all kept", () => keeping(planOf(VALUES), current), { kind: "same" }],
    ["the same set in another order", () => planOf({ b: "22", a: "1" }), { kind: "same" }],
    ["another value", () => planOf({ a: "2", b: "22" }), changed({ changed: ["a"] })],
    ["one more", () => planOf({ ...VALUES, c: "3" }), changed({ added: ["c"] })],
    ["one less", () => planOf({ a: "1" }), changed({ removed: ["b"] })],
    ["none left", () => planOf({}), changed({ removed: ["a", "b"] })],
    ["another mode", () => planOf(VALUES, { access: { uid, gid, mode: 0o440 } }), changed({})],
    [
      "another configuration of the source",
      () => planOf(VALUES, { fingerprints: { source: "other", shape: "shape" } }),
      changed({}),
    ],
    [
      "another configuration of the files",
      () => planOf(VALUES, { fingerprints: { source: "source", shape: "other" } }),
      changed({}),
    ],
    ["objects written anew", () => renewed(), { kind: "renewed" }],
    [
      "a bundle of a later revision",
      () => planOf(VALUES, { bundle: { etag: "e", revision: 2 } }),
      { kind: "renewed" },
    ],
  ];
  for (const [why, plan, expected] of ROWS) {
    it(`sees ${why}`, () => assert.deepEqual(compare(tree, plan(), current.manifest), expected));
  }

  it("sees all as added when there is nothing yet", () => {
    const expected = { kind: "changed", changes: { ...NOTHING, added: ["a", "b"] } };
    assert.deepEqual(compare(tree, planOf(VALUES), undefined), expected);
    assert.equal(compare(tree, planOf({}), undefined).kind, "changed");
  });
});

describe("renewManifest", () => {
  it("notes the new objects and touches no file", () => {
    const before = readdirSync(join(root, "run/groups/web/gen"));
    const after = renewManifest(tree, current, renewed());
    assert.deepEqual(generationIn(tree), after);
    assert.equal(compare(tree, renewed(), after.manifest).kind, "same");
    assert.deepEqual(readdirSync(join(root, "run/groups/web/gen")), before);
  });
});

describe("sizes", () => {
  it("count what is fresh and what is kept", () => {
    assert.equal(generationBytes(current.manifest), 3);
    assert.equal(plannedBytes(planOf({ ...VALUES, c: "333" }), undefined), 6);
    assert.equal(
      plannedBytes(keeping(planOf({ ...VALUES, c: "333" }), current), current.manifest),
      6,
    );
  });
});

function renewed(): StagePlan {
  const plan = planOf(VALUES);
  return { ...plan, secrets: plan.secrets.map((secret) => ({ ...secret, etag: '"other"' })) };
}
