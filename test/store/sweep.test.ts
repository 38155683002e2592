import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
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
import { readCurrent } from "../../agent/store/generation.ts";
import type { Manifest } from "../../agent/store/manifest.ts";
import {
  finishGroup,
  listGroups,
  removeGroup,
  retained,
  sweepTree,
} from "../../agent/store/sweep.ts";
import { type GenerationId, parseGenerationId } from "../../agent/store/target.ts";
import { closeTree, type Tree } from "../../agent/store/tree.ts";
import {
  gid,
  GRACE_MS,
  needsRoot,
  newWorld,
  open,
  pass,
  readByPath,
  stillClock,
  uid,
  type Values,
  web,
} from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
let root: string;
let tree: Tree;
let clock: ReturnType<typeof stillClock>;

beforeEach(() => {
  root = mkdtempSync(join(temp, "w-"));
  clock = stillClock();
  tree = open(newWorld(root, { clock }));
});
afterEach(() => {
  closeTree(tree);
});

const group = (): string => join(root, "run/groups/web");
const next = (values: Values): Promise<void> => pass(newWorld(root, { clock }), values);
const generations = (): readonly string[] =>
  readdirSync(join(group(), "gen")).filter((name) => !name.includes("."));
const currentId = (): string => {
  const current = readCurrent(tree, web);
  return current.kind === "generation" ? current.generation.id : assert.fail(current.kind);
};

describe("finishGroup", () => {
  it("keeps the current generation and the one before it, and older ones for their grace", async () => {
    const ids: string[] = [];
    for (const value of ["1", "2", "3", "4"]) {
      clock.advance(1000);
      await next({ a: value });
      ids.push(currentId());
    }
    assert.deepEqual(new Set(generations()), new Set(ids));
    clock.advance(GRACE_MS);
    finishGroup(tree, web, GRACE_MS);
    assert.deepEqual(new Set(generations()), new Set(ids.slice(2)));
    assert.equal(readdirSync(join(group(), "gen")).length, 4);
  });

  it("removes links in an old generation, and never what they lead to", async () => {
    const outside = join(root, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "precious"), "kept");
    await next({ a: "1", "t/b": "1" });
    const old = join(group(), "gen", currentId());
    symlinkSync(outside, join(old, "planted"));
    symlinkSync(join(outside, "precious"), join(old, "t/planted"));
    rmSync(join(old, "a"));
    symlinkSync(join(outside, "precious"), join(old, "a"));
    await next({ a: "2" });
    await next({ a: "3" });
    clock.advance(GRACE_MS);
    finishGroup(tree, web, GRACE_MS);
    assert.equal(existsSync(old), false);
    assert.equal(readFileSync(join(outside, "precious"), "utf8"), "kept");
  });

  it("removes what an app planted in its own generation, whatever its name", async () => {
    await next({ a: "1" });
    const old = join(group(), "gen", currentId());
    const names = [[0xff], [0x61, 0xc3, 0xc3], [0xed, 0xb2, 0x80], [...Buffer.from("\ufffd é")]];
    for (const name of names) {
      mkdirSync(Buffer.concat([Buffer.from(`${old}/`), Buffer.from(name)]));
      const within = Buffer.concat([Buffer.from(`${old}/`), Buffer.from([...name, 0x2f, ...name])]);
      writeFileSync(within, "");
    }
    await next({ a: "2" });
    await next({ a: "3" });
    clock.advance(GRACE_MS);
    finishGroup(tree, web, GRACE_MS);
    assert.equal(existsSync(old), false);
  });

  it("removes a generation that was itself replaced by a link, and not what that leads to", async () => {
    const outside = join(root, "outside");
    await next({ a: "1" });
    mkdirSync(outside);
    writeFileSync(join(outside, "precious"), "kept");
    symlinkSync(outside, join(group(), "gen/000000000000"));
    finishGroup(tree, web, GRACE_MS);
    assert.equal(generations().length, 1);
    assert.equal(readFileSync(join(outside, "precious"), "utf8"), "kept");
  });

  it(
    "leaves a bind mount in an old generation alone, and says so",
    { skip: needsRoot },
    async (t) => {
      const outside = join(root, "outside");
      mkdirSync(outside);
      writeFileSync(join(outside, "precious"), "kept");
      await next({ a: "1", "t/b": "1" });
      const mounted = join(group(), "gen", currentId(), "t");
      try {
        execFileSync("mount", ["--bind", outside, mounted], { stdio: "ignore" });
      } catch {
        t.skip("needs the right to mount");
        return;
      }
      try {
        await next({ a: "2" });
        await next({ a: "3" });
        clock.advance(GRACE_MS);
        assert.throws(() => finishGroup(tree, web, GRACE_MS), {
          code: "UnsafeTree",
          message: /will not remove .*: something is mounted there/,
        });
        assert.equal(readFileSync(join(outside, "precious"), "utf8"), "kept");
      } finally {
        execFileSync("umount", [mounted]);
      }
    },
  );

  it("makes the stable path again when it is gone or leads elsewhere", async () => {
    await next({ a: "1" });
    const stable = join(root, "run/secrets/web");
    unlinkSync(stable);
    finishGroup(tree, web, GRACE_MS);
    assert.deepEqual(readByPath(root), { a: "1" });
    unlinkSync(stable);
    symlinkSync("/etc", stable);
    finishGroup(tree, web, GRACE_MS);
    assert.deepEqual(readByPath(root), { a: "1" });
  });

  it("does not sweep by a manifest that it does not believe", async () => {
    await next({ a: "1" });
    const first = currentId();
    await next({ a: "2" });
    const manifest = join(group(), "gen", `${currentId()}.manifest`);
    writeFileSync(manifest, "{}");
    finishGroup(tree, web, 0);
    assert.ok(generations().includes(first));
  });

  it("lets in whoever may read the files, and nobody else", async () => {
    await pass(newWorld(root, { clock }), { a: "1" }, { uid, gid, mode: 0o440 });
    assert.equal(statSync(group()).mode & 0o7777, 0o750);
    await pass(newWorld(root, { clock }), { a: "1" }, { uid, gid, mode: 0o400 });
    assert.equal(statSync(group()).mode & 0o7777, 0o700);
  });

  it(
    "lets everybody pass, and nobody change anything, when the files are another's",
    { skip: needsRoot },
    async () => {
      await pass(newWorld(root, { clock }), { a: "1" }, { uid: 1, gid: 1, mode: 0o400 });
      const entry = statSync(group());
      assert.deepEqual([entry.uid, entry.mode & 0o7777], [0, 0o755]);
    },
  );

  it("keeps no generation for readers that may no longer read", async () => {
    await pass(newWorld(root, { clock }), { a: "1" }, { uid, gid, mode: 0o440 });
    await pass(newWorld(root, { clock }), { a: "1" }, { uid, gid, mode: 0o400 });
    assert.equal(generations().length, 2);
    clock.advance(GRACE_MS);
    finishGroup(tree, web, GRACE_MS);
    assert.deepEqual(generations(), [currentId()]);
  });
});

