/** Writing to stdout so that a closed pipe or a full disk has a name and an exit code. @module */
import type { Writable } from "node:stream";
import { errnoOf, PosternError } from "../core/errors.ts";

/**
 * Resolves when `chunk` has left the process, so that its bytes may then be wiped.
 * @throws {PosternError} CannotWrite
 */
export async function write(stream: Writable, chunk: string | Uint8Array): Promise<void> {
  // a failed write also raises an event, after its callback; unheard it would end the process
  const hear = (): void => {};
  stream.on("error", hear);
  const error = await new Promise<Error | null | undefined>((resolve) => {
    stream.write(chunk, resolve);
  });
  if (error) {
    const errno = errnoOf(error) ?? "unknown reason";
    throw new PosternError("CannotWrite", `cannot write the output: ${errno}`, { cause: error });
  }
  stream.off("error", hear);
}

/**
 * Values go to a terminal, its history and its screen shots, only when asked for.
 * @throws {PosternError} Usage
 */
export function refuseTerminal(stdout: { readonly isTTY?: boolean }, show: boolean): void {
  if (stdout.isTTY !== true || show) return;
  throw new PosternError("Usage", "refusing to print a secret to a terminal", {
    hint: "redirect the output, or add --show",
  });
}
