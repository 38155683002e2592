import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Drift, inspect } from "../../agent/store/drift.ts";
import type { Generation } from "../../agent/store/generation.ts";
import { closeTree, type Tree } from "../../agent/store/tree.ts";
import { generationIn, isRoot, newWorld, open, pass } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
let tree: Tree;
let generation: Generation;
beforeEach(async () => {
  const root = mkdtempSync(join(temp, "d-"));
  await pass(newWorld(root), { a: "1", "t/b": "22" });
  tree = open(newWorld(root));
  generation = generationIn(tree) ?? assert.fail();
});
afterEach(() => {
  closeTree(tree);
});

describe("inspect", () => {
  const at = (path: string): string => join(generation.path, path);
  const again = (path: string, bytes: string): void => {
    chmodSync(at(path), 0o600);
    writeFileSync(at(path), bytes);
    chmodSync(at(path), 0o400);
  };
  const DRIFTS: readonly (readonly [
    why: string,
    change: () => void,
    expected: readonly (readonly [kind: Drift["kind"], path: string])[],
  ])[] = [
    ["nothing", () => undefined, []],
    ["other bytes of the same length", () => again("a", "2"), [["content", "a"]]],
    ["more bytes", () => again("t/b", "22 and more"), [["content", "t/b"]]],
    ["no bytes", () => again("a", ""), [["content", "a"]]],
    ["another mode", () => chmodSync(at("a"), 0o444), [["mode", "a"]]],
    ["another mode of a folder", () => chmodSync(at("t"), 0o755), [["mode", "t"]]],
    ["another mode of the whole", () => chmodSync(at(""), 0o755), [["mode", "."]]],
    ["a file that is gone", () => unlinkSync(at("t/b")), [["missing", "t/b"]]],
    ["a folder that is gone", () => rmSync(at("t"), { recursive: true }), [["missing", "t/b"]]],
    [
      "all gone",
      () => rmSync(at(""), { recursive: true }),
      [
        ["missing", "a"],
        ["missing", "t/b"],
      ],
    ],
    ["a file too many", () => writeFileSync(at("t/\n"), ""), [["extra", "t/\n"]]],
    ["a folder too many", () => mkdirSync(at("u/v"), { recursive: true }), [["extra", "u"]]],
    [
      "a link for a file",
      () => {
        unlinkSync(at("a"));
        symlinkSync("t/b", at("a"));
      },
      [["link", "a"]],
    ],
    [
      "a folder for a file",
      () => {
        unlinkSync(at("a"));
        mkdirSync(at("a"));
      },
      [["link", "a"]],
    ],
    [
      "a link for a folder",
      () => {
        rmSync(at("t"), { recursive: true });
        symlinkSync(".", at("t"));
      },
      [
        ["link", "t"],
        ["missing", "t/b"],
      ],
    ],
  ];
  for (const [why, change, expected] of DRIFTS) {
    it(`finds ${why}`, () => {
      change();
      assert.deepEqual(
        inspect(tree, generation).map(({ kind, path }) => [kind, path]),
        expected,
      );
    });
  }

  it("finds another owner", { skip: isRoot ? false : "needs root" }, () => {
    chownSync(at("a"), 1, 0);
    assert.deepEqual(inspect(tree, generation), [{ kind: "owner", path: "a" }]);
  });
});
