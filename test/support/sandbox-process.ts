import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { root } from "./root.ts";

const main = join(root, "dist", "agent", "cli", "main.js");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SandboxProcess {
  /** What it printed first, once everything listens. */
  readonly said: string;
  readonly closeInput: () => void;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
}

/** Starts `postern sandbox` and resolves when it has said something, or has ended. */
export async function startProcess(...args: readonly string[]): Promise<SandboxProcess> {
  const child = spawn(process.execPath, [main, "sandbox", ...args], { stdio: "pipe" });
  const closed = once(child, "close");
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  const said = await Promise.race([
    once(child.stdout, "data").then(([chunk]) => String(chunk)),
    closed.then(() => ""),
  ]);
  return {
    said,
    closeInput: () => child.stdin.end(),
    signal: (name) => child.kill(name),
    ended: closed.then(async () => ({
      code: child.exitCode,
      stdout: await stdout,
      stderr: await stderr,
    })),
  };
}
