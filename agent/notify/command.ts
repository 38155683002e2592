/**
 * Runs what a configuration names: an argv, without a shell, and with nothing of this process but a file system.
 *
 * The program gets an environment of its own, no descriptor, and a process group of its own, which is killed whole
 * when its time is up. What it prints goes nowhere: it may have read secrets.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf } from "../core/errors.ts";
import { SEARCH_PATH } from "../core/search-path.ts";

export interface Command {
  /** A program, by its path or to be found in the system's own folders, and its words. */
  readonly argv: readonly string[];
  /** What the program finds in its environment beside PATH and LC_ALL; never a value. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/**
 * - `unsuccessful`: it failed, ran for too long, or could not be run; nobody tells which.
 * - `unanswered`: systemd, which was asked to run it, runs nothing now; nobody tells whether it did.
 * - `timed-out`: it was killed, with all of its process group.
 * - `stopped`: so it was, because postern stops.
 * - `not-started`: `errno` says why; ENOENT when there is no such program.
 */
export type CommandEnd =
  | { readonly kind: "ended"; readonly status: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals }
  | { readonly kind: "unsuccessful" }
  | { readonly kind: "unanswered" }
  | { readonly kind: "timed-out" }
  | { readonly kind: "stopped" }
  | { readonly kind: "not-started"; readonly errno: string };

/** Runs a command to its end. Never rejects. */
export type RunCommand = (command: Command, signal: AbortSignal) => Promise<CommandEnd>;

// what was asked to end may clean up for so long
const GRACE_MS = 1000;

export const runCommand: RunCommand = ({ argv, env, timeoutMs }, signal) => {
  const [file = "", ...args] = argv;
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve({ kind: "stopped" });
      return;
    }
    let cut: "timed-out" | "stopped" | undefined;
    const child = spawn(file, args, {
      env: { ...env, PATH: SEARCH_PATH, LC_ALL: "C" },
      cwd: "/",
      detached: true,
      stdio: "ignore",
    });
    const cutOff = (why: "timed-out" | "stopped"): void => {
      cut ??= why;
      void killGroup(child);
    };
    const timer = setTimeout(() => cutOff("timed-out"), timeoutMs);
    const onAbort = (): void => cutOff("stopped");
    signal.addEventListener("abort", onAbort, { once: true });
    const conclude = (end: CommandEnd): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      resolve(cut === undefined ? end : { kind: cut });
    };
    child.on("error", (error) => {
      if (child.pid === undefined)
        conclude({ kind: "not-started", errno: errnoOf(error) ?? "unknown error" });
    });
    child.on("exit", (status, ended) => {
      conclude(
        ended === null
          ? { kind: "ended", status: status ?? 1 }
          : { kind: "signalled", signal: ended },
      );
    });
  });
};

/** Asks the whole group to end, and makes it. */
async function killGroup({ pid }: ChildProcess): Promise<void> {
  if (pid === undefined) return;
  signalGroup(pid, "SIGTERM");
  // not held open by this: the daemon's own end is no reason to leave the group alive, and comes later than this
  await delay(GRACE_MS, undefined, { ref: true });
  signalGroup(pid, "SIGKILL");
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is gone
  }
}
