/**
 * A program run in this one's place: signals go through, and its end is this one's end.
 *
 * Node 20 cannot replace itself by another program as exec(3) does, so this process stays beside its child, for as
 * long as that runs.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "../core/clock.ts";
import { errnoOf } from "../core/errors.ts";
import { quote } from "../core/names.ts";

/** How the program ended. */
export type Ending =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals }
  | { readonly kind: "not-started"; readonly isMissing: boolean; readonly why: string };

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

export interface Supervision {
  readonly program: Program;
  /** Makes the program's environment anew. @throws {PosternError} when there is none to be had */
  readonly environment: () => NodeJS.ProcessEnv;
  readonly watch: Watch | undefined;
  readonly clock: Clock;
  /** Where signals to this process come from: `process`. */
  readonly signals: Pick<NodeJS.EventEmitter, "on" | "removeListener">;
  /** Whether ctrl-c reaches the child by itself, which shares the terminal. */
  readonly isInteractive: boolean;
  /** Told when a change cannot be followed; the program goes on with what it has. */
  readonly warn: (error: unknown) => void;
}

/** What follows a change of the set. */
export interface Watch {
  /** A word that differs after each change; undefined while there is none. */
  readonly look: () => string | undefined;
  /** Undefined: start the program anew, with a new environment. */
  readonly signal: NodeJS.Signals | undefined;
  /** How long the program may take to end before it is killed. */
  readonly graceMs: number;
}

const FORWARDED: readonly NodeJS.Signals[] = [
  "SIGTERM",
  "SIGINT",
  "SIGQUIT",
  "SIGHUP",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGCONT",
];
const FROM_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];
// a hangup often means something else to a service
const ENDING: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGQUIT"];

// one readlink each: an app learns of a change within a second
const LOOK_MS = 1000;

/**
 * Runs the program to its end, and with `watch` starts it anew, or signals it, after each change.
 * @throws whatever `environment` throws the first time
 */
export async function supervise(supervision: Supervision): Promise<Ending> {
  let child: ChildProcess | undefined;
  // since the program was last asked to end for a change
  let told = new Set<NodeJS.Signals>();
  const onStop = (): void => void (told = new Set());
  const forward = (signal: NodeJS.Signals): void => {
    told.add(signal);
    const isForBoth = supervision.isInteractive && FROM_TERMINAL.includes(signal);
    if (!isForBoth) child?.kill(signal);
  };
  for (const signal of FORWARDED) supervision.signals.on(signal, forward);
  try {
    for (;;) {
      const seen = supervision.watch?.look();
      const started = start(supervision.program, supervision.environment());
      ({ child } = started);
      const ending = await endOrChange(started, supervision, seen, onStop);
      if (ending !== "changed") return ending;
      // told to end while the program ended for a change: it shall not start again
      if (ENDING.some((signal) => told.has(signal))) return started.ended;
    }
  } finally {
    for (const signal of FORWARDED) supervision.signals.removeListener(signal, forward);
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
}

function start({ file, args }: Program, env: NodeJS.ProcessEnv): Started {
  const child = spawn(file, args, { env, stdio: "inherit" });
  const ended = new Promise<Ending>((resolve) => {
    child.on("error", (error) => {
      // a signal that could not be sent is an error event too
      if (child.pid === undefined) resolve({ kind: "not-started", ...faultOf(file, error) });
    });
    child.on("exit", (code, signal) => {
      resolve(
        signal === null ? { kind: "exited", code: code ?? 1 } : { kind: "signalled", signal },
      );
    });
  });
  return { child, ended };
}

function faultOf(
  file: string,
  error: Error,
): { readonly isMissing: boolean; readonly why: string } {
  const errno = errnoOf(error);
  if (errno === "ENOENT") return { isMissing: true, why: `no such program ${quote(file)}` };
  if (errno === "E2BIG")
    return { isMissing: false, why: `cannot run ${quote(file)}: its environment is too large` };
  return { isMissing: false, why: `cannot run ${quote(file)} (${errno ?? "unknown error"})` };
}

/** The program's end, or "changed" once it was ended because the set changed and it shall be started anew. */
async function endOrChange(
  { child, ended }: Started,
  { watch, clock, warn, environment }: Supervision,
  first: string | undefined,
  onStop: () => void,
): Promise<Ending | "changed"> {
  if (watch === undefined) return ended;
  const over = new AbortController();
  const end = ended.finally(() => over.abort());
  let seen = first;
  for (;;) {
    await clock.sleep(LOOK_MS, over.signal).catch(() => undefined);
    if (over.signal.aborted) return end;
    const now = watch.look();
    if (now === undefined || now === seen) continue;
    seen = now;
    if (watch.signal !== undefined) {
      child.kill(watch.signal);
      continue;
    }
    try {
      // a set that cannot be an environment must not cost the app the one it has
      environment();
    } catch (error) {
      warn(error);
      continue;
    }
    onStop();
    await stop(child, end, watch.graceMs, clock);
    return "changed";
  }
}

async function stop(
  child: ChildProcess,
  ended: Promise<Ending>,
  graceMs: number,
  clock: Clock,
): Promise<void> {
  const over = new AbortController();
  child.kill("SIGTERM");
  const kill = clock.sleep(graceMs, over.signal).then(
    () => child.kill("SIGKILL"),
    () => undefined,
  );
  await ended;
  over.abort();
  await kill;
}
