/**
 * The metrics as a file for node_exporter's textfile collector.
 *
 *     DIR/postern.prom            0644
 *     DIR/.postern.prom.RANDOM    while it is written: node_exporter reads `*.prom` alone
 *
 * Off the main thread and without fsync: a disk that hangs must not stop the daemon, and a file that a crash of
 * the host made empty is written anew a moment later.
 * @see https://github.com/prometheus/node_exporter#textfile-collector
 * @module
 */
import { constants } from "node:fs";
import { type FileHandle, open, readdir, rename, unlink } from "node:fs/promises";
import type { Chance } from "../core/clock.ts";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";

const TEXTFILE = "postern.prom";

export interface Textfile {
  /**
   * Puts `text` in the file's place, all at once; `busy` when the last writing has not ended yet.
   * @throws {PosternError} UnsafeTree, see `openTextfile`; CannotWrite when the kernel refuses
   */
  write(text: string): Promise<"written" | "busy">;
}

/**
 * A textfile in `directory`, absolute, which must be there: making it is the business of who runs node_exporter,
 * and so is who owns it. No symlink is followed on the way to it, so that nothing is written elsewhere, and
 * no directory on the way may be writable by everybody (unless it is sticky), who could hide an alarm.
 */
export function openTextfile(directory: string, chance: Chance): Textfile {
  let writing: Promise<void> | undefined;
  return {
    write: async (text) => {
      if (writing !== undefined) return "busy";
      writing = writeText(directory, text, chance);
      try {
        await writing;
        return "written";
      } catch (error) {
        throw toFault(directory, error);
      } finally {
        writing = undefined;
      }
    },
  };
}

async function writeText(path: string, text: string, chance: Chance): Promise<void> {
  const directory = await openDirectory(path);
  try {
    await sweep(directory);
    const temporary = childOf(directory, `.${TEXTFILE}.${chance.bytes(6).toString("hex")}`);
    const file = await open(temporary, CREATE, 0o600);
    try {
      try {
        await file.writeFile(text);
        await file.chmod(0o644);
      } finally {
        await file.close();
      }
      await rename(temporary, childOf(directory, TEXTFILE));
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  } finally {
    await directory.close();
  }
}

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const CREATE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
// open(2) on x86 and ARM; Node does not name it
const O_PATH = 0o10000000;

/** Each step from the descriptor of the one before: what was judged is what is used. */
async function openDirectory(path: string): Promise<FileHandle> {
  const segments = path.split("/").filter((segment) => segment !== "");
  let directory = await open("/", O_PATH | O_DIRECTORY);
  for (const [index, segment] of segments.entries()) {
    const above = directory;
    const way = index === segments.length - 1 ? O_RDONLY : O_PATH;
    try {
      directory = await open(childOf(above, segment), way | O_DIRECTORY | O_NOFOLLOW);
    } finally {
      await above.close();
    }
    const { mode } = await directory.stat();
    if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) {
      await directory.close();
      throw unsafe(`/${segments.slice(0, index + 1).join("/")}`, "is writable by everybody");
    }
  }
  return directory;
}

/** @see proc_pid_fd(5) */
function childOf(directory: FileHandle, name: string): string {
  return `/proc/self/fd/${directory.fd}/${name}`;
}

/** What a process left that died while it was writing. */
async function sweep(directory: FileHandle): Promise<void> {
  const names = await readdir(childOf(directory, ""));
  const left = names.filter((name) => /^\.postern\.prom\.[0-9a-f]{12}$/.test(name));
  for (const name of left) await unlink(childOf(directory, name)).catch(() => undefined);
}

function toFault(directory: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (error instanceof PosternError || errno === undefined) return error;
  const expected = "expected a directory, and no symbolic link on the way to it";
  if (errno === "ENOTDIR" || errno === "ELOOP" || errno === "ENOENT")
    return unsafe(directory, `cannot hold the textfile: ${expected}`, error);
  const message = `cannot write ${quote(`${directory}/${TEXTFILE}`)}: ${errno}`;
  return new PosternError("CannotWrite", message, { cause: error });
}

function unsafe(path: string, fault: string, cause?: unknown): PosternError {
  return new PosternError("UnsafeTree", `${quote(path)} ${fault}`, {
    hint: "name the directory of node_exporter's --collector.textfile.directory",
    ...(cause === undefined ? {} : { cause }),
  });
}
