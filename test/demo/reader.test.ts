import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startReader } from "../../agent/demo/reader.ts";
import { tempDir } from "../support/temp.ts";

const temp = tempDir();
const NAMES = ["a", "b"];

function hostWith(contents: readonly (readonly [a: string, b: string])[]) {
  const folder = mkdtempSync(join(temp, "host-"));
  for (const [at, values] of contents.entries()) {
    mkdirSync(join(folder, `gen-${at}`));
    for (const [place, value] of values.entries())
      writeFileSync(join(folder, `gen-${at}`, NAMES[place] ?? ""), value);
  }
  const swap = (at: number): void => {
    symlinkSync(`gen-${at}`, join(folder, "next"));
    renameSync(join(folder, "next"), join(folder, "web"));
  };
  swap(0);
  const start = (file = "", ...args: readonly string[]) =>
    spawn(file, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  return { folder, stable: (group: string) => join(folder, group), start, swap };
}

const value = (set: number): string => `demo-value ${set} cafe .\n`;

describe("the demo's reader", () => {
  it("sees whole sets, and the newest in the end", async () => {
    const host = hostWith([
      [value(1), value(1)],
      [value(2), value(2)],
    ]);
    const reader = await startReader(host, "web", NAMES);
    host.swap(1);
    const { sets, values, ...seen } = await reader.end();
    assert.deepEqual(seen, { torn: 0, broken: 0, last: 2 });
    assert.ok(sets >= 1 && values === 4 * sets);
  });

  it("notices a set that is half old, half new", async () => {
    const host = hostWith([[value(1), value(2)]]);
    const { sets, torn, broken } = await (await startReader(host, "web", NAMES)).end();
    assert.deepEqual([torn, broken], [sets, 0]);
  });

  for (const [why, half] of [
    ["empty", ""],
    ["cut short", "demo-value 1 ca"],
  ] as const) {
    it(`notices a value that is ${why}`, async () => {
      const host = hostWith([[value(1), half]]);
      const { values, broken } = await (await startReader(host, "web", NAMES)).end();
      assert.equal(broken, values / 2);
    });
  }

  it("notices a value that is missing", async () => {
    const host = hostWith([[value(1), value(1)]]);
    const { values, broken } = await (await startReader(host, "web", ["a", "c"])).end();
    assert.equal(broken, values / 2);
  });
});
