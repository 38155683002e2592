import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import type { Chance } from "../../agent/core/clock.ts";
import type { Access } from "../../agent/store/durable-file.ts";
import { letterSet } from "../support/letter-set.ts";
import { root as repository } from "../support/root.ts";
import { needsRoot, newWorld, pass, readByPath, shapeOf } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
const NOBODY = 65_534;
const program = (name: string): string => join(repository, `dist/test/support/${name}.js`);

describe("a writer that is killed", () => {
  it("leaves a whole set to every reader, and the next pass leaves nothing of it", async () => {
    const root = mkdtempSync(join(temp, "k-"));
    const wanted = mkdtempSync(join(temp, "k-"));
    for (const letter of ["a", "b"]) await pass(newWorld(wanted), letterSet(letter));
    let readings = 0;
    for (let life = 1; life <= 6; life += 1) {
      const writer = spawn(process.execPath, [program("set-writer"), root]);
      // each life is ended after another number of swaps, wherever it then is
      await swaps(writer, life * 2);
      for (let reading = 0; reading < 40; reading += 1) readings += isWhole(readByPath(root));
      writer.kill("SIGKILL");
      await once(writer, "exit");
      readings += isWhole(readByPath(root));
    }
    assert.equal(readings, 6 * 41);
    const clean = newWorld(root);
    await pass(clean, letterSet("a"));
    await pass(
      { ...clean, clock: { ...clean.clock, now: () => 1_900_000_000_000 } },
      letterSet("b"),
    );
    assert.deepEqual(readByPath(root), letterSetSorted("b"));
    assert.deepEqual(shapeOf(root), shapeOf(wanted));
  });
});

describe("another user", () => {
  const ROWS: readonly (readonly [why: string, access: Access])[] = [
    ["root's group", { uid: 0, gid: 0, mode: 0o440 }],
    ["another user alone", { uid: 1, gid: 0, mode: 0o400 }],
    ["another user's group", { uid: 1, gid: 1, mode: 0o440 }],
  ];
  for (const [why, access] of ROWS) {
    it(`can at no instant open what is for ${why}`, { skip: needsRoot }, async () => {
      assert.deepEqual(await watched(access), []);
    });
  }

  it("can open what is for all: the watcher does see", { skip: needsRoot }, async () => {
    const opened = await watched({ uid: 0, gid: 0, mode: 0o444 });
    assert.ok(opened.some((path) => path.endsWith("/plain")));
    assert.ok(!opened.some((path) => /manifest|host\.key|lock/.test(path)));
  });
});

/** What a user without rights could open during many passes over a group that only `access` may read. */
async function watched(access: Access): Promise<readonly string[]> {
  const root = mkdtempSync(join(temp, "w-"));
  chmodSync(root, 0o755);
  mkdirSync(join(root, "run"));
  // the compiled tests may lie where that user cannot go
  const watching = join(root, "watcher.mjs");
  cpSync(program("watcher"), watching);
  const watcher = spawn(process.execPath, [watching, root, "plain,folder/deep"], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: root,
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(watcher.stdout, "data");
  const before = process.umask(0);
  try {
    const world = newWorld(root, { chance: countingChance() });
    for (let index = 0; index < 60; index += 1) {
      await pass(world, { plain: `${index}`, "folder/deep": `${index}` }, access);
    }
  } finally {
    process.umask(before);
    watcher.stdin.end();
  }
  assert.equal(readFileSync(join(root, "run/secrets/web/plain"), "utf8"), "59");
  return JSON.parse(await text(watcher.stdout)) as readonly string[];
}

async function swaps(writer: ChildProcess, wanted: number): Promise<void> {
  let seen = 0;
  while (seen < wanted && writer.stdout !== null) {
    const [data]: Buffer[] = await once(writer.stdout, "data");
    seen += data?.length ?? 0;
  }
}

function isWhole(values: ReturnType<typeof readByPath>): number {
  const letter = Object.values(values ?? {})[0]?.[0] ?? "";
  assert.deepEqual(values, letterSetSorted(letter));
  return 1;
}

function letterSetSorted(letter: string): ReturnType<typeof letterSet> {
  return Object.fromEntries(Object.entries(letterSet(letter)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Ids in the order of the numbers, of which a watcher can know the next. */
function countingChance(): Chance {
  let count = 0;
  return {
    random: () => 0,
    bytes: (length) => {
      const bytes = Buffer.alloc(length);
      bytes.writeUInt16BE((count += 1), length - 2);
      return bytes;
    },
  };
}
