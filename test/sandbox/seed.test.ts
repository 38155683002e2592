import assert from "node:assert/strict";
import * as files from "node:fs/promises";
import { mkdir, mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createSeed, type Seed } from "../../agent/sandbox/seed.ts";
import { PosternError } from "../../agent/core/errors.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-seed-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(join(folder, path, ".."), { recursive: true });
  await writeFile(join(folder, path), text);
}

/** A seed over the folder, with what it did since the last time it was asked. */
async function open(): Promise<{
  readonly seed: Seed;
  readonly done: () => readonly string[];
  refused: readonly string[];
}> {
  let log: string[] = [];
  const refused: string[] = [];
  const seed = await createSeed({
    folder,
    files,
    target: {
      put: async (key, body) => log.push(`put ${key}=${body.toString()}`),
      remove: (key) => log.push(`remove ${key}`),
    },
    refused: (path, why) => refused.push(`${path}: ${why}`),
  });
  const done = () => {
    const since = log.sort();
    log = [];
    return since;
  };
  return { seed, done, refused };
}

describe("a seed folder", () => {
  it("is served as a group a folder and a secret a file, nested and hidden ones too", async () => {
    await put("web/db_password", "a");
    await put("web/tls/site.key", "b");
    await put("web/.env", "c");
    await put("db/password", "d");
    const { seed, done, refused } = await open();
    assert.deepEqual(done(), [
      "put db/password=d",
      "put web/.env=c",
      "put web/db_password=a",
      "put web/tls/site.key=b",
    ]);
    assert.deepEqual([seed.groups(), refused], [["db", "web"], []]);
  });

  it("does nothing when nothing changed", async () => {
    await put("web/a", "1");
    const { seed, done } = await open();
    done();
    await seed.refresh();
    await seed.refresh({ operation: "GetObject", key: "web/a" });
    assert.deepEqual(done(), []);
  });

  for (const operation of ["GetObject", "HeadObject", "ListObjectsV2"])
    it(`makes an edit a new version before ${operation}`, async () => {
      await put("web/a", "1");
      const { seed, done } = await open();
      done();
      await put("web/a", "22");
      const key = operation === "ListObjectsV2" ? "web/" : "web/a";
      await seed.refresh({ operation, key });
      assert.deepEqual(done(), ["put web/a=22"]);
    });

  it("sees an edit of the same length and time", async () => {
    await put("web/a", "1");
    const { seed, done } = await open();
    done();
    const { atime, mtime } = await stat(join(folder, "web/a"));
    await put("new", "2");
    await utimes(join(folder, "new"), atime, mtime);
    await rename(join(folder, "new"), join(folder, "web/a"));
    await seed.refresh();
    assert.deepEqual(done(), ["put web/a=2"]);
  });

  it("makes no version of a file that was only touched", async () => {
    await put("web/a", "1");
    const { seed, done } = await open();
    done();
    await utimes(join(folder, "web/a"), 1, 1);
    await seed.refresh();
    assert.deepEqual(done(), []);
  });

  it("finds new files and loses removed ones, whichever key is asked for", async () => {
    await put("web/a", "1");
    await put("web/b", "1");
    const { seed, done } = await open();
    done();
    await put("web/c", "3");
    await rm(join(folder, "web/a"));
    await seed.refresh({ operation: "GetObject", key: "web/a" });
    assert.deepEqual(done(), ["remove web/a"]);
    await seed.refresh({ operation: "GetObject", key: "web/c" });
    assert.deepEqual(done(), ["put web/c=3"]);
    await rm(join(folder, "web"), { recursive: true });
    await seed.refresh();
    assert.deepEqual(done(), ["remove web/b", "remove web/c"]);
  });

  it("gives every one of many requests at once what the folder held when it came", async () => {
    await put("web/a", "0");
    let now = "";
    const seed = await createSeed({
      folder,
      files,
      target: { put: async (_key, body) => (now = body.toString()), remove: () => {} },
      refused: () => {},
    });
    const seen: Promise<boolean>[] = [];
    for (let round = 1; round <= 20; round += 1) {
      await put("new", String(round));
      await rename(join(folder, "new"), join(folder, "web/a"));
      const asked = round % 2 === 0 ? undefined : { operation: "GetObject", key: "web/a" };
      seen.push(seed.refresh(asked).then(() => Number(now) >= round));
    }
    assert.deepEqual(
      await Promise.all(seen),
      Array.from({ length: 20 }, () => true),
    );
  });

  it("says once what it does not serve, and serves the rest", async () => {
    await put("web/a", "1");
    await put("README", "");
    await put("-odd/a", "1");
    await put(
      `web/${"x".repeat(200)}/${"y".repeat(200)}/${"z".repeat(200)}/${"v".repeat(200)}/${"w".repeat(250)}`,
      "1",
    );
    await symlink("/etc/passwd", join(folder, "web/link"));
    await symlink("/etc", join(folder, "etc"));
    await writeFile(Buffer.concat([Buffer.from(`${folder}/web/`), Buffer.of(0xff)]), "1");
    const { seed, done, refused } = await open();
    await seed.refresh();
    assert.deepEqual(done(), ["put web/a=1"]);
    const reasons = refused.map((line) => line.slice(0, 4) + line.slice(line.lastIndexOf(":")));
    assert.deepEqual(reasons.sort(), [
      "-odd: expected a group's name",
      "READ: expected a folder a group, and files in the folders only",
      "etc:: symlinks are not followed",
      "web/: expected a key of at most 1024 bytes",
      "web/: expected a name in UTF-8",
      "web/: symlinks are not followed",
    ]);
  });

  it("says what it cannot read, and serves the rest", async () => {
    await put("web/a", "1");
    await put("web/b", "2");
    const denied = Object.assign(new Error("denied"), { code: "EACCES" });
    const seen: string[] = [];
    await createSeed({
      folder,
      files: {
        readdir: files.readdir,
        lstat: files.lstat,
        readFile: (path) => (path.endsWith("b") ? Promise.reject(denied) : files.readFile(path)),
      },
      target: { put: async (key) => seen.push(key), remove: () => {} },
      refused: (path, why) => seen.push(`${path} ${why}`),
    });
    assert.deepEqual(seen.sort(), ["web/a", "web/b cannot be read: EACCES"]);
  });

  it("may be a symlink itself", async () => {
    await put("seed/web/a", "1");
    await symlink("seed", join(folder, "link"));
    folder = join(folder, "link");
    const { done } = await open();
    folder = join(folder, "..");
    assert.deepEqual(done(), ["put web/a=1"]);
  });

  it("names the folder when it is missing or is none", async () => {
    await put("file", "");
    const rows = [
      ["missing", "NotFound", "does not exist"],
      ["file", "BadData", "is no folder"],
    ] as const;
    for (const [path, code, words] of rows) {
      folder = join(folder, path);
      await assert.rejects(open(), (error: unknown) => {
        assert.ok(error instanceof PosternError);
        assert.deepEqual(
          [error.code, error.message],
          [code, `the seed folder ${JSON.stringify(folder)} ${words}`],
        );
        return true;
      });
      folder = join(folder, "..");
    }
  });
});
