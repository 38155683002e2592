import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { findExecutable } from "../../agent/notify/executable.ts";
import { tempDir } from "../support/temp.ts";

const uid = process.getuid?.() ?? 0;
const needsRoot = uid === 0 ? {} : { skip: "needs root to give files to another user" };

describe("findExecutable", () => {
  const folder = tempDir();
  const program = (name: string, mode = 0o755, within = folder): string => {
    const path = join(within, name);
    writeFileSync(path, "#!/bin/sh\n");
    chmodSync(path, mode);
    return path;
  };
  const refuses = async (path: string, why: RegExp, as = uid): Promise<void> => {
    const found = await findExecutable(path, as);
    assert.equal(found.kind, "refused");
    assert.match("why" in found ? found.why : "", why);
  };

  it("finds a name in the fixed PATH, whatever the environment's says", async () => {
    const before = process.env["PATH"];
    program("postern-test-program");
    process.env["PATH"] = folder;
    try {
      assert.equal((await findExecutable("sh", uid)).kind, "found");
      assert.deepEqual(await findExecutable("postern-test-program", uid), { kind: "missing" });
    } finally {
      process.env["PATH"] = before;
    }
  });

  it("gives a link's own path, by which a program may know what it is to be", async () => {
    const link = join(folder, "link");
    symlinkSync(program("target"), link);
    assert.deepEqual(await findExecutable(link, uid), { kind: "found", path: link });
  });

  it("says that a path is missing, also below a file", async () => {
    assert.deepEqual(await findExecutable("/nonexistent", uid), { kind: "missing" });
    assert.deepEqual(await findExecutable("/etc/passwd/x", uid), { kind: "missing" });
  });

  it("refuses a path that depends on the working folder", () =>
    refuses("bin/sh", /absolute path or a name without a slash/));
  it("refuses a folder", () => refuses("/usr", /expected a regular file/));
  it("refuses a file that is not executable", () =>
    refuses(program("plain", 0o644), /expected an executable file, got EACCES$/));
  it("refuses a program that others may write", () =>
    refuses(program("open", 0o777), /no write permission .* got mode 0777$/));

  it("refuses a program in a folder that others may write, also behind a link", async () => {
    const open = join(folder, "open-folder");
    mkdirSync(open);
    chmodSync(open, 0o777);
    const inside = program("inside", 0o755, open);
    await refuses(inside, /open-folder": .* got mode 0777$/);
    const link = join(folder, "link-inside");
    symlinkSync(inside, link);
    await refuses(link, /open-folder": .* got mode 0777$/);
  });

  it("refuses a program of another user", needsRoot, async () => {
    const path = program("foreign");
    chownSync(path, 12_345, 12_345);
    await refuses(path, /expected it to belong to root, got user 12345$/);
  });
});
