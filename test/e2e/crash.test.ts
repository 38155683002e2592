/** The real process, killed at any moment, and two of them at once. @module */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setImmediate, setTimeout } from "node:timers/promises";
import { randomFrom } from "../support/random.ts";
import {
  configure,
  fetchAll,
  generationsOf,
  hostFor,
  postern,
  publish,
  setOf,
  type TestHost,
} from "../support/host.ts";
import { launcher } from "../support/reading-host.ts";
import type { Values } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const NAMES = [
  "a",
  "b",
  "c",
  "deep/er/d",
  "deep/e",
  ...Array.from({ length: 30 }, (_, at) => `f${at}`),
];

/** A set whose secrets all say which one they belong to. */
function edition(number: number): Values {
  return Object.fromEntries(NAMES.map((name) => [name, `edition ${number} of ${name}`]));
}

const KILLS = 15;
const SEED = 20_261_124;

describe("postern fetch", () => {
  const folder = memoryDir();

  it(`shows a whole set, and leaves nothing behind, killed ${KILLS} times at random moments`, async (t) => {
    const host = await hostFor(t, folder);
    configure(host, { web: { prefix: "web/" } });
    await publish(host, "web", edition(0));
    assert.equal((await fetchAll(host)).code, 0);
    const random = randomFrom(SEED);
    let seen = 0;
    let died = 0;
    for (let number = 1; number <= KILLS; number += 1) {
      await publish(host, "web", edition(number));
      // most of the time from the last GET on, when the files are written
      const early = random() < 0.2;
      const delayMs = random() * (early ? 120 : 25);
      const child = spawnFetch(host);
      const closed = once(child, "close");
      const killed = killAfter(host, child, early ? 0 : NAMES.length, delayMs);
      while (child.exitCode === null && child.signalCode === null) {
        seen = assertWhole(host, seen, number);
        await setImmediate();
      }
      await Promise.all([closed, killed]);
      if (child.signalCode === "SIGKILL") died += 1;
      seen = assertWhole(host, seen, number);
      const next = await fetchAll(host);
      assert.equal(next.code, 0, next.stderr);
      assert.deepEqual(setOf(host, "web"), edition(number));
      assertTidy(host, number);
    }
    assert.ok(died >= KILLS / 3, `only ${died} were killed before they were done`);
  });

  it("waits for another that is writing, and both are done", async (t) => {
    const host = await hostFor(t, folder);
    configure(host, { web: { prefix: "web/" } });
    await publish(host, "web", edition(1));
    host.sandbox.faults.add({ kind: "latency", ms: 100, service: "s3" });
    const both = await Promise.all(
      [1, 2].map(() => postern(host, ["fetch", "--config", host.config])),
    );
    assert.deepEqual(
      both.map(({ code, stderr }) => [code, stderr]),
      [
        [0, ""],
        [0, ""],
      ],
    );
    const said = both.map(({ stdout }) => stdout.toString().split(/ +/)[1] ?? "");
    assert.deepEqual(said.sort(), ["changed", "unchanged"]);
    assert.deepEqual(setOf(host, "web"), edition(1));
    assertTidy(host, 1);
  });

  it("says who is writing when it may wait no longer, and exits with 75", async (t) => {
    const host = await hostFor(t, folder);
    const limits = { pass_timeout: "1s", request_timeout: "1s" };
    configure(host, { web: { prefix: "web/" } }, { limits });
    await publish(host, "web", edition(1));
    const listed = new Promise<void>((resolve) => {
      host.onS3.act = () => resolve();
    });
    host.sandbox.faults.add({ kind: "hang", service: "s3", operation: "GetObject" });
    configure(host, { web: { prefix: "web/" } });
    const writer = spawnFetch(host);
    const closed = once(writer, "close");
    await listed;
    configure(host, { web: { prefix: "web/" } }, { limits });
    const second = await postern(host, ["fetch", "--config", host.config]);
    assert.equal(second.code, 75);
    assert.match(second.stderr, /another postern \(pid \d+, fetch\) is writing/);
    writer.kill("SIGKILL");
    await closed;
    // the kernel gave the lock back
    host.sandbox.faults.clear();
    assert.equal((await fetchAll(host)).code, 0);
    assertTidy(host, 1);
  });
});

function spawnFetch(host: TestHost): ReturnType<typeof spawn> {
  return spawn(launcher, ["fetch", "--config", host.config], { env: host.env, stdio: "ignore" });
}

/** Kills the process `delayMs` after S3 was asked for `gets` objects. */
async function killAfter(
  host: TestHost,
  child: ReturnType<typeof spawn>,
  gets: number,
  delayMs: number,
): Promise<void> {
  let left = gets;
  await new Promise<void>((resolve) => {
    // a process that is done before is killed in vain
    child.once("close", () => resolve());
    if (left === 0) resolve();
    host.onS3.act = ({ operation }) => {
      if (operation === "GetObject") left -= 1;
      if (left === 0) resolve();
    };
  });
  await setTimeout(delayMs);
  child.kill("SIGKILL");
}

/** The number of the edition that a reader sees: a whole one, and never an older one than before. */
function assertWhole(host: TestHost, seen: number, newest: number): number {
  const values = setOf(host, "web");
  assert.ok(values);
  const number = Number(/^edition (\d+) of a$/.exec(values["a"] ?? "")?.[1]);
  assert.deepEqual(values, edition(number));
  assert.ok(number >= seen && number <= newest, `${seen} <= ${number} <= ${newest}`);
  return number;
}

/** Nothing under a temporary name, and a manifest for each generation. */
function assertTidy(host: TestHost, most: number): void {
  const { run, state } = host;
  const all = [run, state].flatMap((tree) =>
    readdirSync(tree, { recursive: true, encoding: "utf8" }),
  );
  assert.deepEqual(
    all.filter((path) => /(^|\/)\./.test(path)),
    [],
  );
  const entries = readdirSync(join(run, "groups/web/gen"));
  const ids = generationsOf(host, "web");
  assert.deepEqual(entries.sort(), ids.flatMap((id) => [id, `${id}.manifest`]).sort());
  // each was current, less than a minute ago: nothing of what was staged in vain
  assert.ok(ids.length <= most + 1, `${ids.length} generations`);
}
