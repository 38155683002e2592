/**
 * The further fixed paths of a group's files: links to the stable path, or copies.
 *
 * They are placed after the swap, in the order of the config, and looked at on every pass: what was edited or
 * removed there is put right, what is as it should be is not touched.
 * @module
 */
import { basename, dirname } from "node:path";
import { PosternError } from "../core/errors.ts";
import { type GroupName, quote } from "../core/names.ts";
import { type Destination, inFolder, isMarked, type Verdict, type Wish } from "./destination.ts";
import { closing, listNames, lookUp } from "./directory.ts";
import { createFile, isTemporaryOf, putInPlace } from "./durable-file.ts";
import { guarded, unless } from "./fault.ts";
import type { Generation } from "./generation.ts";
import {
  encodeJournal,
  type JournalEntry,
  readJournal,
  sameMark,
  writeJournal,
} from "./journal.ts";
import { filesIn } from "./manifest.ts";
import { type Expected, judged, leavingOf, type Step } from "./pending.ts";
import { readKept } from "./set.ts";
import { childOf, type Directory, type TargetPath } from "./target.ts";
import { openFolder, type Tree } from "./tree.ts";

export interface Placed {
  /** Paths that were made, or made anew. */
  readonly placed: readonly string[];
  readonly removed: readonly string[];
  /** What a person should know. */
  readonly notes: readonly string[];
}

/**
 * Makes the group's destinations what `wanted` says, and removes those that it no longer says.
 *
 * 1. Judge each path: nothing is written where others may write, or over what postern did not make.
 * 2. Write down in the journal what is about to be made.
 * 3. Remove what is no longer wanted, as far as it still is what postern made.
 * 4. Remove what a pass that died left beside a path.
 * 5. Make the rest in the order given: each beside its path first, then by one rename.
 * 6. Write down what now is.
 * 7. Tell what failed: the rest is in place.
 *
 * Durable when it returns. Who dies in between finds in the journal where to go on.
 *
 * @param generation the current one, of which copies are made
 * @throws {PosternError} the first path's fault, or all of them as its issues
 */
export function placeDestinations(
  tree: Tree,
  generation: Generation,
  wanted: readonly Destination[],
): Placed {
  const { group, access } = generation.manifest;
  let journal: readonly JournalEntry[];
  try {
    journal = readJournal(tree);
  } catch (error) {
    // who wants no further path is not to suffer for those of others
    if (wanted.length > 0 || !(error instanceof PosternError)) throw error;
    return { placed: [], removed: [], notes: [error.message] };
  }
  const expected = { group, access, files: filesIn(generation.manifest) };
  return change(tree, journal, expected, wanted, (step, folder) =>
    makeOne(tree, generation, step, folder),
  );
}

/**
 * Removes all destinations of a group, as far as they still are what postern made.
 * @throws {PosternError} as `placeDestinations`
 */
export function removeDestinations(tree: Tree, group: GroupName): Placed {
  const nobody = { uid: tree.uid, gid: 0, mode: 0 };
  const expected = { group, access: nobody, files: [] };
  return change(tree, readJournal(tree), expected, [], () => undefined);
}

/** The groups that have destinations, whether or not anything else of them is on the disk. */
export function journalledGroups(tree: Tree): readonly GroupName[] {
  return [...new Set(readJournal(tree).map(({ group }) => group))];
}

