import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { compareFolder, writeFolder } from "../../agent/cli/policy-folder.ts";
import { PosternError } from "../../agent/core/errors.ts";

const A = { path: "roles/web/a.json", text: "a\n" };
const B = { path: "b.json", text: "b\n" };

let work = "";
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "postern-folder-"));
});
afterEach(() => {
  rmSync(work, { recursive: true });
});

async function put(files: readonly { readonly path: string; readonly text: string }[]) {
  const folder = join(work, "out");
  const changes = await compareFolder(folder, files);
  await writeFolder(folder, files, changes);
  return changes;
}

const textOf = (path: string): string => readFileSync(join(work, "out", path), "utf8");

function refusing(what: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof PosternError && error.code === "CannotWrite" && what.test(error.message);
}

describe("a folder of generated files", () => {
  it("is made, and says what is new, changed and gone", async () => {
    assert.deepEqual(await put([A, B]), { added: [A.path, B.path], changed: [], removed: [] });
    assert.deepEqual(await put([A, B]), { added: [], changed: [], removed: [] });
    assert.deepEqual(await put([{ ...B, text: "c\n" }]), {
      added: [],
      changed: [B.path],
      removed: [A.path],
    });
    assert.equal(textOf(B.path), "c\n");
  });

  it("loses what is no longer made, with the folders that are then empty", async () => {
    await put([A, B]);
    await put([B]);
    assert.equal(existsSync(join(work, "out", "roles")), false);
  });

  it("keeps what somebody else put there, and its folder", async () => {
    await put([A, B]);
    writeFileSync(join(work, "out/roles/web/notes.txt"), "mine");
    await put([B]);
    assert.equal(textOf("roles/web/notes.txt"), "mine");
    assert.equal(existsSync(join(work, "out", A.path)), false);
  });

  it("is refused where somebody else's file is in the way", async () => {
    await put([B]);
    mkdirSync(join(work, "out/roles/web"), { recursive: true });
    writeFileSync(join(work, "out", A.path), "mine");
    await assert.rejects(
      put([A, B]),
      refusing(/expected an empty folder, or one that was generated/),
    );
    assert.equal(textOf(A.path), "mine");
  });

  it("is refused where it holds something else, or is no folder", async () => {
    mkdirSync(join(work, "out"));
    writeFileSync(join(work, "out/notes.txt"), "mine");
    await assert.rejects(put([A]), refusing(/got "notes.txt" in it/));
    rmSync(join(work, "out"), { recursive: true });
    writeFileSync(join(work, "out"), "mine");
    await assert.rejects(put([A]), refusing(/cannot look into .*: ENOTDIR/));
  });

  it("is known again by the next run when one ended halfway", async () => {
    mkdirSync(join(work, "out"));
    // a folder where a file must go: the first is written, the second is not
    mkdirSync(join(work, "out/b.json.new"));
    writeFileSync(join(work, "out/.postern-files"), "");
    await assert.rejects(put([A, B]), refusing(/cannot write to .*: EISDIR/));
    assert.equal(textOf(A.path), A.text);
    rmSync(join(work, "out/b.json.new"), { recursive: true });
    assert.deepEqual((await put([A, B])).added, [B.path]);
  });

  it("removes nothing outside itself, whatever its list says", async () => {
    await put([A]);
    writeFileSync(join(work, "precious"), "mine");
    writeFileSync(
      join(work, "out/.postern-files"),
      `../precious\n/etc/hostname\na/../../precious\n${A.path}\n`,
    );
    assert.deepEqual((await put([A])).removed, []);
    assert.equal(readFileSync(join(work, "precious"), "utf8"), "mine");
  });
});
