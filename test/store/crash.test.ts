import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import type { Access } from "../../agent/store/durable-file.ts";
import { type Ending, failingFs } from "../support/failing-fs.ts";
import {
  gid,
  GRACE_MS,
  newWorld,
  pass,
  readByPath,
  readHeld,
  shapeOf,
  stillClock,
  uid,
  type Values,
} from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const OLD: Values = { a: "old", b: "the same", "tls/site.key": "old key", "z/y/x": "gone" };
const NEW: Values = { a: "new", b: "the same", "tls/site.key": "new key", c: "added" };
const SAME: Access = { uid, gid, mode: 0o400 };
// with other readers the swap takes every step there is
const OTHERS: Access = { uid, gid, mode: 0o440 };
const CHANGES: readonly (readonly [ending: Ending, why: string, access: Access])[] = [
  ["EIO", "for other readers", OTHERS],
  ["ENOSPC", "for the same readers", SAME],
  ["killed", "for other readers", OTHERS],
  ["killed", "for the same readers", SAME],
];
const BEGINNINGS: readonly Ending[] = ["ENOSPC", "killed"];

describe("a pass that dies", () => {
  const temp = memoryDir();

  for (const [ending, why, access] of CHANGES) {
    it(`shows the whole old set or the whole new one ${why}, ${ending} at any operation`, async () => {
      const wanted = await undisturbed(temp, OLD, access);
      let died = 0;
      for (let at = 1; ; at += 1) {
        const root = mkdtempSync(join(temp, "w-"));
        const clock = stillClock();
        await pass(newWorld(root, { clock, fs: failingFs(Infinity, "EIO").fs }), OLD);
        const held = openSync(join(root, "run/secrets/web/"), "r");
        const ended = await passDying({ root, clock }, access, at, ending);
        assert.deepEqual(readHeld(held), OLD, `held, at ${at}`);
        closeSync(held);
        const seen = readByPath(root);
        assert.ok(same(seen, OLD) || same(seen, NEW), `by path, at ${at}`);
        if (!ended) {
          assert.ok(died > 50, `only ${died} operations`);
          return;
        }
        died += 1;
        await converges({ root, clock }, access, wanted, at);
      }
    });
  }

  for (const ending of BEGINNINGS) {
    it(`shows nothing or the whole first set, ${ending} at any operation`, async () => {
      const wanted = await undisturbed(temp, undefined, OTHERS);
      for (let at = 1; ; at += 1) {
        const root = mkdtempSync(join(temp, "f-"));
        const clock = stillClock();
        const ended = await passDying({ root, clock }, OTHERS, at, ending);
        const seen = readByPath(root);
        assert.ok(seen === undefined || same(seen, NEW), `by path, at ${at}`);
        if (!ended) return;
        await converges({ root, clock }, OTHERS, wanted, at);
      }
    });
  }
});

interface Host {
  readonly root: string;
  readonly clock: ReturnType<typeof stillClock>;
}

/** The shape of a tree in which nothing ever died. */
async function undisturbed(
  temp: string,
  before: Values | undefined,
  access: Access,
): Promise<readonly string[]> {
  const root = mkdtempSync(join(temp, "u-"));
  const clock = stillClock();
  const world = newWorld(root, { clock, fs: failingFs(Infinity, "EIO").fs });
  if (before !== undefined) await pass(world, before);
  await pass(world, NEW, access);
  clock.advance(GRACE_MS);
  await pass(world, NEW, access);
  assert.deepEqual(readByPath(root), NEW);
  return shapeOf(root);
}

/** Whether the pass died: false when it has no operation `at`. */
async function passDying(
  { root, clock }: Host,
  access: Access,
  at: number,
  ending: Ending,
): Promise<boolean> {
  const failing = failingFs(at, ending);
  const descriptors = readdirSync("/proc/self/fd").length;
  try {
    await pass(newWorld(root, { clock, fs: failing.fs }), NEW, access);
    assert.ok(failing.count() < at, `operation ${at} failed and the pass said nothing`);
    return false;
  } catch (error) {
    if (ending === "killed") {
      failing.reap();
      return true;
    }
    assert.ok(error instanceof PosternError, String(error));
    assert.equal(error.code, "CannotWrite");
    assert.match(error.message, new RegExp(ending));
    assert.equal(readdirSync("/proc/self/fd").length, descriptors, `left open, at ${at}`);
    return true;
  }
}

async function converges(
  { root, clock }: Host,
  access: Access,
  wanted: readonly string[],
  at: number,
): Promise<void> {
  const world = newWorld(root, { clock, fs: failingFs(Infinity, "EIO").fs });
  clock.advance(1000);
  await pass(world, NEW, access);
  assert.deepEqual(readByPath(root), NEW, `after the next pass, at ${at}`);
  clock.advance(GRACE_MS);
  await pass(world, NEW, access);
  assert.deepEqual(shapeOf(root), wanted, `left over, at ${at}`);
}

function same(one: Values | undefined, other: Values): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(sorted(other));
}

function sorted(values: Values): Values {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}
