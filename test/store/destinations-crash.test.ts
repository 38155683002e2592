import assert from "node:assert/strict";
import { mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import type { Destination } from "../../agent/store/destination.ts";
import { type Ending, failingFs } from "../support/failing-fs.ts";
import { destination, etcHolds, journalText, place } from "../support/placing.ts";
import { newWorld, pass, type World } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const OLD = { key: "old key", crt: "the same" };
const NEW = { key: "new key", crt: "the same" };

/** Of a link and a copy each: one that stays, one that leaves, one that comes; and one that changes its kind. */
const before = (world: World): readonly Destination[] => [
  destination(world, "link", "key"),
  destination(world, "copy", "key", { as: "copy" }),
  destination(world, "link-leaves", "crt"),
  destination(world, "copy-leaves", "crt", { as: "copy" }),
  destination(world, "turns", "key"),
];
const after = (world: World): readonly Destination[] => [
  destination(world, "link", "key"),
  destination(world, "copy", "key", { as: "copy" }),
  destination(world, "link-comes", "crt"),
  destination(world, "copy-comes", "crt", { as: "copy" }),
  destination(world, "turns", "key", { as: "copy" }),
];
/** Whole, each of them: what may be seen at a path at any time. */
const SEEN: Readonly<Record<string, readonly (string | undefined)[]>> = {
  link: ["-> run/secrets/web/key"],
  copy: ["400 old key", "400 new key"],
  "link-leaves": ["-> run/secrets/web/crt", undefined],
  "copy-leaves": ["400 the same", undefined],
  "link-comes": [undefined, "-> run/secrets/web/crt"],
  "copy-comes": [undefined, "400 the same"],
  turns: ["-> run/secrets/web/key", "400 new key"],
};

describe("placing that dies", () => {
  const temp = memoryDir();

  for (const ending of ["EIO", "ENOSPC", "killed"] as const satisfies readonly Ending[])
    it(`leaves each path whole, and nothing else behind, ${ending} at any operation`, async () => {
      const wanted = await undisturbed(temp);
      for (let at = 1; ; at += 1) {
        const { world, ended } = await placeDying(temp, at, ending);
        const seen = etcHolds(world);
        for (const [name, states] of Object.entries(SEEN))
          assert.ok(states.includes(seen[name]), `${name} at ${at}: ${seen[name]}`);
        if (!ended) {
          assert.ok(at > 150, `only ${at} operations`);
          return;
        }
        place(world, after(world));
        assert.deepEqual(seenIn(world), wanted, `left over, at ${at}`);
      }
    });

  it("is found by who no longer wants any of it", async () => {
    for (let at = 1; ; at += 1) {
      const { world, ended } = await placeDying(temp, at, "killed");
      place(world, []);
      assert.deepEqual(etcHolds(world), {}, `left over, at ${at}`);
      if (!ended) return;
    }
  });
});

async function undisturbed(temp: string): Promise<unknown> {
  const world = await begun(temp);
  place(world, after(world));
  return seenIn(world);
}

async function begun(temp: string): Promise<World> {
  const world = newWorld(mkdtempSync(join(temp, "w-")), { fs: failingFs(Infinity, "EIO").fs });
  await pass(world, OLD);
  place(world, before(world));
  await pass(world, NEW);
  return world;
}

/** `ended`: whether the placing died; false when it has no operation `at`. */
async function placeDying(
  temp: string,
  at: number,
  ending: Ending,
): Promise<{ readonly world: World; readonly ended: boolean }> {
  const world = await begun(temp);
  const failing = failingFs(at, ending);
  const descriptors = readdirSync("/proc/self/fd").length;
  try {
    place({ ...world, fs: failing.fs }, after(world));
    assert.ok(failing.count() < at, `operation ${at} failed and nothing was said`);
    return { world, ended: false };
  } catch (error) {
    if (ending === "killed") failing.reap();
    else {
      assert.ok(error instanceof PosternError, String(error));
      assert.equal(error.code, "CannotWrite");
      assert.equal(readdirSync("/proc/self/fd").length, descriptors, `left open, at ${at}`);
    }
    return { world, ended: true };
  }
}

function seenIn(world: World): unknown {
  // the host's key, and so every digest, is another in each world
  const journal = journalText(world)
    .replaceAll(/[0-9a-f]{64}/g, "DIGEST")
    .replaceAll(world.root, "");
  return { etc: etcHolds(world), journal, state: readdirSync(join(world.root, "state")).sort() };
}
