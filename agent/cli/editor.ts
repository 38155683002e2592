/** A value in the caller's own editor, through a file that only the caller can read, in memory where there is such. @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PosternError } from "../core/errors.ts";
import type { Terminal } from "./report.ts";

export interface Draft {
  /** What was left in the editor. The caller wipes it. */
  readonly value: Buffer;
  /** Keeps the file, so that the work is not lost with what becomes of it, and says where it is. */
  keep(): string;
  /** Removes it. */
  discard(): void;
}

/**
 * Opens `value` in VISUAL, EDITOR or vi, and waits for the editor's end.
 * @throws {PosternError} Usage without a terminal; BadData when the editor failed
 */
export async function edit(
  value: Buffer,
  {
    stdin,
    env,
  }: { readonly stdin: Pick<Terminal["stdin"], "isTTY">; readonly env: Terminal["env"] },
): Promise<Draft> {
  if (!stdin.isTTY)
    throw new PosternError("Usage", "no terminal for an editor", {
      hint: "hand the value over on stdin, or with --file",
    });
  const folder = mkdtempSync(join(privateFolder(env), "postern-edit-"));
  const file = join(folder, "value");
  const discard = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    writeFileSync(file, value, { mode: 0o600, flag: "wx" });
    // an editor's words may hold options, as git and crontab take them
    const editor = env["VISUAL"] || env["EDITOR"] || "vi";
    const child = spawn("/bin/sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
    await once(child, "exit");
    const { exitCode, signalCode } = child;
    if (exitCode !== 0)
      throw new PosternError(
        "BadData",
        `the editor failed (${signalCode ?? `exit code ${exitCode}`})`,
        { hint: "nothing was changed" },
      );
    return { value: readFileSync(file), keep: () => file, discard };
  } catch (error) {
    discard();
    throw error;
  }
}

/** The caller's own in memory, else memory that all share, else whatever there is. */
function privateFolder(env: NodeJS.ProcessEnv): string {
  for (const folder of [env["XDG_RUNTIME_DIR"], "/dev/shm"]) {
    if (folder === undefined || folder === "") continue;
    try {
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      // the next one
    }
  }
  return tmpdir();
}
