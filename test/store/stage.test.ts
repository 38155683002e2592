import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { judgeNames, parseSecretName } from "../../agent/core/names.ts";
import { type FileSystem, systemFileSystem } from "../../agent/store/file-system.ts";
import type { Generation } from "../../agent/store/generation.ts";
import { discard, stage, type Staged } from "../../agent/store/stage.ts";
import type { StagePlan } from "../../agent/store/set.ts";
import { swap } from "../../agent/store/swap.ts";
import { closeTree, type Tree } from "../../agent/store/tree.ts";
import {
  gid,
  keeping,
  needsRoot,
  newWorld,
  open,
  planOf,
  readByPath,
  uid,
} from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
let root: string;
let tree: Tree;

beforeEach(() => {
  root = mkdtempSync(join(temp, "s-"));
  tree = open(newWorld(root));
});
afterEach(() => {
  closeTree(tree);
});

async function staged(plan: StagePlan, current?: Generation): Promise<Staged> {
  const result = await stage(tree, plan, current);
  assert.equal(result.kind, "staged");
  return result.kind === "staged" ? result.staged : assert.fail();
}

const mode = (path: string): number => lstatSync(path).mode & 0o7777;

describe("stage", () => {
  it("writes every value to the byte, at any length and in any folder", async () => {
    const values = { empty: "", newline: "a\n", "a/b/c/d": "deep", "a/b2": "x".repeat(200_000) };
    const { path } = await staged(planOf(values));
    for (const [name, value] of Object.entries(values)) {
      assert.equal(readFileSync(join(path, name), "utf8"), value);
    }
  });

  it("shows readers nothing before the swap", async () => {
    await staged(planOf({ a: "1" }));
    assert.equal(readByPath(root), undefined);
  });

  it("writes on when the kernel takes a few bytes at a time", async () => {
    const write: typeof systemFileSystem.write = (fd, bytes, offset) =>
      systemFileSystem.write(fd, bytes.subarray(0, offset + 3), offset);
    tree = { ...tree, fs: { ...systemFileSystem, write } };
    const { path } = await staged(planOf({ a: "0123456789" }));
    assert.equal(readFileSync(join(path, "a"), "utf8"), "0123456789");
  });

  it("gives up when the kernel takes nothing", async () => {
    tree = { ...tree, fs: { ...systemFileSystem, write: () => 0 } };
    await assert.rejects(stage(tree, planOf({ a: "1" }), undefined), { code: "CannotWrite" });
  });

  for (const mask of [0o000, 0o077]) {
    it(`gives files and folders their modes under umask ${mask.toString(8)}`, async () => {
      const before = process.umask(mask);
      try {
        const access = { uid, gid, mode: 0o440 };
        const { path } = await staged(planOf({ "a/b": "1" }, { access }));
        assert.equal(mode(join(path, "a/b")), 0o440);
        assert.equal(mode(join(path, "a")), 0o750);
        assert.equal(mode(path), 0o750);
        assert.equal(mode(`${path}.manifest`), 0o600);
        assert.equal(mode(join(root, "run/groups/web/gen")), 0o711);
      } finally {
        process.umask(before);
      }
    });
  }

  it(
    "gives files and folders to their owner, who may not change them",
    { skip: needsRoot },
    async () => {
      const { path } = await staged(
        planOf({ "a/b": "1" }, { access: { uid: 1, gid: 2, mode: 0o400 } }),
      );
      for (const [below, bits] of [
        ["a/b", 0o400],
        ["a", 0o500],
        ["", 0o500],
      ] as const) {
        const entry = statSync(join(path, below));
        assert.deepEqual([entry.uid, entry.gid, entry.mode & 0o7777], [1, 2, bits], below);
      }
      assert.equal(statSync(`${path}.manifest`).uid, 0);
    },
  );

  it("touches nothing of a generation whose id comes again", async () => {
    const bytes = (length: number): Buffer => Buffer.alloc(length, 7);
    const repeating = { ...tree, chance: { ...tree.chance, bytes } };
    const first = await stage(repeating, planOf({ a: "1" }), undefined);
    if (first.kind !== "staged") assert.fail();
    await assert.rejects(stage(repeating, planOf({ a: "2" }), undefined), { code: "CannotWrite" });
    assert.equal(readFileSync(join(first.staged.path, "a"), "utf8"), "1");
  });

  it("lets nobody else enter before the set is whole", async () => {
    const modes: number[] = [];
    const look: FileSystem["write"] = (fd, bytes, offset) => {
      const gen = join(root, "run/groups/web/gen");
      for (const name of readdirSync(gen, { recursive: true, encoding: "utf8" })) {
        if (lstatSync(join(gen, name)).isDirectory()) modes.push(mode(join(gen, name)));
      }
      return systemFileSystem.write(fd, bytes, offset);
    };
    const writer = { ...tree, fs: { ...systemFileSystem, write: look } };
    await stage(writer, planOf({ "a/b": "1" }, { access: { uid, gid, mode: 0o444 } }), undefined);
    // as the file is written, and as the manifest is
    assert.deepEqual(modes, [0o700, 0o700, 0o755, 0o755]);
  });

  it("never lets a file be readable by the group it was born with", async () => {
    const calls: string[] = [];
    const fs: FileSystem = {
      ...systemFileSystem,
      chown: (fd, ...ids) => {
        calls.push("chown");
        systemFileSystem.chown(fd, ...ids);
      },
      chmod: (fd, mode) => {
        calls.push(`chmod ${mode.toString(8)}`);
        systemFileSystem.chmod(fd, mode);
      },
    };
    tree = { ...tree, fs };
    await staged(planOf({ a: "1" }, { access: { uid, gid, mode: 0o440 } }));
    const file = calls.indexOf("chmod 440");
    assert.equal(calls[file - 1], "chown");
  });

  for (const call of ["chown", "chmod"] as const) {
    it(`stages nothing when ${call} is refused`, async () => {
      const fail = (): never => {
        throw Object.assign(new Error("no"), { code: "EPERM" });
      };
      const refusing = { ...tree, fs: { ...systemFileSystem, [call]: fail } };
      mkdirSync(join(root, "run/groups/web"));
      mkdirSync(join(root, "run/groups/web/gen"));
      chmodSync(join(root, "run/groups/web/gen"), 0o711);
      await assert.rejects(stage(refusing, planOf({ a: "1" }), undefined), {
        code: "CannotWrite",
        message: /groups\/web": operation not permitted \(EPERM\)$/,
      });
      assert.deepEqual(readdirSync(join(root, "run/groups/web/gen")), []);
    });
  }

  it("refuses names that cannot lie beside each other, and writes nothing", async () => {
    const plan = planOf({ a: "1", "a/b": "2", Key: "3", key: "4" });
    await assert.rejects(
      stage(tree, plan, undefined),
      (error: { code: string; issues: string[] }) => {
        assert.equal(error.code, "BadName");
        assert.equal(error.issues.length, 4);
        return true;
      },
    );
    assert.deepEqual(readdirSync(join(root, "run/groups")), []);
  });

  it("refuses a name twice", async () => {
    const { secrets } = planOf({ a: "1" });
    const plan = planOf({}, { secrets: [...secrets, ...secrets] });
    await assert.rejects(stage(tree, plan, undefined), { code: "BadName" });
  });

  it("lets no key name put a byte outside the generation", async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "..",
        ".",
        "/",
        "\\",
        "\0",
        "a",
        "%2e",
        "…",
        "\n",
        "~",
        "-",
        "gen",
        "current",
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    const key = fc.array(piece, { minLength: 1, maxLength: 7 }).map((pieces) => pieces.join(""));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 5 }), async (keys) => {
        const { accepted } = judgeNames(keys.map((name) => ({ name, entry: name })));
        const values = Object.fromEntries(accepted.map(({ name }) => [name, "value"]));
        const before = everythingBelow(root);
        const set = await staged(planOf(values));
        const added = everythingBelow(root).filter((path) => !before.includes(path));
        const outside = added.filter(
          (path) =>
            !path.startsWith(`${set.path}/`) &&
            path !== set.path &&
            path !== `${set.path}.manifest`,
        );
        const scaffold = [join(root, "run/groups/web"), join(root, "run/groups/web/gen")];
        assert.deepEqual(
          outside.filter((path) => !scaffold.includes(path)),
          [],
        );
        const files = added.filter(
          (path) => statSync(path).isFile() && path.startsWith(`${set.path}/`),
        );
        assert.equal(files.length, accepted.length);
        discard(tree, set);
      }),
      { numRuns: 60 },
    );
  });

  const OBSTACLES: readonly (readonly [why: string, path: string])[] = [
    ["current", "run/groups/web/current"],
    ["the stable path", "run/secrets/web"],
  ];
  for (const [why, path] of OBSTACLES) {
    it(`says what to do about a directory in the place of ${why}`, async () => {
      mkdirSync(join(root, path), { recursive: true });
      writeFileSync(join(root, path, "precious"), "kept");
      await assert.rejects(stage(tree, planOf({ a: "1" }), undefined), {
        code: "CannotWrite",
        message: /is in the way: expected a symbolic link that postern made, or nothing/,
        hint: /move it away/,
      });
      assert.equal(readFileSync(join(root, path, "precious"), "utf8"), "kept");
    });
  }

  it("refuses a group directory that is a symlink", async () => {
    mkdirSync(join(root, "elsewhere"));
    symlinkSync("../../elsewhere", join(root, "run/groups/web"));
    await assert.rejects(stage(tree, planOf({ a: "1" }), undefined), { code: "UnsafeTree" });
    assert.deepEqual(readdirSync(join(root, "elsewhere")), []);
  });
});

