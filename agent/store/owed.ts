/**
 * `owed/GROUP`: the generation that those who use the group have not been told of yet.
 *
 * Written before the swap, so that a process that dies right after it still owes the reload; removed when the reload
 * is done. It lies on tmpfs: a reboot starts every reader anew, and makes it moot.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import type { GroupName } from "../core/names.ts";
import { readOwnFile, replaceFile } from "./durable-file.ts";
import { guarded, unless } from "./fault.ts";
import { childOf, type GenerationId, parseGenerationId } from "./target.ts";
import type { Tree } from "./tree.ts";

/** @throws {PosternError} CannotWrite when the kernel refuses */
export function oweReload(tree: Tree, group: GroupName, id: GenerationId): void {
  guarded(`${tree.owed.path}/${group}`, () =>
    replaceFile(tree, tree.owed, group, Buffer.from(`${id}\n`), 0o600),
  );
}

/** The generation that is owed, or undefined when none is. A file that cannot be believed owes nothing. */
export function owedReload(tree: Tree, group: GroupName): GenerationId | undefined {
  const { fs, owed, uid } = tree;
  const rules = { uid, maxBytes: 64, readable: "by owner" } as const;
  try {
    const bytes = guarded(`${owed.path}/${group}`, () => readOwnFile(fs, owed, group, rules));
    return bytes && parseGenerationId(bytes.toString("latin1").trimEnd());
  } catch (error) {
    if (error instanceof PosternError) return undefined;
    throw error;
  }
}

/** The reload is done, or nobody needs it any more. @throws {PosternError} CannotWrite when the kernel refuses */
export function settleReload(tree: Tree, group: GroupName): void {
  const { fs, owed } = tree;
  guarded(`${owed.path}/${group}`, () => {
    const gone =
      unless(["ENOENT"], () => {
        fs.unlink(childOf(owed, group));
        return true;
      }) === undefined;
    if (!gone) fs.sync(owed.fd);
  });
}
