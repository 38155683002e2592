import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BYTES, ODD_NAMES, type Row } from "../cases/reading.ts";
import { type Ended, plainEnv, runCommand } from "./command.ts";
import { root } from "./root.ts";
import { linkGroup, makeRunTree, putGeneration, putState } from "./run-tree.ts";

export const launcher: string = join(root, "bin", "postern");
export const program: readonly string[] = [process.execPath, join(root, "dist", "launch.cjs")];

const isRoot = process.getuid?.() === 0;
/** Root may read everything, so it asks as nobody. */
export const stranger: number | undefined = isRoot ? 65_534 : undefined;

/** The run directory that the rows of `cases/reading.ts` are about. */
export function makeReadingHost(run: string): void {
  makeRunTree(run);
  putGeneration(run, "web", "a1", {
    password: "hunter2",
    "tls/site.key": "key\n",
    bytes: BYTES,
    empty: "",
    // no pass would make these: not even a file that is there is read by such a name
    "x\n": "planted",
    "a\\b": "planted",
    ...Object.fromEntries(ODD_NAMES.map((name) => [name, `value of ${name}`])),
  });
  linkGroup(run, "web");
  putState(run, "web", Math.floor(Date.now() / 1000));
  putGeneration(run, "old", "b2", { password: "hunter2" });
  linkGroup(run, "old");
  putState(run, "old", 1_000_000_000);
  putGeneration(run, "never", "c3", { password: "hunter2" });
  linkGroup(run, "never");
  writeFileSync(join(run, "state", "never"), "pending 0 0 -\n");
  putGeneration(run, "octal", "c4", { password: "hunter2" });
  linkGroup(run, "octal");
  writeFileSync(join(run, "state", "octal"), "fresh 0777 $(id) x\n");
  mkdirSync(join(run, "groups", "made"));
  linkGroup(run, "made");
  writeFileSync(join(run, "state", "stated"), "pending 0 0 -\n");
  putGeneration(run, "shut", "d5", { password: "hunter2" });
  linkGroup(run, "shut");
  chmodSync(join(run, "groups", "shut"), isRoot ? 0o700 : 0);
  putGeneration(run, "locked", "e6", { password: "hunter2" });
  linkGroup(run, "locked");
  chmodSync(join(run, "groups", "locked", "gen", "e6", "password"), isRoot ? 0o400 : 0);
}

/** Removes the folder that holds `run`: what is shut to its own maker must be opened first. */
export function removeReadingHost(folder: string, run: string): void {
  chmodSync(join(run, "groups", "shut"), 0o700);
  rmSync(folder, { recursive: true });
}

/** Has `argv` answer a row's words. */
export async function ask(
  argv: readonly string[],
  { words, env = {} }: Pick<Row, "words" | "env">,
  run: string,
  uid?: number,
): Promise<Ended> {
  const named = Object.entries(env).map(([name, value]) => [name, value.replaceAll("RUN", run)]);
  return runCommand([...argv, ...words], {
    env: { ...plainEnv, POSTERN_RUN: run, ...Object.fromEntries(named) },
    ...(uid === undefined ? {} : { uid }),
  });
}

/** Holds an answer to its row: every byte of both streams, and the exit code. */
export function expect(ended: Ended, row: Omit<Row, "words">, run: string): void {
  const said = (text: string): string => text.replaceAll("RUN", run);
  const stderr = (row.stderr ?? []).map((line) => `${said(line)}\n`).join("");
  assert.equal(ended.stderr, stderr);
  assert.equal(ended.code, row.code ?? 0);
  const stdout = typeof row.stdout === "string" ? Buffer.from(said(row.stdout)) : row.stdout;
  assert.deepEqual(ended.stdout, stdout ?? Buffer.alloc(0));
}
