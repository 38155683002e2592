/**
 * The program that an argv names, judged as the config is: what root runs, nobody else may have written.
 * @see execvp(3)
 * @module
 */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { SEARCH_PATH } from "../core/search-path.ts";
import { judgeStats, walkTrustedPath } from "../core/trusted-path.ts";

/** `path` as it must be called: some programs (busybox) go by the name of the link that leads to them. */
export type Executable =
  | { readonly kind: "found"; readonly path: string }
  | { readonly kind: "missing" }
  | { readonly kind: "refused"; readonly why: string };

/**
 * @param name absolute, or without a slash: then the first of `SEARCH_PATH` that can be executed, and else the
 *   first that is there
 * @param uid who may have written it, beside root; the running user
 */
export async function findExecutable(name: string, uid: number): Promise<Executable> {
  if (name.startsWith("/")) return await judgeExecutable(name, uid);
  // execve would look for it in the working folder, which is nobody's choice
  if (name.includes("/"))
    return refused(name, "expected an absolute path or a name without a slash");
  let first: Executable = { kind: "missing" };
  for (const folder of SEARCH_PATH.split(":")) {
    const judged = await judgeExecutable(join(folder, name), uid);
    if (judged.kind === "found") return judged;
    if (first.kind === "missing") first = judged;
  }
  return first;
}

async function judgeExecutable(path: string, uid: number): Promise<Executable> {
  try {
    const walk = walkTrustedPath(path, uid);
    if (walk.kind === "untrusted") return refused(walk.path, walk.why);
    const stats = await stat(walk.path);
    if (!stats.isFile()) return refused(path, "expected a regular file, got something else");
    const foreign = judgeStats(stats, uid);
    if (foreign !== undefined) return refused(walk.path, foreign);
    await access(walk.path, constants.X_OK);
    return { kind: "found", path };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno === "ENOENT" || errno === "ENOTDIR") return { kind: "missing" };
    return refused(path, `expected an executable file, got ${errno}`);
  }
}

function refused(path: string, why: string): Executable {
  return { kind: "refused", why: `${quote(path)}: ${why}` };
}
