/** Other programs, as the demo runs them: without its environment, and ended with it. @module */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";

export interface ChildOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Ends the child. */
  readonly signal: AbortSignal;
}

export type Child = ChildProcessByStdio<null, Readable, Readable>;

export interface Ended {
  /** The exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** No run of the demo's takes a tenth of this; one that hangs must not hang the demo. */
const TIMEOUT_MS = 30_000;

/**
 * Runs a program without input until it has ended.
 * @throws {PosternError} Internal when it cannot be started or was told to end
 */
export async function runChild(argv: readonly string[], options: ChildOptions): Promise<Ended> {
  const child = startChild(argv, options);
  const [stdout, stderr, code] = await Promise.all([
    buffer(child.stdout),
    text(child.stderr),
    endOf(child),
  ]);
  return { code, stdout, stderr };
}

/** Starts a program without input. */
export function startChild(
  [file = "", ...args]: readonly string[],
  { env, cwd, signal }: ChildOptions,
): Child {
  return spawn(file, args, {
    env: { ...env },
    cwd,
    signal,
    timeout: TIMEOUT_MS,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/**
 * Resolves with the exit code, -1 when a signal ended it.
 * @throws {PosternError} Internal when it could not be started, or was told to end and has
 */
export function endOf(child: Child): Promise<number> {
  return new Promise((resolve, reject) => {
    let fault: PosternError | undefined;
    child.on("error", (cause) => {
      const why = errnoOf(cause) ?? "unknown reason";
      fault = new PosternError("Internal", `cannot run ${quote(child.spawnfile)}: ${why}`, {
        cause,
      });
      // one that runs writes until it is gone
      if (child.pid === undefined) reject(fault);
    });
    child.on("close", (code) => {
      if (fault === undefined) resolve(code ?? -1);
      else reject(fault);
    });
  });
}
