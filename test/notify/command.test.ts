import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type CommandEnd, runCommand } from "../../agent/notify/command.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
const never = new AbortController().signal;

function run(
  argv: readonly string[],
  { env = {}, timeoutMs = 30_000 } = {},
  signal = never,
): Promise<CommandEnd> {
  return runCommand({ argv, env, timeoutMs }, signal);
}

/** Waits for what another process writes; the test's own limit ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(10);
}

function isAlive(pid: number): boolean {
  try {
    // a zombie that nobody has waited for yet is gone all the same
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

describe("a command", () => {
  const rows: readonly (readonly [why: string, argv: readonly string[], end: CommandEnd])[] = [
    ["ends", ["true"], { kind: "ended", status: 0 }],
    ["fails", ["sh", "-c", "exit 3"], { kind: "ended", status: 3 }],
    ["dies", ["sh", "-c", "kill -KILL $$"], { kind: "signalled", signal: "SIGKILL" }],
    ["is not there", ["/nonexistent/x"], { kind: "not-started", errno: "ENOENT" }],
    ["may not be run", ["/etc/passwd"], { kind: "not-started", errno: "EACCES" }],
  ];
  for (const [why, argv, end] of rows)
    it(`says so when it ${why}`, async () => assert.deepEqual(await run(argv), end));

  it("is not started once postern stops", async () => {
    const mark = join(mkdtempSync(join(temp, "c-")), "ran");
    const end = await run(["touch", mark], {}, AbortSignal.abort());
    assert.deepEqual(end, { kind: "stopped" });
    assert.equal(existsSync(mark), false);
  });

  it("is no shell's: its words are the program's own", async () => {
    const folder = mkdtempSync(join(temp, "c-"));
    const file = join(folder, "$(id); a b");
    await run(["cp", "/dev/null", file]);
    assert.ok(existsSync(file));
  });

  it("gets nothing of this process's environment", async () => {
    const folder = mkdtempSync(join(temp, "c-"));
    process.env["AWS_SECRET_ACCESS_KEY"] = "canary";
    await run(["sh", "-c", `env > ${folder}/env`], { env: { POSTERN_GROUP: "web" } });
    delete process.env["AWS_SECRET_ACCESS_KEY"];
    const names = readFileSync(join(folder, "env"), "utf8")
      .split("\n")
      .map((line) => line.split("=")[0] ?? "")
      .filter((name) => name !== "" && !["_", "OLDPWD", "SHLVL"].includes(name));
    assert.deepEqual(names.toSorted(), ["LC_ALL", "PATH", "POSTERN_GROUP", "PWD"]);
  });

  it("gets no descriptor, and prints to nobody", async () => {
    const folder = mkdtempSync(join(temp, "c-"));
    await run(["sh", "-c", `ls -l /proc/$$/fd > ${folder}/fds`]);
    const open = readFileSync(join(folder, "fds"), "utf8").matchAll(/(\d+) -> (.*)$/gm);
    const names = new Map([...open].map((match) => [match[1], match[2]]));
    assert.deepEqual([names.get("0"), names.get("2")], ["/dev/null", "/dev/null"]);
    assert.deepEqual(
      [...names.keys()].filter((fd) => Number(fd) > 2 && Number(fd) < 10),
      [],
    );
  });

  const cuts = [
    ["its time is up", "timed-out"],
    ["postern stops", "stopped"],
  ] as const;
  for (const [why, kind] of cuts)
    it(`is killed with all its children when ${why}`, async () => {
      const folder = mkdtempSync(join(temp, "c-"));
      const pids = join(folder, "pids");
      writeFileSync(pids, "");
      const script = `trap '' TERM; sh -c 'trap "" TERM; echo $$ >> ${pids}; while :; do sleep 0.1; done' & echo $$ >> ${pids}; while :; do sleep 0.1; done`;
      const stop = new AbortController();
      const ending = run(
        ["sh", "-c", script],
        { timeoutMs: kind === "stopped" ? 60_000 : 1500 },
        stop.signal,
      );
      await until(() => readFileSync(pids, "utf8").split("\n").length === 3);
      if (kind === "stopped") stop.abort();
      assert.deepEqual(await ending, { kind });
      const started = readFileSync(pids, "utf8").trim().split("\n").map(Number);
      await until(() => !started.some(isAlive));
    });
});
