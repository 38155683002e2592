import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Clock } from "../../agent/core/clock.ts";
import { systemFileSystem } from "../../agent/store/file-system.ts";
import { acquireLock, type Lock, type LockOptions } from "../../agent/store/lock.ts";
import { systemProgram } from "../../agent/store/program.ts";
import type { Directory } from "../../agent/store/target.ts";
import { openRun } from "../../agent/store/tree.ts";
import { newWorld, stillClock, uid } from "../support/store.ts";
import { root as repository } from "../support/root.ts";
import { tempDir } from "../support/temp.ts";

const temp = tempDir();
let root: string;
let run: Directory;
beforeEach(() => {
  root = mkdtempSync(join(temp, "l-"));
  run = openRun({ ...newWorld(root), run: join(root, "run"), uid });
});
afterEach(() => {
  systemFileSystem.close(run.fd);
});

const acquire = (parts: Partial<LockOptions> = {}): Promise<Lock> =>
  acquireLock(run, {
    fs: systemFileSystem,
    clock: stillClock(),
    run: systemProgram,
    command: "fetch",
    pid: process.pid,
    waitMs: 0,
    ...parts,
  });

describe("acquireLock", () => {
  it("lets one writer in and tells the next who it is", async () => {
    const lock = await acquire();
    assert.equal(statSync(join(root, "run/lock")).mode & 0o7777, 0o600);
    await assert.rejects(acquire(), {
      code: "Locked",
      message: `another postern (pid ${process.pid}, fetch) is writing`,
    });
    lock.release();
    const next = await acquire({ command: "run" });
    assert.equal(readFileSync(join(root, "run/lock"), "utf8"), `${process.pid} run\n`);
    next.release();
  });

  it("says for whom it waits, once, and waits no longer than it is let", async () => {
    const lock = await acquire();
    const told: string[] = [];
    const over = new AbortController();
    let naps = 0;
    const sleep: Clock["sleep"] = async (_, signal) => {
      naps += 1;
      if (naps > 2) over.abort(new Error("over"));
      signal?.throwIfAborted();
    };
    const onWait = ({ message }: Error): void => void told.push(message);
    const clock = { ...stillClock(), sleep };
    await assert.rejects(acquire({ clock, waitMs: 1000, signal: over.signal, onWait }), /over/);
    assert.deepEqual(told, [`another postern (pid ${process.pid}, fetch) is writing`]);
    lock.release();
    (await acquire()).release();
  });

  it("waits for its turn", async () => {
    const lock = await acquire();
    const clock = stillClock();
    const sleep: Clock["sleep"] = (ms) => {
      lock.release();
      return clock.sleep(ms);
    };
    const next = await acquire({ clock: { ...clock, sleep }, waitMs: 1000 });
    next.release();
  });

  it("gives up when its wait is over", async () => {
    const lock = await acquire();
    const clock = stillClock(0);
    await assert.rejects(acquire({ clock, waitMs: 500 }), { code: "Locked" });
    assert.equal(clock.monotonic(), 500);
    lock.release();
  });

  it("is given back by the kernel when its holder is killed", async () => {
    const holder = spawn(process.execPath, [
      join(repository, "dist/test/support/lock-holder.js"),
      root,
    ]);
    await once(holder.stdout, "data");
    await assert.rejects(acquire(), {
      code: "Locked",
      message: `another postern (pid ${holder.pid}, fetch) is writing`,
    });
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const lock = await acquire();
    lock.release();
  });

  it("is taken on a full file system too, without a word about by whom", async () => {
    const write = (): never => {
      throw Object.assign(new Error("full"), { code: "ENOSPC" });
    };
    const lock = await acquire({ fs: { ...systemFileSystem, write } });
    await assert.rejects(acquire(), { code: "Locked", message: "another postern is writing" });
    lock.release();
  });

  it("does not follow a symlink in its place", async () => {
    writeFileSync(join(root, "precious"), "kept");
    symlinkSync("../precious", join(root, "run/lock"));
    await assert.rejects(acquire(), {
      code: "CannotWrite",
      message: /lock": a symbolic link is in the way \(ELOOP\)$/,
    });
    assert.equal(readFileSync(join(root, "precious"), "utf8"), "kept");
  });

  it("says what is missing", async () => {
    const missing = (): Promise<{ kind: "missing" }> => Promise.resolve({ kind: "missing" });
    await assert.rejects(acquire({ run: missing }), {
      code: "CannotWrite",
      message: /there is no flock\(1\)/,
      hint: "install util-linux",
    });
  });
});
