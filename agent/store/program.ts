/** Small system programs that know what Node does not: flock(1) and getent(1). @module */
import { spawn } from "node:child_process";
import { SEARCH_PATH } from "../core/search-path.ts";

/**
 * Runs a program without a shell and without this process's environment.
 * @param descriptor an open file that the program gets as its descriptor 3
 */
export type RunProgram = (
  file: string,
  args: readonly string[],
  descriptor?: number,
) => Promise<ProgramEnd>;

/** `signalled` is also what becomes of one that does not end by itself within ten seconds. */
export type ProgramEnd =
  | { readonly kind: "ended"; readonly status: number; readonly stdout: string }
  | { readonly kind: "signalled" }
  | { readonly kind: "missing" };

// a directory server that is down must not hold up the pass for longer
const TIMEOUT_MS = 10_000;

// one account's line, with some thousand members in a group
const MAX_OUTPUT = 1024 * 1024;

export const systemProgram: RunProgram = (file, args, descriptor) =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: { PATH: SEARCH_PATH, LC_ALL: "C" },
      timeout: TIMEOUT_MS,
      stdio: ["ignore", "pipe", "ignore", ...(descriptor === undefined ? [] : [descriptor])],
    });
    let stdout = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (stdout.length < MAX_OUTPUT) stdout += text;
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") resolve({ kind: "missing" });
      else reject(error);
    });
    child.on("close", (status) => {
      resolve(status === null ? { kind: "signalled" } : { kind: "ended", status, stdout });
    });
  });
