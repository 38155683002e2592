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

  const refuses = (path: string, message: RegExp): void => {
    assert.throws(() => readTrustedFile(path, uid), { code: "ConfigInvalid", message });
  };

  it("reads the running user's file in its own folder below a sticky /tmp", () => {
    assert.equal(readTrustedFile(file, uid), "version: 1\n");
  });

  it("says nothing is there when nothing is there", () => {
    assert.equal(readTrustedFile(join(folder, "none.yaml"), uid), undefined);
    assert.equal(listTrustedFolder(join(folder, "none.d"), uid), undefined);
  });

  it("refuses a file that its group may write", () => {
    chmodSync(file, 0o664);
    refuses(file, /expected no write permission .* got mode 0664$/);
  });

  it("refuses a file in a folder that others may write", () => {
    chmodSync(folder, 0o777);
    refuses(file, /expected no write permission .* got mode 0777$/);
  });

  it("refuses a file below such a folder, however deep", () => {
    mkdirSync(join(folder, "a/b"), { recursive: true });
    writeFileSync(join(folder, "a/b/c.yaml"), "");
    chmodSync(join(folder, "a"), 0o775);
    refuses(join(folder, "a/b/c.yaml"), /got mode 0775$/);
  });

  it("follows a link and judges where it leads", () => {
    mkdirSync(join(folder, "open"));
    writeFileSync(join(folder, "open/real.yaml"), "real");
    symlinkSync("open/../open/real.yaml", join(folder, "link.yaml"));
    assert.equal(readTrustedFile(join(folder, "link.yaml"), uid), "real");
    chmodSync(join(folder, "open"), 0o777);
    refuses(join(folder, "link.yaml"), /open": expected no write permission/);
  });

  it("gives up on links in a circle", () => {
    symlinkSync("b", join(folder, "a"));
    symlinkSync("a", join(folder, "b"));
    refuses(join(folder, "a"), /at most 40 links/);
  });

  it("refuses what is no regular file, without waiting for a pipe's writer", () => {
    execFileSync("mkfifo", [join(folder, "pipe.yaml")]);
    refuses(join(folder, "pipe.yaml"), /expected a regular file/);
    refuses(folder, /expected a regular file/);
  });

  it("refuses more than 1 MiB, and bytes that are not UTF-8", () => {
    writeFileSync(file, Buffer.alloc(1024 * 1024 + 1, "#"));
    refuses(file, /expected at most 1MiB, got 1048577 bytes/);
    writeFileSync(file, Buffer.from([0xff, 0xfe]));
    refuses(file, /expected UTF-8/);
  });

  it("refuses a folder of added files that others may write", () => {
    chmodSync(folder, 0o777);
    assert.throws(() => listTrustedFolder(folder, uid), { code: "ConfigInvalid" });
  });

  it("refuses another user's file, folder and link", needsRoot, () => {
    symlinkSync("postern.yaml", join(folder, "link.yaml"));
    execFileSync("chown", ["-h", "4242:4242", join(folder, "link.yaml")]);
    refuses(join(folder, "link.yaml"), /expected it to belong to root, got user 4242/);
    chownSync(file, 4242, 4242);
    refuses(file, /expected it to belong to root, got user 4242/);
    chownSync(file, 0, 0);
    chownSync(folder, 4242, 4242);
    refuses(file, /expected it to belong to root, got user 4242/);
  });

  it("trusts root's files beside the named user's", needsRoot, () => {
    chownSync(folder, 4242, 4242);
    assert.equal(readTrustedFile(file, 4242), "version: 1\n");
  });
});
