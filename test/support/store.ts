import { closeSync, constants, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Chance, type Clock, systemChance } from "../../agent/core/clock.ts";
import { type GroupName, parseGroupName, parseSecretName } from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { compare } from "../../agent/store/comparison.ts";
import type { Access } from "../../agent/store/durable-file.ts";
import { type FileSystem, systemFileSystem } from "../../agent/store/file-system.ts";
import { type Generation, readCurrent } from "../../agent/store/generation.ts";
import type { Content, StagePlan } from "../../agent/store/set.ts";
import { stage, type StageResult } from "../../agent/store/stage.ts";
import { writeState } from "../../agent/store/state.ts";
import { swap } from "../../agent/store/swap.ts";
import { finishGroup, sweepTree } from "../../agent/store/sweep.ts";
import { closeTree, openTree, type Tree } from "../../agent/store/tree.ts";

/** The values of a set by name. */
export type Values = Readonly<Record<string, string>>;

export const web: GroupName = parseGroupName("web");
export const uid: number = process.getuid?.() ?? 0;
export const gid: number = process.getgid?.() ?? 0;
export const isRoot: boolean = uid === 0;
/** What `skip` says in tests that give files to other users. */
export const needsRoot: string | false = isRoot ? false : "needs root";

/** A clock that goes only when it is told to. */
export function stillClock(now = 1_800_000_000_000): Clock & { advance(ms: number): void } {
  let time = now;
  return {
    now: () => time,
    monotonic: () => time,
    sleep: (ms) => Promise.resolve(void (time += ms)),
    advance: (ms) => void (time += ms),
  };
}

export interface World {
  /** Holds both trees. */
  readonly root: string;
  readonly clock: Clock;
  readonly fs: FileSystem;
  readonly chance: Chance;
}

export function newWorld(root: string, parts: Partial<World> = {}): World {
  return { root, clock: stillClock(), fs: systemFileSystem, chance: systemChance, ...parts };
}

export function open({ root, clock, fs, chance }: World): Tree {
  return openTree({
    run: join(root, "run"),
    state: join(root, "state"),
    uid,
    fs,
    clock,
    chance,
  });
}

export function planOf(values: Values, parts: Partial<StagePlan> = {}): StagePlan {
  return {
    group: web,
    access: { uid, gid, mode: 0o400 },
    fingerprints: { source: "source", shape: "shape" },
    bundle: undefined,
    secrets: Object.entries(values).map(([name, value]) => ({
      name: parseSecretName(name),
      key: `web/${name}`,
      etag: `"${value}"`,
      versionId: undefined,
      lastModified: 1_700_000_000_000,
      content: freshContent(value),
    })),
    rendered: [],
    ...parts,
  };
}

/** `plan` with those secrets kept that the current generation already has from the same object. */
export function keeping(plan: StagePlan, current: Generation | undefined): StagePlan {
  const known = new Map(current?.manifest.secrets.map(({ name, etag }) => [name, etag]));
  return {
    ...plan,
    secrets: plan.secrets.map((secret) =>
      known.get(secret.name) === secret.etag ? { ...secret, content: { kind: "kept" } } : secret,
    ),
  };
}

function freshContent(value: string): Content {
  return { kind: "fresh", bytes: new SecretBytes(Buffer.from(value)) };
}

export const GRACE_MS = 60_000;

/** One whole pass over the group, as the daemon would make it. */
export async function pass(world: World, values: Values, access?: Access): Promise<void> {
  const tree = open(world);
  try {
    sweepTree(tree);
    const current = generationIn(tree);
    const full = planOf(values, access === undefined ? {} : { access });
    const plan = keeping(full, current);
    let generation = current;
    if (compare(tree, plan, current?.manifest).kind === "changed") {
      let result: StageResult = await stage(tree, plan, current);
      if (result.kind === "tampered") result = await stage(tree, full, undefined);
      if (result.kind !== "staged") throw new Error("fresh bytes cannot be tampered with");
      generation = swap(tree, result.staged);
    }
    finishGroup(tree, web, GRACE_MS);
    const standing = { state: "fresh", lastSuccess: 1000, freshUntil: 2000 } as const;
    writeState(tree, web, { standing, generation: generation?.id });
  } finally {
    closeTree(tree);
  }
}

export function generationIn(tree: Tree): Generation | undefined {
  const current = readCurrent(tree, web);
  return current.kind === "generation" ? current.generation : undefined;
}

/** What a reader finds who opens the stable path once; undefined when there is none. */
export function readByPath(root: string): Values | undefined {
  const path = join(root, "run/secrets/web/");
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
  try {
    return readHeld(fd);
  } finally {
    closeSync(fd);
  }
}

/** What a reader finds who holds the directory open. */
export function readHeld(fd: number): Values {
  const held = `/proc/self/fd/${fd}/`;
  return Object.fromEntries(
    filesBelow(held).map((name) => [name, readFileSync(join(held, name), "utf8")]),
  );
}

/** Everything below `root` with its mode, generations by their order of appearance: what two worlds can be compared by. */
export function shapeOf(root: string): readonly string[] {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  return paths
    .filter((path) => !path.includes("current/"))
    .map((path) => `${path.replaceAll(/[0-9a-f]{12}/g, "ID")} ${modeOf(join(root, path))}`)
    .sort();
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

function filesBelow(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(path, name)).isFile())
    .sort();
}
