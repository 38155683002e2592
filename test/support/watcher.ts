/**
 * Tries to open every file of the generations that its argument's tree can have, as fast as it can, until its
 * standard input ends. Prints what it could open. Ids are known to it, so that it need not be able to list.
 */
import { closeSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";

const root = process.argv[2] ?? "";
const names = (process.argv[3] ?? "").split(",");
const ended = new AbortController();
let rounds = 0;
process.stdin.on("end", () => ended.abort()).resume();

const ids = Array.from({ length: 400 }, (_, index) => (index + 1).toString(16).padStart(12, "0"));
const groups = join(root, "run/groups/web");
const paths = [
  ...ids.flatMap((id) => [
    join(groups, "gen", `${id}.manifest`),
    ...names.map((name) => join(groups, "gen", id, name)),
  ]),
  ...names.map((name) => join(root, "run/secrets/web", name)),
  join(root, "state/host.key"),
  join(root, "run/lock"),
];
const opened = new Set<string>();
while (!ended.signal.aborted) {
  for (const path of paths) tryTo(path, () => closeSync(openSync(path, "r")));
  for (const id of ids) tryTo(`${id}/`, () => readdirSync(join(groups, "gen", id)));
  rounds += 1;
  if (rounds === 1) process.stdout.write("watching\n");
  // lets the end of the input be seen
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(JSON.stringify([...opened]));

function tryTo(what: string, use: () => unknown): void {
  try {
    use();
    opened.add(what);
  } catch {
    // as it should be
  }
}
