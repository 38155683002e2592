/**
 * Signals the process that a pid file names, and no other.
 *
 * A pid file is a word that anybody may have written and that nobody takes back: the process can be gone and its
 * number another's. So the file must be one that its owner alone can write, and the process one of that owner's that
 * was there before the file.
 * @see proc_pid_stat(5), proc_pid_status(5)
 * @module
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
} from "node:fs";
import { dirname } from "node:path";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { judgeOwnership } from "../core/ownership.ts";
import type { ReloadEnd } from "./ending.ts";

export interface SignalReload {
  readonly signal: NodeJS.Signals;
  /** Absolute. */
  readonly pidfile: string;
}

/** What a signal needs of the system. */
export interface Processes {
  /** Undefined when there is no such process. */
  readonly find: (pid: number) => Process | undefined;
  /** @throws a system error */
  readonly kill: (pid: number, signal: NodeJS.Signals) => void;
}

export interface Process {
  /** Real user. */
  readonly uid: number;
  /** Epoch milliseconds, to a second. */
  readonly startedAt: number;
}

// the kernel's boot time, which a process's start counts from, is given in whole seconds
const SLACK_MS = 2000;

/**
 * 1. Find the file, its folders and itself safe from everybody but root and its owner.
 * 2. Read one number from it, greater than 1.
 * 3. Find that process to be its owner's, unless the file is root's.
 * 4. Find it to be older than the file.
 * 5. Signal it.
 *
 * No file, or no process, is nobody to tell.
 */
export function signalProcess({ signal, pidfile }: SignalReload, processes: Processes): ReloadEnd {
  try {
    const found = readPidFile(pidfile); // (1), (2)
    if (found === undefined) return { kind: "not-needed", why: `there is no ${pidfile}` };
    const running = processes.find(found.pid);
    if (running === undefined)
      return { kind: "not-needed", why: `the process that ${pidfile} names is gone` };
    if (found.uid !== 0 && running.uid !== found.uid)
      throw refused(pidfile, `it is user ${found.uid}'s, and its process is user ${running.uid}'s`); // (3)
    if (running.startedAt > found.writtenAt + SLACK_MS)
      throw refused(pidfile, "its process is younger than it, so the number is another's by now"); // (4)
    processes.kill(found.pid, signal); // (5)
    return { kind: "done" };
  } catch (error) {
    if (errnoOf(error) === "ESRCH")
      return { kind: "not-needed", why: `the process that ${pidfile} names is gone` };
    if (error instanceof PosternError) return { kind: "failed", error };
    return { kind: "failed", error: refused(pidfile, errnoOf(error) ?? "unknown error") };
  }
}

/** The kernel's processes, through /proc. */
export const systemProcesses: Processes = {
  find: (pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "latin1");
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
      // the name may hold anything, brackets too; the 22nd field is the 20th after it
      const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
      const boot = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "latin1"))?.[1];
      if (uid === undefined || ticks === undefined || boot === undefined) return undefined;
      return { uid: Number(uid), startedAt: Number(boot) * 1000 + Number(ticks) * MS_PER_TICK };
    } catch {
      return undefined;
    }
  },
  kill: (pid, signal) => {
    process.kill(pid, signal);
  },
};

// USER_HZ is 100 on every architecture that Node runs on
const MS_PER_TICK = 10;

export interface PidFile {
  readonly pid: number;
  readonly uid: number;
  /** Epoch milliseconds. */
  readonly writtenAt: number;
}

/**
 * Steps 1 and 2; undefined when there is no file.
 * @throws {PosternError} CheckFailed when it is not to be believed, or the system error that kept it from being read
 */
export function readPidFile(pidfile: string): PidFile | undefined {
  let fd: number;
  let real: string;
  try {
    real = realpathSync(dirname(pidfile));
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    fd = openSync(
      `${real}/${pidfile.slice(pidfile.lastIndexOf("/") + 1)}`,
      O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
    );
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw refused(pidfile, "it is no regular file");
    const { uid, mode } = stats;
    const fault =
      judgeOwnership({ uid, mode, sticky: false, isDirectory: false }, uid) ??
      folderFault(real, uid);
    if (fault !== undefined) throw refused(pidfile, fault);
    const bytes = Buffer.alloc(32);
    const text = bytes.toString("latin1", 0, readSync(fd, bytes, 0, bytes.length, 0)).trim();
    if (!/^[1-9]\d{0,9}$/.test(text) || text === "1")
      throw refused(pidfile, "expected one process id greater than 1 in it");
    return { pid: Number(text), uid, writtenAt: stats.mtimeMs };
  } finally {
    closeSync(fd);
  }
}

/** Who may write to a folder on the way can put another file in the place of this one. */
function folderFault(folder: string, owner: number): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const { uid, mode } = lstatSync(at);
    const sticky = (mode & 0o1000) !== 0;
    const fault = judgeOwnership({ uid, mode, sticky, isDirectory: true }, owner);
    if (fault !== undefined) return `${quote(at)}: ${fault}`;
    if (at === "/") return undefined;
  }
}

function refused(pidfile: string, why: string): PosternError {
  return new PosternError("CheckFailed", `will not signal by ${quote(pidfile)}: ${why}`, {
    hint: "restart what writes it, or name a unit instead",
  });
}
