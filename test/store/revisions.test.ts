import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { parseBucketName, parseGroupName, parseS3Key } from "../../agent/core/names.ts";
import { highestRevision, recordRevision } from "../../agent/store/revisions.ts";
import { closeTree, type Tree } from "../../agent/store/tree.ts";
import { newWorld, open } from "../support/store.ts";
import { tempDir } from "../support/temp.ts";

const temp = tempDir();
const source = (group: string, bucket: string, key: string) => ({
  group: parseGroupName(group),
  bucket: parseBucketName(bucket),
  key: parseS3Key(key),
});
const DB = source("db", "acme-secrets", "db.bundle");
let root: string;
let tree: Tree;
beforeEach(() => {
  root = mkdtempSync(join(temp, "r-"));
  tree = open(newWorld(root));
});
afterEach(() => {
  closeTree(tree);
});

describe("the highest revision", () => {
  it("is not known before the first", () => assert.equal(highestRevision(tree, DB), undefined));

  it("never goes back, and survives the process", () => {
    for (const revision of [0, 7, 3]) recordRevision(tree, DB, revision);
    closeTree(tree);
    tree = open(newWorld(root));
    assert.equal(highestRevision(tree, DB), 7);
    assert.equal(statSync(join(root, "state/revisions.json")).mode & 0o7777, 0o600);
  });

  it("is one for each group, bucket and key", () => {
    recordRevision(tree, DB, 7);
    const others = [
      source("db2", "acme-secrets", "db.bundle"),
      source("db", "other-secrets", "db.bundle"),
      source("db", "acme-secrets", "acme-secrets db.bundle"),
    ];
    for (const other of others) assert.equal(highestRevision(tree, other), undefined);
  });

  const SPOILT = [
    "",
    "{}",
    '{"version":1,"revisions":{"a":-1}}',
    '{"version":1,"revisions":{"a":"9"}}',
  ];
  for (const text of SPOILT) {
    it(`is a fault, and not forgotten, when the file holds ${JSON.stringify(text)}`, () => {
      writeFileSync(join(root, "state/revisions.json"), text, { mode: 0o600 });
      assert.throws(() => highestRevision(tree, DB), { code: "BadData", hint: /remove it/ });
      assert.throws(() => recordRevision(tree, DB, 9), { code: "BadData" });
    });
  }

  it("is a fault when others may write the file", () => {
    recordRevision(tree, DB, 7);
    chmodSync(join(root, "state/revisions.json"), 0o666);
    assert.throws(() => highestRevision(tree, DB), { code: "UnsafeTree" });
  });
});
