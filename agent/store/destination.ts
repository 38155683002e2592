/**
 * One path outside the trees: what lies there, and whether postern may put something in its place. Only looks.
 * @module
 */
import { basename, dirname } from "node:path";
import { PosternError } from "../core/errors.ts";
import { type GroupName, quote, type SecretName } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { closing, lookUp, readWhole } from "./directory.ts";
import type { Access } from "./durable-file.ts";
import { guarded, unless } from "./fault.ts";
import type { Entry, FileSystem } from "./file-system.ts";
import { keyedDigest } from "./host-key.ts";
import type { JournalEntry, Mark } from "./journal.ts";
import { SECRETS } from "./layout.ts";
import { childOf, type Directory } from "./target.ts";
import { isInMemory, openFolder } from "./tree.ts";

/** A further fixed path of one file of a generation. */
export interface Destination {
  /** Absolute, normalised. */
  readonly path: string;
  readonly name: SecretName;
  readonly as: "link" | "copy";
  /** Whether a file that postern did not make may be replaced. */
  readonly replace: boolean;
  /** Whether a copy may lie outside tmpfs. */
  readonly onDisk: boolean;
}

/** What it takes to look. */
export interface Sight {
  readonly fs: FileSystem;
  readonly uid: number;
  /** Undefined where nothing was ever written. */
  readonly hostKey: SecretBytes | undefined;
  readonly run: Pick<Directory, "path">;
}

/** What shall lie at a path. */
export interface Wish {
  readonly mark: Mark;
  /** Of a copy. */
  readonly access: Access;
}

/**
 * - `in place`: as it shall be.
 * - `missing`: nothing is there.
 * - `differs`: postern made it, and it shall be, or was made by others, another.
 * - `foreign`: postern did not make it, and may replace it.
 * - `refused`: postern may not write there.
 */
export type Verdict =
  | { readonly kind: "in place" | "missing" | "differs" | "foreign" }
  | { readonly kind: "refused"; readonly error: PosternError };

/** What a link to a file of the group says: the stable path, which every swap leaves as it is. */
export function linkMark({ run }: Sight, group: GroupName, name: SecretName): Mark {
  return { kind: "link", text: `${run.path}/${SECRETS}/${group}/${name}` };
}

/**
 * @param wish undefined for a copy of content that is not known
 * @param entry of the journal, for this path
 */
export function judgeDestination(
  sight: Sight,
  destination: Destination,
  wish: Wish | undefined,
  entry: JournalEntry | undefined,
): Verdict {
  const { path } = destination;
  try {
    return guarded(path, () =>
      inFolder(sight, path, (folder) => judgeIn(sight, folder, destination, wish, entry)),
    );
  } catch (error) {
    if (error instanceof PosternError) return { kind: "refused", error };
    throw error;
  }
}

/**
 * What `use` makes of the open folder of `path`.
 * @throws {PosternError} CannotWrite when there is none; UnsafeTree when others may write it or one above it
 */
export function inFolder<Result>(
  sight: Pick<Sight, "fs" | "uid">,
  path: string,
  use: (folder: Directory) => Result,
): Result {
  const folder = openFolder(sight, dirname(path));
  if (folder !== undefined) return closing(sight.fs, folder, use);
  throw new PosternError("CannotWrite", `cannot write ${quote(path)}: its folder is missing`, {
    hint: `postern makes no folders outside its trees: mkdir ${quote(dirname(path))}`,
  });
}

/** Whether what lies at `name` in `folder` is what `mark` says, its mode and owner left aside. */
export function isMarked(
  { fs, hostKey }: Sight,
  folder: Directory,
  name: string,
  mark: Mark,
): boolean {
  const found = lookUp(fs, folder, name);
  if (mark.kind === "link")
    return found?.kind === "link" && fs.readlink(childOf(folder, name)) === mark.text;
  if (found?.kind !== "file" || hostKey === undefined || found.size !== mark.size) return false;
  const fd = unless(["ENOENT", "ELOOP", "ENXIO"], () => fs.open(childOf(folder, name), "read"));
  if (fd === undefined) return false;
  try {
    const bytes = readWhole(fs, fd, mark.size);
    if (bytes === undefined) return false;
    const digest = keyedDigest(hostKey, mark.group, mark.name, bytes);
    bytes.fill(0);
    return digest === mark.digest;
  } finally {
    fs.close(fd);
  }
}

function judgeIn(
  sight: Sight,
  folder: Directory,
  destination: Destination,
  wish: Wish | undefined,
  entry: JournalEntry | undefined,
): Verdict {
  const { path, replace } = destination;
  const name = basename(path);
  judgeDisk(sight, folder, destination);
  const found = lookUp(sight.fs, folder, name);
  if (found === undefined) return { kind: "missing" };
  if (found.kind !== "file" && found.kind !== "link") throw inTheWay(path, found.kind);
  if (wish !== undefined && isMarked(sight, folder, name, wish.mark))
    return { kind: hasAccess(found, wish) ? "in place" : "differs" };
  if (isOurs(sight, folder, name, found, entry)) return { kind: "differs" };
  if (replace) return { kind: "foreign" };
  throw new PosternError("CannotWrite", `${quote(path)} is there, and postern did not make it`, {
    hint: "move it away, or say replace: true",
  });
}

/** A link holds nothing that could be lost; an edited copy is put right; a file where none of ours was is another's. */
function isOurs(
  sight: Sight,
  folder: Directory,
  name: string,
  found: Entry,
  entry: JournalEntry | undefined,
): boolean {
  if (entry === undefined) return false;
  if (found.kind === "link" || entry.is?.kind === "copy") return true;
  // a pass died before it could note whether it made this
  return entry.becomes !== undefined && isMarked(sight, folder, name, entry.becomes);
}

function hasAccess(found: Entry, { mark, access }: Wish): boolean {
  if (mark.kind === "link") return true;
  return found.uid === access.uid && found.gid === access.gid && found.mode === access.mode;
}

function judgeDisk({ fs }: Sight, folder: Directory, destination: Destination): void {
  const { path, as, onDisk } = destination;
  if (as === "link" || onDisk || isInMemory(fs.mount(folder.fd))) return;
  throw new PosternError(
    "CannotWrite",
    `${quote(path)} is not on tmpfs: a copy there would lie on a disk`,
    { hint: "say as: link, or on_disk: true if it may" },
  );
}

function inTheWay(path: string, kind: Entry["kind"]): PosternError {
  const what = kind === "directory" ? "a directory" : "no file";
  return new PosternError("CannotWrite", `${quote(path)} is ${what}: expected a file, or nothing`, {
    hint: "move it away",
  });
}
