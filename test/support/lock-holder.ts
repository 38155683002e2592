/** Takes the lock of the tree below its argument, says so, and holds it until it is killed. */
import { join } from "node:path";
import { systemFileSystem } from "../../agent/store/file-system.ts";
import { acquireLock } from "../../agent/store/lock.ts";
import { systemProgram } from "../../agent/store/program.ts";
import { openRun } from "../../agent/store/tree.ts";
import { newWorld, stillClock, uid } from "./store.ts";

const run = openRun({ ...newWorld(""), run: join(process.argv[2] ?? "", "run"), uid });
await acquireLock(run, {
  fs: systemFileSystem,
  clock: stillClock(),
  run: systemProgram,
  command: "fetch",
  pid: process.pid,
  waitMs: 0,
});
process.stdout.write("locked\n");
process.stdin.resume();
