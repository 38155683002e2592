/**
 * A reader that knows nothing of postern: a loop in plain sh, a process of its own.
 *
 * Every secret of the set says of which set it is. The reader enters the group's directory, reads all secrets
 * there and compares; then reads each by its stable path.
 * @module
 */
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { PosternError } from "../core/errors.ts";
import { endOf } from "./child.ts";
import type { Host } from "./host.ts";

export interface Reading {
  /** Whole sets read through one opened directory. */
  readonly sets: number;
  /** Those in which two secrets were of different sets. */
  readonly torn: number;
  /** Values read, in either way. */
  readonly values: number;
  /** Those that were missing, empty or cut short. */
  readonly broken: number;
  /** Number of the set that was read last. */
  readonly last: number;
}

export interface Reader {
  /** Lets it read once more, and tells what it saw. */
  end(): Promise<Reading>;
}

// $1 the stable path, $2 a file that is gone when it is time to end, then names; a value is "MARK SET RANDOM ."
const SCRIPT = `
stable=$1 going=$2
shift 2
sets=0 torn=0 values=0 broken=0 again=yes
look() {
  values=$((values + 1)) set=none end=
  { read -r _ set _ end <"$1"; } 2>/dev/null && [ "$end" = . ] || broken=$((broken + 1))
}
echo reading
while [ "$again" ]; do
  [ -e "$going" ] || again=
  cd -P "$stable" || exit
  sets=$((sets + 1)) first= mixed=0
  for name; do
    look "./$name"
    case $first in '' | "$set") first=$set ;; *) mixed=1 ;; esac
  done
  torn=$((torn + mixed))
  for name; do look "$stable/$name"; done
done
echo "$sets $torn $values $broken $first"
`;

/** Resolves when the reader reads. */
export async function startReader(
  host: Pick<Host, "folder" | "stable" | "start">,
  group: string,
  names: readonly string[],
): Promise<Reader> {
  const going = join(host.folder, "reading");
  writeFileSync(going, "");
  const child = host.start("sh", "-c", SCRIPT, "reader", host.stable(group), going, ...names);
  const ended = endOf(child);
  // whoever asks for its end hears of it there
  ended.catch(() => undefined);
  const complaint = text(child.stderr);
  await Promise.race([once(child.stdout, "readable"), ended]);
  const said = buffer(child.stdout);
  return {
    async end() {
      rmSync(going);
      const [code, stdout, stderr] = await Promise.all([ended, said, complaint]);
      return parseReading(stdout.toString("utf8"), code, stderr);
    },
  };
}

function parseReading(stdout: string, code: number, stderr: string): Reading {
  const found = /^reading\n(\d+) (\d+) (\d+) (\d+) (\d+)\n$/.exec(stdout);
  if (found === null)
    throw new PosternError("Internal", `the reader ended with ${code}: ${stderr.trim()}`);
  const [sets = 0, torn = 0, values = 0, broken = 0, last = 0] = found.slice(1).map(Number);
  return { sets, torn, values, broken, last };
}