describe("retained", () => {
  const id = (digit: number): GenerationId =>
    parseGenerationId(String(digit).repeat(12)) ?? assert.fail();
  const manifest = (digit: number, created: number, previous?: number): Manifest => ({
    group: web,
    id: id(digit),
    previous: previous === undefined ? undefined : id(previous),
    created,
    hostKey: "",
    fingerprints: { source: "", shape: "" },
    bundle: undefined,
    access: { uid, gid, mode: 0o400 },
    secrets: [],
    rendered: [],
  });
  const keep = (now: number, ...manifests: readonly Manifest[]): readonly string[] => {
    const known = new Map(manifests.map((one) => [one.id, one]));
    const [current] = manifests;
    return [...retained(current ?? assert.fail(), (one) => known.get(one), now, 100)];
  };

  it("counts the grace from when a generation was replaced, not from when it was made", () => {
    const chain = [manifest(3, 2000, 2), manifest(2, 1950, 1), manifest(1, 0)];
    assert.deepEqual(keep(2049, ...chain), [id(3), id(2), id(1)]);
    assert.deepEqual(keep(2050, ...chain), [id(3), id(2)]);
  });

  it("is not led in circles", () => {
    assert.deepEqual(keep(0, manifest(1, 0, 2), manifest(2, 0, 1)), [id(1), id(2)]);
    assert.deepEqual(keep(0, manifest(1, 0, 1)), [id(1)]);
  });

  it("ends when the clock was set back", () => {
    const chain = [manifest(3, 9000, 2), manifest(2, 8000, 1), manifest(1, 0)];
    assert.deepEqual(keep(10, ...chain), [id(3), id(2)]);
  });
});

describe("sweepTree", () => {
  it("removes temporary files, and nothing else", async () => {
    await next({ a: "1" });
    const temporary = [
      "run/.status.json.0123456789ab",
      "run/secrets/.web.0123456789ab",
      "run/state/.web.0123456789ab",
      "run/records/.web.0123456789ab",
      "run/owed/.web.0123456789ab",
      "state/.host.key.0123456789ab",
    ];
    const others = ["run/other", "run/.hidden", "state/.other.0123"];
    for (const path of [...temporary, ...others]) writeFileSync(join(root, path), "");
    sweepTree(tree);
    assert.deepEqual(
      temporary.filter((path) => existsSync(join(root, path))),
      [],
    );
    assert.deepEqual(
      others.filter((path) => existsSync(join(root, path))),
      others,
    );
    assert.deepEqual(readByPath(root), { a: "1" });
  });
});

describe("groups that left the config", () => {
  it("are listed, and removed when asked", async () => {
    await next({ a: "1" });
    mkdirSync(join(root, "run/groups/.odd"));
    assert.deepEqual(listGroups(tree), ["web"]);
    removeGroup(tree, web);
    assert.deepEqual(listGroups(tree), []);
    for (const path of ["groups/web", "secrets/web", "state/web"]) {
      assert.equal(existsSync(join(root, "run", path)), false, path);
    }
  });
});

describe("a bind mount of the group's directory", () => {
  it("follows a swap", { skip: needsRoot }, async (t) => {
    const elsewhere = join(root, "elsewhere");
    mkdirSync(elsewhere);
    await next({ a: "1" });
    try {
      execFileSync("mount", ["--bind", group(), elsewhere], { stdio: "ignore" });
    } catch {
      t.skip("needs the right to mount");
      return;
    }
    try {
      assert.equal(readFileSync(join(elsewhere, "current/a"), "utf8"), "1");
      await next({ a: "2" });
      assert.equal(readFileSync(join(elsewhere, "current/a"), "utf8"), "2");
    } finally {
      execFileSync("umount", [elsewhere]);
    }
  });
});
