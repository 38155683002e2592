import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { COLUMNS } from "../agent/demo/screen.ts";
import { MARK } from "../agent/demo/secrets.ts";
import { root } from "./support/root.ts";
import { tempDir } from "./support/temp.ts";

const launcher = join(root, "bin", "postern");
const temp = tempDir();
const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: "/nonexistent" };

interface Demo {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Stdout and stderr, once it has ended. */
  readonly ended: Promise<readonly [said: string, complaint: string]>;
}

function startDemo(program = launcher): Demo {
  const child = spawn(program, ["demo"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  const closed = once(child, "close");
  const ended = Promise.all([text(child.stdout), text(child.stderr), closed] as const);
  return { child, ended: ended.then(([said, complaint]) => [said, complaint]) };
}

/** What the demo has left; the launcher becomes the program, so it has its process's number. */
function leftBy({ child }: Demo): readonly string[] {
  return [tmpdir(), "/dev/shm"]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder))
    .filter((name) => name.startsWith(`postern-demo-${child.pid}-`));
}

/** The same program with a `get` that prints nothing. */
function brokenLauncher(): string {
  const path = join(temp, "bin", "postern");
  mkdirSync(join(temp, "bin"));
  symlinkSync(join(root, "dist"), join(temp, "dist"));
  const broken = '#!/bin/sh\n[ "$1" != get ] || exit 0\n' + readFileSync(launcher, "utf8");
  writeFileSync(path, broken, { mode: 0o755 });
  return path;
}

describe("postern demo", { concurrency: 2 }, () => {
  it("holds in every step, in 80 columns, without an escape code or a value", async () => {
    const demo = startDemo();
    const [said, complaint] = await demo.ended;
    assert.equal(demo.child.exitCode, 0, said + complaint);
    assert.equal(complaint, "");
    for (const line of said.split("\n")) assert.ok(line.length <= COLUMNS, line);
    assert.ok(!said.includes("\u001B") && !said.includes("\r"));
    assert.ok(!said.includes(MARK));
    assert.doesNotMatch(said, /FAILED/);
    assert.match(said, /sets that were half old, half new: 0/);
    assert.match(said, /ok {2}and the permission that it lacks is named/);
    assert.match(said, /statement  DenyListWeb\n {2}ok {2}the statement that stopped it/);
    assert.match(said, /exit code 69 on db/);
    assert.match(said, /\$17 a month for a bundle, \$216 for a prefix/);
    assert.match(said, /\nEvery step held, in [\d.]+ s\.\n$/);
    assert.deepEqual(leftBy(demo), []);
  });

  it("fails with 1 when the program does not do what it shows", async () => {
    const demo = startDemo(brokenLauncher());
    const [said] = await demo.ended;
    assert.equal(demo.child.exitCode, 1);
    assert.match(said, /FAILED {2}its exact bytes, to a pipe: expected true, got false\n/);
    assert.match(said, /\nThe demo failed\.\n$/);
    assert.deepEqual(leftBy(demo), []);
  });

  it("leaves nothing behind when it is interrupted", async () => {
    const demo = startDemo();
    // at its first line the folder is there, and hosts are about to run
    await once(demo.child.stdout, "readable");
    assert.equal(leftBy(demo).length, 1);
    demo.child.kill("SIGINT");
    const [said, complaint] = await demo.ended;
    assert.equal(demo.child.signalCode, "SIGINT");
    assert.equal(complaint, "");
    assert.doesNotMatch(said, /FAILED|Every step held/);
    assert.deepEqual(leftBy(demo), []);
  });
});
