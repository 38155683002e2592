import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import {
  type Process,
  type Processes,
  signalProcess,
  systemProcesses,
} from "../../agent/notify/pidfile.ts";
import { uid } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
const NOW = Date.UTC(2026, 10, 1);
const OLD: Process = { uid, startedAt: NOW - 60_000 };

interface Told {
  readonly processes: Processes;
  readonly signals: string[];
}

function processes(known: Readonly<Record<number, Process>>): Told {
  const signals: string[] = [];
  return {
    signals,
    processes: {
      find: (pid) => known[pid],
      kill: (pid, signal) => void signals.push(`${signal} ${pid}`),
    },
  };
}

function pidFile(text: string, mode = 0o644): string {
  const file = join(mkdtempSync(join(temp, "p-")), "app.pid");
  writeFileSync(file, text);
  chmodSync(file, mode);
  utimesSync(file, NOW / 1000, NOW / 1000);
  return file;
}

describe("a signal by pid file", () => {
  it("reaches the process that wrote it", () => {
    const { processes: all, signals } = processes({ 77: OLD });
    const pidfile = pidFile("77\n");
    assert.deepEqual(signalProcess({ signal: "SIGHUP", pidfile }, all), { kind: "done" });
    assert.deepEqual(signals, ["SIGHUP 77"]);
  });

  const nobody = [
    ["there is no file", "/nonexistent/app.pid"],
    ["its process is gone", pidFile("78\n")],
  ] as const;
  for (const [why, pidfile] of nobody)
    it(`has nobody to reach when ${why}`, () => {
      const { processes: all, signals } = processes({ 77: OLD });
      const { kind } = signalProcess({ signal: "SIGHUP", pidfile }, all);
      assert.equal(kind, "not-needed");
      assert.deepEqual(signals, []);
    });

  const link = join(mkdtempSync(join(temp, "l-")), "app.pid");
  symlinkSync(pidFile("77\n"), link);
  const open = mkdtempSync(join(temp, "o-"));
  chmodSync(open, 0o777);
  const inOpen = join(open, "app.pid");
  writeFileSync(inOpen, "77\n", { mode: 0o600 });
  const refused = [
    ["the file names pid 1", pidFile("1\n"), OLD],
    ["the file names every process", pidFile("-1\n"), OLD],
    ["the file names a process group", pidFile("0\n"), OLD],
    ["the file holds more than a number", pidFile("77 78\n"), OLD],
    ["the file is empty", pidFile(""), OLD],
    ["others may write the file", pidFile("77\n", 0o666), OLD],
    ["others may write its folder", inOpen, OLD],
    ["a symlink is in its place", link, OLD],
    ["the process is younger than the file", pidFile("77\n"), { uid, startedAt: NOW + 60_000 }],
  ] as const;
  for (const [why, pidfile, process] of refused)
    it(`is not sent when ${why}`, () => {
      const { processes: all, signals } = processes({ 1: OLD, 77: process });
      const end = signalProcess({ signal: "SIGHUP", pidfile }, all);
      assert.equal(end.kind === "failed" && end.error.code, "CheckFailed");
      assert.deepEqual(signals, []);
    });

  it("is not sent to another user's process, unless root wrote the file", () => {
    const pidfile = pidFile("77\n");
    const { processes: all, signals } = processes({ 77: { ...OLD, uid: uid + 1 } });
    const { kind } = signalProcess({ signal: "SIGHUP", pidfile }, all);
    assert.equal(kind, uid === 0 ? "done" : "failed");
    assert.equal(signals.length, uid === 0 ? 1 : 0);
  });

  it("has nobody to reach when the process ends just then", () => {
    const { processes: all } = processes({ 77: OLD });
    const kill = (): never => {
      throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
    };
    const pidfile = pidFile("77\n");
    const { kind } = signalProcess({ signal: "SIGHUP", pidfile }, { ...all, kill });
    assert.equal(kind, "not-needed");
  });

  it("does not wait for who writes to a pipe in the file's place", () => {
    const pipe = join(mkdtempSync(join(temp, "p-")), "app.pid");
    execFileSync("mkfifo", [pipe]);
    const { processes: all } = processes({ 77: OLD });
    assert.equal(signalProcess({ signal: "SIGHUP", pidfile: pipe }, all).kind, "failed");
  });

  it("knows this very process", () => {
    const found = systemProcesses.find(process.pid);
    assert.equal(found?.uid, uid);
    const age = Date.now() - (found?.startedAt ?? 0);
    assert.ok(Math.abs(age - process.uptime() * 1000) < 3000);
    assert.equal(systemProcesses.find(2 ** 22 + 1), undefined);
  });
});
