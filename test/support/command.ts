import { spawn, spawnSync } from "node:child_process";

export interface Ended {
  /** The exit code; 128 for a process that a signal ended. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Only these variables: nothing of the developer's own environment leaks into a test. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  /** What stdin holds; by default nothing. */
  readonly input?: string;
}

/** What a process needs to find the tools of the system, and nothing else. */
export const plainEnv: Readonly<Record<string, string>> = {
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: "/nonexistent",
};

/** A command that runs this long hangs: it is ended, so that its test fails and the others go on. */
const LIMIT_MS = 60_000;

/** Runs a command until it has ended. */
export function runCommand(
  [file = "", ...args]: readonly string[],
  { env = plainEnv, cwd, uid, input }: CommandOptions = {},
): Promise<Ended> {
  const child = spawn(file, args, {
    env,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  // a command may end without having read it
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const text = Buffer.concat(stderr).toString("utf8");
      resolve({ code: code ?? 128, stdout: Buffer.concat(stdout), stderr: text });
    });
  });
}

/** Whether a command can be run here at all. */
export function hasCommand(argv: readonly string[]): boolean {
  const [file = "", ...args] = argv;
  return spawnSync(file, args, { stdio: "ignore" }).error === undefined;
}
