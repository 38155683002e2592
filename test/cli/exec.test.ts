import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Ended, plainEnv, runCommand } from "../support/command.ts";
import { program } from "../support/reading-host.ts";
import { linkGroup, makeRunTree, putGeneration } from "../support/run-tree.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();

function newRun(values: Readonly<Record<string, string>>): string {
  const run = mkdtempSync(join(temp, "x-"));
  makeRunTree(run);
  putGeneration(run, "web", "aaaaaaaaaaaa", values);
  linkGroup(run, "web");
  return run;
}

function exec(run: string, words: readonly string[]): Promise<Ended> {
  return runCommand([...program, "exec", ...words], { env: { ...plainEnv, POSTERN_RUN: run } });
}

/** Starts it, for a test that goes on while the program runs. */
function start(
  run: string,
  words: readonly string[],
): ChildProcessByStdio<Writable, Readable, Readable> {
  const [node = "", ...launch] = program;
  return spawn(node, [...launch, "exec", ...words], {
    env: { ...plainEnv, POSTERN_RUN: run },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

function signalIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it ended, as it should
  }
}

describe("exec", () => {
  const run = newRun({ db_password: "hunter2", "tls/site.key": "k" });

  it("gives the program every secret, and what was there already", async () => {
    const { stdout, code } = await exec(run, [
      "--group",
      "web",
      "--upper",
      "--",
      "sh",
      "-c",
      'echo "$DB_PASSWORD $TLS_SITE_KEY $HOME"',
    ]);
    assert.equal(stdout.toString(), "hunter2 k /nonexistent\n");
    assert.equal(code, 0);
  });

  it("gives it no file that was rendered for another path", async () => {
    const place = newRun({ a: "1", ".postern/etc/app.conf": "canary" });
    const { stdout } = await exec(place, ["--group", "web", "--", "env"]);
    assert.match(stdout.toString(), /^a=1$/m);
    assert.doesNotMatch(stdout.toString(), /canary/);
  });

  it("leaves the program's own words alone", async () => {
    const { stdout } = await exec(run, [
      "--group",
      "web",
      "--",
      "echo",
      "--group",
      "x",
      "--",
      "-h",
    ]);
    assert.equal(stdout.toString(), "--group x -- -h\n");
  });

  const ends = [
    ["passes the program's exit code on", ["--group", "web", "--", "sh", "-c", "exit 77"], 77],
    // the test's own word for a process that a signal ended
    [
      "ends by the signal that ended the program",
      ["--group", "web", "--", "sh", "-c", "kill -TERM $$"],
      128,
    ],
    ["says 127 for a program that is not there", ["--group", "web", "--", "/nonexistent/x"], 127],
    ["says 126 for a program that cannot be run", ["--group", "web", "--", "/dev/null"], 126],
    ["says 125 for a group that is not there", ["--group", "nope", "--", "true"], 125],
    ["says 125 for misuse", ["--nope"], 125],
    ["says 125 when there is nothing to run", ["--group", "web", "--"], 125],
  ] as const;
  for (const [why, words, expected] of ends)
    it(why, async () => assert.equal((await exec(run, words)).code, expected));

  it("hands signals to the program", async () => {
    const child = start(run, [
      "--group",
      "web",
      "--",
      "sh",
      "-c",
      "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done",
    ]);
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 9);
  });

  const changes = [
    ["starts the program anew with the new set", "restart", "one\ntwo\n"],
    ["signals the program, which keeps its environment", "HUP", "one\nhup one\n"],
  ] as const;
  for (const [why, onChange, expected] of changes)
    it(`${why} after a change`, async () => {
      const place = newRun({ a: "one" });
      const child = start(place, [
        "--group",
        "web",
        "--watch",
        "--on-change",
        onChange,
        "--",
        "sh",
        "-c",
        "trap 'echo \"hup $a\"' HUP; echo $a; while :; do sleep 0.05; done",
      ]);
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      await once(child.stdout, "data");
      putGeneration(place, "web", "bbbbbbbbbbbb", { a: "two" });
      while (said.split("\n").length < expected.split("\n").length)
        await once(child.stdout, "data");
      assert.equal(said, expected);
      child.kill("SIGTERM");
      await once(child, "exit");
    });

  it("kills a program that does not end for a change in the time it has", async () => {
    const place = newRun({ a: "one" });
    const script = "trap '' TERM; echo $a; [ $a = one ] || exit 3; while :; do sleep 0.05; done";
    const words = ["--group", "web", "--watch", "--grace", "100ms", "--", "sh", "-c", script];
    const child = start(place, words);
    await once(child.stdout, "data");
    putGeneration(place, "web", "bbbbbbbbbbbb", { a: "two" });
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 3);
  });

  it("does not start the program anew once it was told to end", async () => {
    const place = newRun({ a: "one" });
    const script =
      "trap 'echo ending; read wait; exit 9' TERM; echo $a; while :; do sleep 0.05; done";
    const child = start(place, ["--group", "web", "--watch", "--", "sh", "-c", script]);
    await once(child.stdout, "data");
    putGeneration(place, "web", "bbbbbbbbbbbb", { a: "two" });
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    assert.equal(said.toString(), "ending\n");
    // its own end is under way, and the manager's word comes now
    child.kill("SIGTERM");
    child.stdin.end("\n");
    let more = "";
    child.stdout.on("data", (chunk: Buffer) => (more += chunk.toString()));
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 9);
    assert.doesNotMatch(more, /two/);
  });

  it("goes on while the link to its set is gone, and with what takes its place", async (t) => {
    const place = newRun({ a: "one" });
    const script = "echo $$ $a; while :; do sleep 0.05; done";
    const child = start(place, ["--group", "web", "--watch", "--", "sh", "-c", script]);
    let complaints = "";
    child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
    const [first] = (await once(child.stdout, "data")) as [Buffer];
    assert.match(first.toString(), /^\d+ one$/m);
    // should it fail, its program would go on without it
    t.after(() => signalIfThere(Number.parseInt(first.toString(), 10)));
    unlinkSync(join(place, "secrets/web"));
    // it looks once a second
    await delay(1500);
    assert.equal(complaints, "");
    putGeneration(place, "web", "bbbbbbbbbbbb", { a: "two" });
    linkGroup(place, "web");
    const [second] = (await once(child.stdout, "data")) as [Buffer];
    assert.match(second.toString(), /^\d+ two$/m);
    child.kill("SIGTERM");
    await once(child, "exit");
  });

  it("leaves the program as it is when the new set cannot be an environment", async () => {
    const place = newRun({ a: "one" });
    const child = start(place, [
      "--group",
      "web",
      "--watch",
      "--",
      "sh",
      "-c",
      "echo $a; while :; do sleep 0.05; done",
    ]);
    await once(child.stdout, "data");
    putGeneration(place, "web", "bbbbbbbbbbbb", { LD_PRELOAD: "canary" });
    const [complaint] = (await once(child.stderr, "data")) as [Buffer];
    assert.match(complaint.toString(), /LD_PRELOAD names code to run/);
    assert.doesNotMatch(complaint.toString(), /canary/);
    assert.equal(child.exitCode, null);
    child.kill("SIGTERM");
    await once(child, "exit");
  });
});
