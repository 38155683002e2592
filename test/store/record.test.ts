import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseSecretName } from "../../agent/core/names.ts";
import { oweReload, owedReload, settleReload } from "../../agent/store/owed.ts";
import {
  EMPTY_RECORD,
  type GroupRecord,
  readRecord,
  writeRecord,
} from "../../agent/store/record.ts";
import { parseGenerationId } from "../../agent/store/target.ts";
import { closeTree, type Tree } from "../../agent/store/tree.ts";
import { newWorld, open, web } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
const id = parseGenerationId("0123456789ab");

function withTree(use: (tree: Tree, root: string) => void): void {
  const root = mkdtempSync(join(temp, "r-"));
  const tree = open(newWorld(root));
  try {
    use(tree, root);
  } finally {
    closeTree(tree);
  }
}

const full: GroupRecord = {
  denied: { since: 5, passes: 2 },
  held: {
    since: 7,
    why: "verify",
    sources: {
      source: "s",
      shape: "h",
      bundle: { etag: '"b"', revision: 3 },
      etags: new Map(["a", "__proto__", "tls/key"].map((name) => [parseSecretName(name), '"e"'])),
    },
  },
  unverified: id,
  removed: "expired",
};

describe("a group's record", () => {
  it("comes back as it was written, for the running user alone", () => {
    withTree((tree, root) => {
      writeRecord(tree, web, full);
      assert.deepEqual(readRecord(tree, web), full);
      assert.equal(statSync(join(root, "run/records/web")).mode & 0o777, 0o600);
    });
  });

  it("is no file when there is nothing to remember", () => {
    withTree((tree, root) => {
      assert.deepEqual(readRecord(tree, web), EMPTY_RECORD);
      writeRecord(tree, web, full);
      writeRecord(tree, web, EMPTY_RECORD);
      assert.equal(existsSync(join(root, "run/records/web")), false);
    });
  });

  const damaged = [
    ["no JSON", "{"],
    ["another version", '{"version":2}'],
    ["a name that leads elsewhere", JSON.stringify(heldAs("../x"))],
    ["a member that nobody wrote", '{"version":1,"more":1}'],
  ] as const;
  for (const [why, text] of damaged)
    it(`is empty rather than half believed: ${why}`, () => {
      withTree((tree, root) => {
        writeFileSync(join(root, "run/records/web"), text, { mode: 0o600 });
        assert.deepEqual(readRecord(tree, web), EMPTY_RECORD);
      });
    });

  it("is not believed when others may have written it", () => {
    withTree((tree, root) => {
      writeRecord(tree, web, full);
      chmodSync(join(root, "run/records/web"), 0o666);
      assert.deepEqual(readRecord(tree, web), EMPTY_RECORD);
    });
  });
});

function heldAs(name: string): unknown {
  const sources = { source: "s", shape: "h", etags: [[name, '"e"']] };
  return { version: 1, held: { since: 1, why: "verify", sources } };
}

describe("an owed reload", () => {
  it("is owed until it is settled, once or twice", () => {
    withTree((tree) => {
      assert.ok(id);
      assert.equal(owedReload(tree, web), undefined);
      oweReload(tree, web, id);
      assert.equal(owedReload(tree, web), id);
      settleReload(tree, web);
      settleReload(tree, web);
      assert.equal(owedReload(tree, web), undefined);
    });
  });

  it("is not owed on the word of a file that postern did not write", () => {
    withTree((tree, root) => {
      writeFileSync(join(root, "run/owed/web"), "../../etc\n", { mode: 0o600 });
      assert.equal(owedReload(tree, web), undefined);
    });
  });
});
