/**
 * One writer at a time, by a lock that the kernel gives back when its holder dies.
 *
 * Node has no flock(2). flock(1) has: it locks the open file that it inherits as descriptor 3, which is also
 * this process's, and a lock belongs to the open file, not to a process. So it stays when flock(1) has ended,
 * and goes with this process's descriptor, which no other child inherits.
 * @see flock(2), flock(1)
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { attempt, guarded } from "./fault.ts";
import type { FileSystem } from "./file-system.ts";
import { LOCK } from "./layout.ts";
import type { RunProgram } from "./program.ts";
import { childOf, type Directory } from "./target.ts";

export interface LockOptions {
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly run: RunProgram;
  /** The command that will write ("fetch"), for those who have to wait for it. */
  readonly command: string;
  readonly pid: number;
  /** How long to wait for another writer; 0 to be told at once. */
  readonly waitMs: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** Told once, when there is a wait. */
  readonly onWait?: ((why: PosternError) => void) | undefined;
}

export interface Lock {
  /** Lets the next writer in. */
  release(): void;
}

// a look costs one small process; nobody minds a fifth of a second after another's whole pass
const LOOK_AGAIN_MS = 200;

/**
 * Waits for its turn to write below `directory`, the tree's run directory.
 * @throws {PosternError} Locked when another postern still writes after `waitMs`; CannotWrite when there is no
 * flock(1) or the kernel refuses; whatever the clock rejects with when the signal ends the wait
 */
export async function acquireLock(directory: Directory, options: LockOptions): Promise<Lock> {
  const { fs, clock } = options;
  const path = `${directory.path}/${LOCK}`;
  const fd = guarded(path, () => fs.open(childOf(directory, LOCK), "lock"));
  try {
    const until = clock.monotonic() + options.waitMs;
    let isTold = false;
    while (!(await tryLock(path, fd, options.run))) {
      const leftMs = until - clock.monotonic();
      if (leftMs <= 0) throw locked(fs, fd);
      if (!isTold) options.onWait?.(locked(fs, fd));
      isTold = true;
      await clock.sleep(Math.min(LOOK_AGAIN_MS, leftMs), options.signal);
    }
    sign(fs, fd, options);
  } catch (error) {
    fs.close(fd);
    throw error;
  }
  return { release: () => fs.close(fd) };
}

async function tryLock(path: string, fd: number, run: RunProgram): Promise<boolean> {
  // the short options are those that BusyBox knows too
  const end = await run("flock", ["-x", "-n", "3"], fd);
  if (end.kind === "ended" && end.status <= 1) return end.status === 0;
  const missing = end.kind === "missing";
  throw new PosternError(
    "CannotWrite",
    `cannot lock ${quote(path)}: ${missing ? "there is no flock(1)" : "flock(1) failed"}`,
    missing ? { hint: "install util-linux" } : {},
  );
}

/** Says who holds the lock: a courtesy to those who wait, which a full file system may refuse. */
function sign(fs: FileSystem, fd: number, { pid, command }: LockOptions): void {
  attempt(() => {
    fs.truncate(fd);
    fs.write(fd, Buffer.from(`${pid} ${command}\n`), 0);
  });
}

function locked(fs: FileSystem, fd: number): PosternError {
  const bytes = Buffer.alloc(64);
  const length = fs.read(fd, bytes, 0, 0);
  const [, pid, command] =
    /^(\d{1,10}) ([a-z-]{1,32})\n$/.exec(bytes.toString("latin1", 0, length)) ?? [];
  const who = pid === undefined ? "another postern" : `another postern (pid ${pid}, ${command})`;
  return new PosternError("Locked", `${who} is writing`, {
    hint: "try again when it is done",
  });
}
