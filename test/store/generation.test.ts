import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { readCurrent } from "../../agent/store/generation.ts";
import { closeTree, type Tree } from "../../agent/store/tree.ts";
import { isRoot, newWorld, open, pass, readByPath, web } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
let root: string;
let tree: Tree;
beforeEach(async () => {
  root = mkdtempSync(join(temp, "g-"));
  await pass(newWorld(root), { a: "1" });
  tree = open(newWorld(root));
});
afterEach(() => {
  closeTree(tree);
});

const current = (): string => join(root, "run/groups/web/current");
const relink = (text: string): void => {
  unlinkSync(current());
  symlinkSync(text, current());
};
const manifest = (): string => join(root, "run/groups/web", `${readlinkSync(current())}.manifest`);

describe("readCurrent", () => {
  it("finds the generation and its own path", () => {
    const found = readCurrent(tree, web);
    assert.equal(found.kind, "generation");
    if (found.kind !== "generation") return;
    assert.equal(found.generation.path, join(root, "run/groups/web", readlinkSync(current())));
    assert.deepEqual(
      found.generation.manifest.secrets.map(({ name, size }) => [name, size]),
      [["a", 1]],
    );
  });

  it("finds none in a group that never had one", () => {
    rmSync(join(root, "run/groups/web"), { recursive: true });
    assert.deepEqual(readCurrent(tree, web), { kind: "none" });
  });

  const HOSTILE: readonly (readonly [
    why: string,
    spoil: () => void,
    fault: RegExp,
    skip?: string | false,
  ])[] = [
    ["a link out of the tree", () => relink("/etc"), /leads to no generation/],
    ["a link that climbs", () => relink("../../../../etc"), /leads to no generation/],
    ["a link that climbs in the right form", () => relink("gen/.."), /leads to no generation/],
    ["a link that goes on", () => relink(`${readlinkSync(current())}/a`), /leads to no generation/],
    ["a link to nothing", () => relink("gen/000000000000"), /leads nowhere/],
    ["no manifest", () => unlinkSync(manifest()), /has no manifest/],
    ["a manifest of other content", () => writeFileSync(manifest(), "{}"), /is not valid/],
    ["a manifest that others may read", () => chmodSync(manifest(), 0o644), /is open to others/],
    [
      "a manifest of another user",
      () => chownSync(manifest(), 65_534, 65_534),
      /belongs to user 65534/,
      !isRoot && "needs root",
    ],
    [
      "a manifest that is a link",
      () => {
        renameSync(manifest(), join(root, "elsewhere"));
        symlinkSync(join(root, "elsewhere"), manifest());
      },
      /is no regular file/,
    ],
    [
      "a manifest that is a folder",
      () => {
        unlinkSync(manifest());
        mkdirSync(manifest());
      },
      /is no regular file/,
    ],
    [
      "another host key",
      () => {
        closeTree(tree);
        writeFileSync(join(root, "state/host.key"), Buffer.alloc(32, 7));
        tree = open(newWorld(root));
      },
      /this host's key/,
    ],
  ];
  for (const [why, spoil, fault, skip = false] of HOSTILE) {
    it(`does not believe ${why}, and the next pass makes the set anew`, { skip }, async () => {
      spoil();
      const found = readCurrent(tree, web);
      assert.equal(found.kind, "refused");
      assert.match(found.kind === "refused" ? found.why : "", fault);
      await pass(newWorld(root), { a: "1" });
      assert.equal(readCurrent(tree, web).kind, "generation");
      assert.deepEqual(readByPath(root), { a: "1" });
    });
  }

  it("says what to do about a directory in the place of the link", () => {
    unlinkSync(current());
    mkdirSync(current());
    assert.throws(() => readCurrent(tree, web), { code: "CannotWrite", hint: /move it away/ });
  });
});
