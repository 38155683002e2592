import assert from "node:assert/strict";
import { lstatSync, mkdirSync, mkdtempSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type FileSystem, systemFileSystem } from "../../agent/store/file-system.ts";
import { stage, type Staged } from "../../agent/store/stage.ts";
import { swap } from "../../agent/store/swap.ts";
import { closeTree, type Tree } from "../../agent/store/tree.ts";
import { gid, newWorld, open, pass, planOf, readByPath, uid } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
let root: string;
let tree: Tree;
beforeEach(async () => {
  root = mkdtempSync(join(temp, "p-"));
  await pass(newWorld(root), { a: "1" });
  tree = open(newWorld(root));
});
afterEach(() => {
  closeTree(tree);
});

async function staged(mode = 0o400): Promise<Staged> {
  const result = await stage(tree, planOf({ a: "2" }, { access: { uid, gid, mode } }), undefined);
  return result.kind === "staged" ? result.staged : assert.fail();
}

describe("swap", () => {
  it("changes what readers see by one rename, made durable", async () => {
    const next = await staged();
    const steps: string[] = [];
    const seen = (step: string): void => {
      steps.push(`${step}: ${readByPath(root)?.["a"]}`);
    };
    const fs: FileSystem = {
      ...systemFileSystem,
      symlink: (text, path) => {
        systemFileSystem.symlink(text, path);
        seen("symlink");
      },
      rename: (from, to) => {
        systemFileSystem.rename(from, to);
        seen("rename");
      },
      sync: (fd) => {
        systemFileSystem.sync(fd);
        seen("sync");
      },
    };
    swap({ ...tree, fs }, next);
    assert.deepEqual(steps, ["symlink: 1", "rename: 2", "sync: 2"]);
  });

  it("makes links that work wherever the tree is mounted", async () => {
    const { id } = swap(tree, await staged());
    assert.equal(readlinkSync(join(root, "run/secrets/web")), "../groups/web/current");
    assert.equal(readlinkSync(join(root, "run/groups/web/current")), `gen/${id}`);
  });

  it("lets both the old and the new readers pass while they change", async () => {
    const group = join(root, "run/groups/web");
    assert.equal(lstatSync(group).mode & 0o777, 0o700);
    const next = await staged(0o440);
    const modes: number[] = [];
    const rename: FileSystem["rename"] = (from, to) => {
      modes.push(lstatSync(group).mode & 0o777);
      systemFileSystem.rename(from, to);
    };
    swap({ ...tree, fs: { ...systemFileSystem, rename } }, next);
    assert.deepEqual(modes, [0o755]);
  });

  it("lets nobody else pass when the readers stay", async () => {
    swap(tree, await staged());
    assert.equal(lstatSync(join(root, "run/groups/web")).mode & 0o777, 0o700);
  });

  it("says what to do about a directory that came in the place of the link", async () => {
    const next = await staged();
    const current = join(root, "run/groups/web/current");
    const rename: FileSystem["rename"] = (from, to) => {
      systemFileSystem.unlink(to);
      mkdirSync(current);
      writeFileSync(join(current, "precious"), "kept");
      systemFileSystem.rename(from, to);
    };
    assert.throws(() => swap({ ...tree, fs: { ...systemFileSystem, rename } }, next), {
      code: "CannotWrite",
      message: /current" is in the way/,
    });
  });
});
