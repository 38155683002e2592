/**
 * Turns what happened into words and an exit code. Nothing else prints errors.
 *
 * The rules of the words: lower case, no full stop, one line each; what went wrong first, then `hint:`. A
 * cause is never printed, since foreign errors may quote headers or data.
 * @module
 */
import { type ExitCode, exitCodeOf, type PosternError, toPosternError } from "../core/errors.ts";

/** Where a command writes and what it may know of its surroundings. */
export interface Terminal {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  readonly env: NodeJS.ProcessEnv;
}

/** The lines a person sees for `error`, without a prefix. */
function errorLines(error: PosternError): readonly string[] {
  const lines = error.issues.length > 0 ? [...error.issues] : [error.message];
  if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
  return lines;
}

/** Prints `error` to stderr, each line after `postern: ` (and the group it concerns), and says how to exit. */
export function reportError(terminal: Terminal, error: unknown, about?: string): ExitCode {
  const fault = toPosternError(error);
  const prefix = about === undefined ? "postern: " : `postern: ${about}: `;
  for (const line of errorLines(fault)) terminal.stderr.write(`${prefix}${line}\n`);
  if (fault.code === "Internal" && terminal.env["POSTERN_DEBUG"] && fault.cause instanceof Error) {
    // a stack holds places, not data; the message line before it is left out
    terminal.stderr.write(
      `${(fault.cause.stack ?? "")
        .split("\n")
        .filter((line) => /^\s+at /.test(line))
        .join("\n")}\n`,
    );
  }
  return exitCodeOf(fault.code);
}
