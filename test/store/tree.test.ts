import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { systemFileSystem } from "../../agent/store/file-system.ts";
import { closeTree, findTree, type Tree, type TreeOptions } from "../../agent/store/tree.ts";
import { needsRoot, newWorld, open, uid } from "../support/store.ts";
import { tempDir } from "../support/temp.ts";

const temp = tempDir();
const newRoot = (): string => mkdtempSync(join(temp, "t-"));
const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;

describe("openTree", () => {
  for (const mask of [0o000, 0o022, 0o077]) {
    it(`makes the tree with its own modes under umask ${mask.toString(8)}`, () => {
      const root = newRoot();
      const before = process.umask(mask);
      try {
        closeTree(open(newWorld(root)));
      } finally {
        process.umask(before);
      }
      for (const path of ["run", "run/secrets", "run/groups", "run/state"]) {
        assert.equal(modeOf(join(root, path)), 0o755, path);
      }
      assert.equal(modeOf(join(root, "state")), 0o700);
      assert.equal(modeOf(join(root, "state/host.key")), 0o600);
    });
  }

  it("finds what it made, and the same host key", () => {
    const world = newWorld(newRoot());
    const first = open(world);
    const again = open(world);
    assert.deepEqual(again.hostKey.expose(), first.hostKey.expose());
    assert.equal(first.hostKey.length, 32);
    closeTree(first);
    closeTree(again);
  });

  it("makes missing folders above the tree", () => {
    const root = newRoot();
    const tree = open(newWorld(join(root, "a/b")));
    assert.equal(tree.run.path, join(root, "a/b/run"));
    closeTree(tree);
  });

  const OBSTACLES: readonly (readonly [
    why: string,
    prepare: (root: string) => void,
    message: RegExp,
  ])[] = [
    [
      "a symlink in the place of the run directory",
      (root) => {
        mkdirSync(join(root, "elsewhere"));
        symlinkSync("elsewhere", join(root, "run"));
      },
      /run" is a symbolic link: expected a directory/,
    ],
    [
      "a symlink in the place of groups",
      (root) => {
        mkdirSync(join(root, "elsewhere"));
        mkdirSync(join(root, "run"));
        symlinkSync("../elsewhere", join(root, "run/groups"));
      },
      /groups" is a symbolic link: expected a directory/,
    ],
    [
      "a file in the place of the run directory",
      (root) => writeFileSync(join(root, "run"), ""),
      /run" is no directory: expected a directory/,
    ],
    [
      "a run directory that others may write",
      (root) => {
        mkdirSync(join(root, "run"));
        chmodSync(join(root, "run"), 0o775);
      },
      /run" is writable by others: expected mode 0755 or less, got 0775/,
    ],
    [
      "a folder above that others may write",
      (root) => chmodSync(root, 0o777),
      /is not safe to write below: expected no write permission for group and others/,
    ],
    [
      "a host key that others may read",
      (root) => {
        mkdirSync(join(root, "state"), { mode: 0o700 });
        writeFileSync(join(root, "state/host.key"), Buffer.alloc(32), { mode: 0o640 });
      },
      /host\.key" is open to others: its mode is 0640/,
    ],
    [
      "a host key of another length",
      (root) => {
        mkdirSync(join(root, "state"), { mode: 0o700 });
        writeFileSync(join(root, "state/host.key"), Buffer.alloc(31), { mode: 0o600 });
      },
      /host\.key" is no host key: expected 32 bytes, got 31/,
    ],
    [
      "a host key that is a symlink",
      (root) => {
        mkdirSync(join(root, "state"), { mode: 0o700 });
        writeFileSync(join(root, "key"), Buffer.alloc(32), { mode: 0o600 });
        symlinkSync("../key", join(root, "state/host.key"));
      },
      /host\.key" is no regular file/,
    ],
  ];
  for (const [why, prepare, message] of OBSTACLES) {
    it(`refuses ${why}`, () => {
      const root = newRoot();
      prepare(root);
      assert.throws(() => open(newWorld(root)), { code: "UnsafeTree", message });
    });
  }

  it("refuses a symlink above the tree, and makes nothing behind it", () => {
    const root = newRoot();
    mkdirSync(join(root, "elsewhere"));
    symlinkSync("elsewhere", join(root, "link"));
    assert.throws(() => open(newWorld(join(root, "link"))), {
      code: "UnsafeTree",
      hint: "name the directory it leads to instead",
    });
    assert.throws(() => statSync(join(root, "elsewhere/run")), { code: "ENOENT" });
  });

  it("refuses a tree that belongs to another user", { skip: needsRoot }, () => {
    const root = newRoot();
    mkdirSync(join(root, "run"));
    chownSync(join(root, "run"), 65_534, 0);
    assert.throws(() => open(newWorld(root)), {
      code: "UnsafeTree",
      message: /run" belongs to another user: expected user 0, got user 65534/,
    });
  });

  it("refuses a folder above that belongs to another user", { skip: needsRoot }, () => {
    const root = newRoot();
    chownSync(root, 65_534, 0);
    assert.throws(() => open(newWorld(root)), { code: "UnsafeTree" });
  });

  it("closes what it opened when it refuses", () => {
    const root = newRoot();
    mkdirSync(join(root, "run"));
    writeFileSync(join(root, "run/state"), "");
    const opened = new Set<number>();
    const fs = {
      ...systemFileSystem,
      open: (...args: Parameters<typeof systemFileSystem.open>) => {
        const fd = systemFileSystem.open(...args);
        opened.add(fd);
        return fd;
      },
      close: (fd: number) => {
        opened.delete(fd);
        systemFileSystem.close(fd);
      },
    };
    assert.throws(() => open(newWorld(root, { fs })), PosternError);
    assert.equal(opened.size, 0);
  });

  const FILE_SYSTEMS: readonly (readonly [name: string, type: number, warnings: number])[] = [
    ["tmpfs", 0x01021994, 0],
    ["ramfs", 0x858458f6, 0],
    ["ramfs, as a signed number", 0x858458f6 | 0, 0],
    ["ext4", 0xef53, 1],
    ["overlayfs", 0x794c7630, 1],
  ];
  for (const [name, type, warnings] of FILE_SYSTEMS) {
    it(`${warnings === 0 ? "is content with" : "says how to mount a tmpfs on"} ${name}`, () => {
      const fs = { ...systemFileSystem, mount: () => ({ id: "1", type }) };
      const tree = open(newWorld(newRoot(), { fs }));
      assert.equal(tree.warnings.length, warnings);
      for (const warning of tree.warnings) assert.match(warning, /mount -t tmpfs/);
      closeTree(tree);
    });
  }
});

describe("findTree", () => {
  const options = (root: string): TreeOptions => ({
    ...newWorld(root),
    run: join(root, "run"),
    state: join(root, "state"),
    uid,
  });

  it("makes nothing", () => {
    const root = newRoot();
    assert.equal(findTree(options(root)), undefined);
    assert.equal(findTree(options(join(root, "deeper/still"))), undefined);
    assert.throws(() => statSync(join(root, "run")), { code: "ENOENT" });
  });

  it("finds what openTree made, once it is whole", () => {
    const root = newRoot();
    closeTree(open(newWorld(root)));
    const found: Tree | undefined = findTree(options(root));
    assert.ok(found);
    assert.deepEqual(found.hostKey.expose(), readFileSync(join(root, "state/host.key")));
    closeTree(found);
    rmSync(join(root, "state/host.key"));
    assert.equal(findTree(options(root)), undefined);
  });
});
