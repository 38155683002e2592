import assert from "node:assert/strict";
import { mkdtempSync, watch } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { newWorld, pass, stillClock } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();

/** The names that inotify tells of in `folder` while `use` runs, in order; Node calls all but writes "rename". */
async function eventsIn(folder: string, use: () => Promise<void>): Promise<readonly string[]> {
  const events: string[] = [];
  const watcher = watch(folder, (kind, name) => {
    events.push(`${kind} ${(name ?? "").replace(/^\.current\.[0-9a-f]{12}$/, ".current.RANDOM")}`);
  });
  try {
    await use();
    // the kernel has queued what happened; Node reads the queue in its own time
    await delay(50);
  } finally {
    watcher.close();
  }
  return events;
}

describe("who watches", () => {
  it("groups/GROUP sees a link made and moved over current, as docs/files.md says", async () => {
    const root = mkdtempSync(join(temp, "i-"));
    const world = newWorld(root, { clock: stillClock() });
    await pass(world, { a: "1" });
    const events = await eventsIn(join(root, "run/groups/web"), () => pass(world, { a: "2" }));
    assert.deepEqual(
      events.filter((event) => event.includes("current")),
      ["rename .current.RANDOM", "rename .current.RANDOM", "rename current"],
    );
  });

  it("a generation sees nothing of a change until the generation goes", async () => {
    const root = mkdtempSync(join(temp, "i-"));
    const clock = stillClock();
    const world = newWorld(root, { clock });
    await pass(world, { a: "1" });
    const folder = join(root, "run/secrets/web/");
    const change = (): Promise<void> => pass(world, { a: "2" });
    assert.deepEqual(await eventsIn(folder, change), []);
    const next = newWorld(root, { clock });
    await pass(next, { a: "3" });
    clock.advance(120_000);
    const gone = await eventsIn(join(root, "run/secrets/web/"), () => pass(next, { a: "3" }));
    assert.deepEqual(gone, []);
  });
});
