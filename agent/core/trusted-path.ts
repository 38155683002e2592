/**
 * The way to a file, judged folder by folder and link by link.
 *
 * Since nobody but root and one user may change a way that was judged well, it may be used by its path later:
 * the way judged and the way opened are the same.
 * @module
 */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { judgeOwnership } from "./ownership.ts";

/** As the kernel's own limit on symlinks in one path (path_resolution(7)). */
const MAX_LINKS = 40;

/** `path` is what was walked, without symlinks, or where somebody else may step in. */
export type Walk =
  | { readonly kind: "trusted"; readonly path: string }
  | { readonly kind: "untrusted"; readonly path: string; readonly why: string };

/**
 * Follows `path` and its symlinks; what it ends at is left to the caller to judge.
 * @param uid who may change the way, beside root
 * @throws what the system says of a way that ends early, such as ENOENT
 */
export function walkTrustedPath(path: string, uid: number): Walk {
  const pending = segmentsOf(resolve(path));
  let links = 0;
  let folder = "/";
  for (;;) {
    const name = pending.shift();
    if (name === undefined) return { kind: "trusted", path: folder };
    if (name === "..") {
      folder = dirname(folder);
      continue;
    }
    const open = judgeStats(lstatSync(folder), uid);
    if (open !== undefined) return { kind: "untrusted", path: folder, why: open };
    const entry = join(folder, name);
    const stats = lstatSync(entry);
    if (!stats.isSymbolicLink()) {
      folder = entry;
      continue;
    }
    const foreign = judgeStats(stats, uid);
    if (foreign !== undefined) return { kind: "untrusted", path: entry, why: foreign };
    links += 1;
    if (links > MAX_LINKS)
      return {
        kind: "untrusted",
        path: entry,
        why: `expected at most ${MAX_LINKS} links, got more`,
      };
    const target = readlinkSync(entry);
    if (target.startsWith("/")) folder = "/";
    pending.unshift(...segmentsOf(target));
  }
}

/** As `judgeOwnership`, of what `lstat` or `fstat` says. */
export function judgeStats(stats: Stats, uid: number): string | undefined {
  return judgeOwnership(
    {
      uid: stats.uid,
      // a link's own mode is always 0777 and means nothing: who may replace it, its folder says
      mode: stats.isSymbolicLink() ? 0 : stats.mode & 0o777,
      sticky: (stats.mode & 0o1000) !== 0,
      isDirectory: stats.isDirectory(),
    },
    uid,
  );
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "" && segment !== ".");
}