function change(
  tree: Tree,
  journal: readonly JournalEntry[],
  expected: Expected,
  wanted: readonly Destination[],
  make: (step: Step, folder: Directory) => void,
): Placed {
  const { group } = expected;
  const leaving = leavingOf(journal, group, wanted);
  const steps = wanted.map((destination) => judged(tree, journal, expected, destination)); // (1)
  const due = steps.filter(({ verdict }) => DUE.has(verdict.kind));
  const entries = new Map(journal.map((entry) => [entry.path, entry]));
  for (const { path, wish, entry } of due)
    entries.set(path, { path, group, is: entry?.is, becomes: wish?.mark });
  const begun = save(tree, entries, encodeJournal(journal)); // (2)
  const faults = steps.flatMap(({ verdict }) =>
    verdict.kind === "refused" ? [verdict.error] : [],
  );
  const notes: string[] = [];
  const removed = leaving.filter(
    (entry) => noting(faults, entry.path, () => notes.push(...removeOne(tree, entry))), // (3)
  );
  for (const { path } of removed) entries.delete(path);
  const placed = due.filter((step) =>
    noting(faults, step.path, () =>
      inFolder(tree, step.path, (folder) => {
        if (step.entry?.becomes !== undefined) sweepFolder(tree, folder); // (4)
        make(step, folder); // (5)
      }),
    ),
  );
  const unchanged = steps.filter(({ verdict }) => verdict.kind === "in place");
  for (const { path, wish } of [...unchanged, ...placed])
    entries.set(path, { path, group, is: wish?.mark, becomes: undefined });
  save(tree, entries, begun); // (6)
  throwAll(group, faults); // (7)
  const edited = placed.filter(({ verdict, wish, entry }) => isEdited(verdict, wish, entry));
  return {
    placed: placed.map(({ path }) => path),
    removed: removed.map(({ path }) => path),
    notes: [...notes, ...edited.map(({ path }) => `put right ${quote(path)}: it was changed here`)],
  };
}

const DUE: ReadonlySet<Verdict["kind"]> = new Set(["missing", "differs", "foreign"]);

/** The journal's text, written down if it differs from `before`. */
function save(tree: Tree, entries: ReadonlyMap<string, JournalEntry>, before: string): string {
  const text = encodeJournal([...entries.values()]);
  if (text !== before) writeJournal(tree, text);
  return text;
}

/** Whether `use` went well; its fault is added to the others, which are told when all is done. */
function noting(faults: PosternError[], path: string, use: () => unknown): boolean {
  try {
    guarded(path, use);
    return true;
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    faults.push(error);
    return false;
  }
}

function makeOne(
  tree: Tree,
  generation: Generation,
  { path, name, wish }: Step,
  folder: Directory,
): void {
  if (wish === undefined) return;
  const { fs } = tree;
  const { mark, access } = wish;
  const put = (make: (temporary: TargetPath) => void): void =>
    putInPlace(tree, folder, basename(path), make, STEM);
  if (mark.kind === "link") {
    put((temporary) => fs.symlink(mark.text, temporary));
    return;
  }
  const bytes = readKept(tree, generation, new Set([name]))?.get(name);
  if (bytes === undefined)
    throw new PosternError("CannotWrite", `cannot copy ${quote(name)}: it was changed just now`);
  try {
    put((temporary) => createFile(fs, temporary, bytes, access));
  } finally {
    bytes.fill(0);
  }
}

/** Removes what still is postern's, and says what is not. What went with its folder is gone. */
function removeOne(tree: Tree, entry: JournalEntry): readonly string[] {
  const { fs } = tree;
  const { path, is, becomes } = entry;
  const folder = openFolder(tree, dirname(path));
  if (folder === undefined) return [];
  return closing(fs, folder, () => {
    if (becomes !== undefined) sweepFolder(tree, folder);
    const name = basename(path);
    if (lookUp(fs, folder, name) === undefined) return [];
    const ours = [is, becomes].some((mark) => mark && isMarked(tree, folder, name, mark));
    if (!ours) return [`left ${quote(path)}: it is no longer what postern made`];
    unless(["ENOENT"], () => fs.unlink(childOf(folder, name)));
    fs.sync(folder.fd);
    return [];
  });
}

// in folders of others the names of what is unfinished must say whose it is
const STEM = "postern";

function sweepFolder({ fs }: Tree, folder: Directory): void {
  for (const name of listNames(fs, folder)) {
    if (!isTemporaryOf(STEM, name) || lookUp(fs, folder, name)?.kind === "directory") continue;
    unless(["ENOENT"], () => fs.unlink(childOf(folder, name)));
  }
}

function isEdited(
  verdict: Verdict,
  wish: Wish | undefined,
  entry: JournalEntry | undefined,
): boolean {
  return verdict.kind === "differs" && wish !== undefined && sameMark(wish.mark, entry?.is);
}

function throwAll(group: GroupName, faults: readonly PosternError[]): void {
  const [first] = faults;
  if (first === undefined) return;
  if (faults.length === 1) throw first;
  const message = `group ${quote(group)} has paths that cannot be placed`;
  throw new PosternError(first.code, message, {
    issues: faults.map((fault) => fault.message),
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  });
}
