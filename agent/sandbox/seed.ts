/**
 * A folder of plain files, served live: `FOLDER/GROUP/NAME` is the object `GROUP/NAME`.
 *
 * The folder is looked at before a request is answered, so that saving a file is a rotation: a changed file
 * becomes a new version, a removed one a deletion. Files in folders below a group's are secrets too, those
 * with a dot in front as well. Symlinks are not followed.
 * @module
 */
import type { Dirent, Stats } from "node:fs";
import { join } from "node:path";
import { errnoOf, PosternError } from "../core/errors.ts";
import { parseGroupName, quote } from "../core/names.ts";
import type { Asked } from "./service.ts";

/** The part of `node:fs/promises` that reads. */
export interface SeedFiles {
  readdir(path: string, options: { readonly withFileTypes: true }): Promise<Dirent[]>;
  lstat(path: string): Promise<Stats>;
  readFile(path: string): Promise<Buffer>;
}

/** Where the secrets go. */
export interface SeedTarget {
  put(key: string, body: Buffer): Promise<unknown>;
  remove(key: string): void;
}

export interface SeedOptions {
  readonly folder: string;
  readonly files: SeedFiles;
  readonly target: SeedTarget;
  /** Told once of each path that cannot be served, and why. */
  readonly refused: Refuse;
}

type Refuse = (path: string, why: string) => void;

export interface Seed {
  /** Brings the target up to date for a request: the key that it asks for, or everything. */
  refresh(asked?: Asked): Promise<void>;
  /** The names of the groups, sorted. */
  groups(): readonly string[];
}

/** What is served of a file. */
interface Served {
  /** Inode, size and times: a file that looks the same is not read again. */
  readonly look: string;
  readonly body: Buffer;
}

/** Requests that concern their own key and nothing else. */
const ONE_KEY: ReadonlySet<string> = new Set([
  "GetObject",
  "HeadObject",
  "PutObject",
  "DeleteObject",
]);

/** S3's own limit. */
const MAX_KEY_BYTES = 1024;

/**
 * Reads the folder a first time.
 * @throws {PosternError} NotFound when the folder is missing, BadData when it is no folder, Denied when it cannot be read
 */
export async function createSeed(options: SeedOptions): Promise<Seed> {
  await demandFolder(options);
  const served = new Map<string, Served>();
  const refuse = once(options.refused);
  const inTurn = createTurns();
  const scan = async (): Promise<void> => {
    const found = new Map<string, Served | undefined>();
    for (const key of served.keys()) found.set(key, undefined);
    // one after the other: a folder may hold more files than a process may open
    for (const key of await listKeys(options, refuse))
      found.set(key, await look(options, key, served.get(key), refuse));
    for (const [key, now] of found) await apply(options.target, served, key, now);
  };
  let awaited: Promise<void> | undefined;
  // calls that come before a scan begins share it; those that come later need another
  const refreshAll = (): Promise<void> => {
    awaited ??= inTurn(() => {
      awaited = undefined;
      return scan();
    });
    return awaited;
  };
  await refreshAll();
  return {
    refresh(asked) {
      // a key that is no known file's may be a new one's: only a look at everything tells
      if (asked === undefined || !ONE_KEY.has(asked.operation) || !served.has(asked.key))
        return refreshAll();
      const { key } = asked;
      return inTurn(async () => {
        const now = await look(options, key, served.get(key), refuse);
        await apply(options.target, served, key, now);
      });
    },
    groups: () => [...new Set([...served.keys()].map((key) => key.split("/")[0] ?? ""))].sort(),
  };
}

async function demandFolder({ folder, files }: SeedOptions): Promise<void> {
  const about = `the seed folder ${quote(folder)}`;
  // the dot follows a symlink: the folder itself may be one
  const found = await files.lstat(`${folder}/.`).catch((cause: unknown) => {
    const errno = errnoOf(cause);
    if (errno === "ENOENT")
      throw new PosternError("NotFound", `${about} does not exist`, {
        hint: "make it, with a folder a group and a file a secret in it",
      });
    if (errno === "ENOTDIR") throw new PosternError("BadData", `${about} is no folder`, { cause });
    throw new PosternError("Denied", `cannot read ${about}: ${errno ?? "unknown"}`, { cause });
  });
  if (!found.isDirectory()) throw new PosternError("BadData", `${about} is no folder`);
}

/** Passes each path on the first time only. */
function once(tell: Refuse): Refuse {
  const told = new Set<string>();
  return (path, why) => {
    if (told.has(path)) return;
    told.add(path);
    tell(path, why);
  };
}

/** Runs what it is given one at a time, in order: a look that is older never overwrites a newer one. */
function createTurns(): (run: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (run) => {
    const turn = last.then(run);
    last = turn.catch(() => undefined);
    return turn;
  };
}

async function listKeys(
  { folder, files }: SeedOptions,
  refuse: Refuse,
): Promise<readonly string[]> {
  const keys: string[] = [];
  const visit = async (path: string): Promise<void> => {
    const entries = await readable(path, refuse, () =>
      files.readdir(join(folder, path), { withFileTypes: true }),
    );
    for (const entry of entries ?? []) {
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      const why = judge(below, entry);
      if (why !== undefined) refuse(below, why);
      else if (entry.isDirectory()) await visit(below);
      else keys.push(below);
    }
  };
  await visit("");
  return keys;
}

/** Why an entry cannot be served, or undefined. */
function judge(path: string, entry: Dirent): string | undefined {
  // what Node puts in place of bytes that are no UTF-8
  if (path.includes("\uFFFD")) return "expected a name in UTF-8";
  if (!entry.isDirectory() && !entry.isFile())
    return entry.isSymbolicLink() ? "symlinks are not followed" : "expected a file or a folder";
  if (!path.includes("/")) {
    if (!entry.isDirectory()) return "expected a folder a group, and files in the folders only";
    return isGroupName(path) ? undefined : "expected a group's name";
  }
  return Buffer.byteLength(path) > MAX_KEY_BYTES
    ? `expected a key of at most ${MAX_KEY_BYTES} bytes`
    : undefined;
}

function isGroupName(name: string): boolean {
  try {
    parseGroupName(name);
    return true;
  } catch {
    return false;
  }
}

/** The file as it is now: what is already known if it still looks the same, undefined when it is gone. */
function look(
  { folder, files }: SeedOptions,
  key: string,
  known: Served | undefined,
  refuse: Refuse,
): Promise<Served | undefined> {
  const path = join(folder, key);
  return readable(key, refuse, async () => {
    // the dot follows a symlink: the folder itself may be one
    const found = await files.lstat(path);
    if (!found.isFile()) return undefined;
    const { ino, size, mtimeMs, ctimeMs } = found;
    const now = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
    // looked at before it is read: a write in between makes the next look differ
    return now === known?.look ? known : { look: now, body: await files.readFile(path) };
  });
}

/** Undefined for what is gone, or cannot be read, which is told. */
async function readable<Read>(
  path: string,
  refuse: Refuse,
  read: () => Promise<Read>,
): Promise<Read | undefined> {
  try {
    return await read();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno !== "ENOENT" && errno !== "ENOTDIR") refuse(path, `cannot be read: ${errno}`);
    return undefined;
  }
}

async function apply(
  target: SeedTarget,
  served: Map<string, Served>,
  key: string,
  now: Served | undefined,
): Promise<void> {
  const before = served.get(key);
  if (now === undefined) {
    if (before !== undefined) target.remove(key);
    served.delete(key);
    return;
  }
  // touched, but the same: no new version
  if (before === undefined || !before.body.equals(now.body)) await target.put(key, now.body);
  served.set(key, now);
}
