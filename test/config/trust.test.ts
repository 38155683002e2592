import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { listTrustedFolder, readTrustedFile } from "../../agent/config/trust.ts";

const { uid } = userInfo();
const needsRoot = uid === 0 ? {} : { skip: "needs root to give files to another user" };

describe("readTrustedFile", () => {
  let folder = "";
  let file = "";
  beforeEach(() => {
    // some systems let the group write by default
    process.umask(0o022);
    folder = mkdtempSync(join(tmpdir(), "postern-trust-"));
    file = join(folder, "postern.yaml");
    writeFileSync(file, "version: 1\n", { mode: 0o644 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const refuses = async (path: string, message: RegExp): Promise<void> => {
    await assert.rejects(readTrustedFile(path, uid), { code: "ConfigInvalid", message });
  };

  it("reads the running user's file in its own folder below a sticky /tmp", async () => {
    assert.equal(await readTrustedFile(file, uid), "version: 1\n");
  });

  it("says nothing is there when nothing is there", async () => {
    assert.equal(await readTrustedFile(join(folder, "none.yaml"), uid), undefined);
    assert.equal(await listTrustedFolder(join(folder, "none.d"), uid), undefined);
  });

  it("refuses a file that its group may write", async () => {
    chmodSync(file, 0o664);
    await refuses(file, /expected no write permission .* got mode 0664$/);
  });

  it("refuses a file in a folder that others may write", async () => {
    chmodSync(folder, 0o777);
    await refuses(file, /expected no write permission .* got mode 0777$/);
  });

  it("refuses a file below such a folder, however deep", async () => {
    mkdirSync(join(folder, "a/b"), { recursive: true });
    writeFileSync(join(folder, "a/b/c.yaml"), "");
    chmodSync(join(folder, "a"), 0o775);
    await refuses(join(folder, "a/b/c.yaml"), /got mode 0775$/);
  });

  it("follows a link and judges where it leads", async () => {
    mkdirSync(join(folder, "open"));
    writeFileSync(join(folder, "open/real.yaml"), "real");
    symlinkSync("open/../open/real.yaml", join(folder, "link.yaml"));
    assert.equal(await readTrustedFile(join(folder, "link.yaml"), uid), "real");
    chmodSync(join(folder, "open"), 0o777);
    await refuses(join(folder, "link.yaml"), /open": expected no write permission/);
  });

  it("gives up on links in a circle", async () => {
    symlinkSync("b", join(folder, "a"));
    symlinkSync("a", join(folder, "b"));
    await refuses(join(folder, "a"), /at most 40 links/);
  });

  it("refuses what is no regular file, without waiting for a pipe's writer", async () => {
    execFileSync("mkfifo", [join(folder, "pipe.yaml")]);
    await refuses(join(folder, "pipe.yaml"), /expected a regular file/);
    await refuses(folder, /expected a regular file/);
  });

  it("refuses more than 1 MiB, and bytes that are not UTF-8", async () => {
    writeFileSync(file, Buffer.alloc(1024 * 1024 + 1, "#"));
    await refuses(file, /expected at most 1MiB, got 1048577 bytes/);
    writeFileSync(file, Buffer.from([0xff, 0xfe]));
    await refuses(file, /expected UTF-8/);
  });

  it("refuses a folder of added files that others may write", async () => {
    chmodSync(folder, 0o777);
    await assert.rejects(listTrustedFolder(folder, uid), { code: "ConfigInvalid" });
  });

  it("refuses another user's file, folder and link", needsRoot, async () => {
    symlinkSync("postern.yaml", join(folder, "link.yaml"));
    execFileSync("chown", ["-h", "4242:4242", join(folder, "link.yaml")]);
    await refuses(join(folder, "link.yaml"), /expected it to belong to root, got user 4242/);
    chownSync(file, 4242, 4242);
    await refuses(file, /expected it to belong to root, got user 4242/);
    chownSync(file, 0, 0);
    chownSync(folder, 4242, 4242);
    await refuses(file, /expected it to belong to root, got user 4242/);
  });

  it("trusts root's files beside the named user's", needsRoot, async () => {
    chownSync(folder, 4242, 4242);
    assert.equal(await readTrustedFile(file, 4242), "version: 1\n");
  });
});