describe("stage, of what did not change", () => {
  const VALUES = { a: "kept a", "t/b": "kept b" };
  let current: Generation;
  let old: string;
  beforeEach(async () => {
    current = swap(tree, await staged(planOf(VALUES)));
    old = current.path;
  });

  it("copies the bytes, and never links", async () => {
    const { path, manifest } = await staged(keeping(planOf(VALUES), current), current);
    assert.equal(readFileSync(join(path, "t/b"), "utf8"), "kept b");
    assert.equal(statSync(join(path, "a")).nlink, 1);
    assert.notEqual(statSync(join(path, "a")).ino, statSync(join(old, "a")).ino);
    assert.deepEqual(manifest.secrets, current.manifest.secrets);
  });

  const TAMPERINGS: readonly (readonly [why: string, tamper: (path: string) => void])[] = [
    ["other bytes", (path) => writeFileSync(path, "kept A")],
    ["more bytes", (path) => writeFileSync(path, "kept a and more")],
    ["no file", () => undefined],
    ["a folder", (path) => mkdirSync(path)],
    [
      "a symlink to the same bytes",
      (path) => {
        writeFileSync(`${path}.same`, "kept a");
        symlinkSync("a.same", path);
      },
    ],
    ["a symlink to another's file", (path) => symlinkSync("/etc/passwd", path)],
  ];
  for (const [why, tamper] of TAMPERINGS) {
    it(`reports ${why} in the old generation, and stages nothing`, async () => {
      unlinkSync(join(old, "a"));
      tamper(join(old, "a"));
      const before = readdirSync(join(root, "run/groups/web/gen"));
      const result = await stage(tree, keeping(planOf(VALUES), current), current);
      assert.deepEqual(result, { kind: "tampered", names: ["a"] });
      assert.deepEqual(readdirSync(join(root, "run/groups/web/gen")), before);
    });
  }

  it("follows no symlink in the place of a folder", async () => {
    const outside = join(root, "outside");
    mkdirSync(outside);
    linkSync(join(old, "t/b"), join(outside, "b"));
    rmSync(join(old, "t"), { recursive: true });
    symlinkSync(outside, join(old, "t"));
    const result = await stage(tree, keeping(planOf(VALUES), current), current);
    assert.deepEqual(result, { kind: "tampered", names: ["t/b"] });
  });

  it("reports what is to be kept of a generation that never had it", async () => {
    const secrets = planOf({ other: "x" }).secrets.map(
      (secret) =>
        ({ ...secret, name: parseSecretName("other"), content: { kind: "kept" } }) as const,
    );
    const result = await stage(tree, planOf({}, { secrets }), current);
    assert.deepEqual(result, { kind: "tampered", names: ["other"] });
  });
});

function everythingBelow(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
}
