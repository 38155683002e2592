/**
 * One host of the demo: a role behind an IMDS of its own, a config, a folder, and the real program.
 * @module
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { parseStatus, type Status } from "../observe/status.ts";
import { type Child, type Ended, runChild, startChild } from "./child.ts";
import type { Telling } from "./step.ts";

export interface HostOptions {
  /** Printed as its prompt; its folder's name. */
  readonly name: string;
  /** Where its folder is made. */
  readonly work: string;
  /** `bin/postern` */
  readonly launcher: string;
  /** All that programs there have of an environment, beside POSTERN_RUN. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface Host {
  readonly name: string;
  readonly folder: string;
  /** Writes a config beside the tree, readable by its owner alone. */
  configure(file: string, config: object): void;
  /** Runs the real program there, as its role. */
  postern(...words: readonly string[]): Promise<Ended>;
  /** Those that have secrets here. */
  groups(): readonly string[];
  /** Where apps find a group. */
  stable(group: string): string;
  /** Mode and owner of each secret of a group, as "440 33:33"; one entry where all are alike. */
  modes(group: string): readonly string[];
  /** Starts any program there. */
  start(...argv: readonly string[]): Child;
  /** A digest of all secrets and of where the links lead: for comparing, never for showing. */
  digest(): string;
  status(): Status;
  /** Lines that show the tree of a group: links, and files with mode and owner. */
  tree(group: string): Promise<readonly string[]>;
}

export function createHost({ name, work, launcher, env: given, signal }: HostOptions): Host {
  const folder = join(work, name);
  mkdirSync(folder);
  // umask may say otherwise, and other users' secrets are reached through it
  chmodSync(folder, 0o755);
  const run = join(folder, "run");
  const env = { ...given, POSTERN_RUN: run };
  return {
    name,
    folder,
    configure(file, config) {
      writeFileSync(join(folder, file), stringify(config), { mode: 0o600 });
    },
    groups: () => readdirSync(join(run, "secrets")).sort(),
    stable: (group) => join(run, "secrets", group),
    modes: (group) => modesOf(join(run, "secrets", group)),
    postern: (...words) => runChild([launcher, ...words], { env, cwd: folder, signal }),
    start: (...argv) => startChild(argv, { env, cwd: folder, signal }),
    digest: () => digestOf(run),
    status: () => parseStatus(readFileSync(join(run, "status.json"), "utf8")),
    async tree(group) {
      const paths = treeOf(folder, group);
      // names of users and groups as the system knows them
      const argv = ["stat", "-c", "%A %U:%G", "--", ...paths];
      const { stdout } = await runChild(argv, { env, cwd: folder, signal });
      const facts = stdout.toString("utf8").trimEnd().split("\n");
      const width = Math.max(...facts.map((fact) => fact.length));
      return paths.map((path, at) => {
        const fact = (facts[at] ?? "").padEnd(width);
        return `${fact}  ${path}${target(join(folder, path))}`;
      });
    },
  };
}

/** Runs the program on `host`, and shows what was typed and what it said; never for what prints a value. */
export async function shown(
  told: Telling,
  host: Host,
  ...words: readonly string[]
): Promise<Ended> {
  told.command(host.name, `postern ${words.join(" ")}`);
  const ended = await told.during(words[0] ?? "", host.postern(...words));
  const said = ended.stdout.toString("utf8") + ended.stderr;
  if (said !== "") told.output(said);
  return ended;
}

function modesOf(stable: string): readonly string[] {
  const modes = readdirSync(stable).map((secret) => {
    const { mode, uid, gid } = statSync(join(stable, secret));
    return `${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
  });
  return [...new Set(modes)];
}

function digestOf(run: string): string {
  const hash = createHash("sha256");
  for (const group of readdirSync(join(run, "secrets")).sort()) {
    const current = join(run, "groups", group, "current");
    hash.update(`${group} ${readlinkSync(current)}\n`);
    for (const secret of readdirSync(current).sort())
      hash.update(`${secret}\n`).update(readFileSync(join(current, secret)));
  }
  return hash.digest("hex");
}

/** The stable path, the group's directory, the link in it, and what the link leads to. */
function treeOf(folder: string, group: string): readonly string[] {
  const home = `run/groups/${group}`;
  const generation = `${home}/${readlinkSync(join(folder, home, "current"))}`;
  const secrets = readdirSync(join(folder, generation)).sort();
  return [
    `run/secrets/${group}`,
    `${home}/current`,
    home,
    generation,
    ...secrets.map((secret) => `${generation}/${secret}`),
  ];
}

function target(path: string): string {
  return lstatSync(path).isSymbolicLink() ? ` -> ${readlinkSync(path)}` : "";
}
