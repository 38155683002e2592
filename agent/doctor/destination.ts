/** Where the secrets will lie: who owns the tree, what it lies on, and whether there is room. Only looks. @module */
import { dirname } from "node:path";
import type { Config, GroupConfig } from "../config/config.ts";
import { encodeSize } from "../config/units.ts";
import type { Chance, Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { FileSystem } from "../store/file-system.ts";
import { ownerLookup } from "../store/owners.ts";
import type { RunProgram } from "../store/program.ts";
import { adviceOn, closeTree, findTree, type Tree } from "../store/tree.ts";
import { attempt, failed, type Finding, isFault, ok, warning } from "./finding.ts";
import type { Kernel } from "./kernel.ts";
import { examinePaths } from "./paths.ts";

export interface DestinationEffects {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly fs: FileSystem;
  readonly kernel: Kernel;
  readonly run: RunProgram;
  readonly uid: number;
}

/** @param wantedBytes what the groups hold in S3, as far as S3 told */
export async function examineDestination(
  config: Config,
  groups: readonly GroupConfig[],
  wantedBytes: number,
  effects: DestinationEffects,
): Promise<readonly Finding[]> {
  const { kernel, run } = effects;
  const place = nearestPlace(kernel, config.paths.run);
  const tree = await attempt(() => findTree({ ...effects, ...config.paths }));
  try {
    return [
      judgeTree(tree, config, effects),
      ...examineFileSystem(config, place, wantedBytes, kernel),
      ...(await examineOwners(groups, run)),
      ...(isFault(tree) ? [] : await examinePaths(config, groups, tree, effects)),
    ];
  } finally {
    if (tree !== undefined && !isFault(tree)) closeTree(tree);
  }
}

/** `path`, or what there is of the way to it. */
function nearestPlace(kernel: Kernel, path: string): string {
  let place = path;
  while (place !== "/" && kernel.fileSystem(place) === undefined) place = dirname(place);
  return place;
}

function judgeTree(
  tree: Tree | PosternError | undefined,
  { paths }: Config,
  effects: DestinationEffects,
): Finding {
  if (isFault(tree)) return failed("tree", tree);
  if (tree !== undefined) return ok("tree", `${quote(paths.run)} is safe, and this user's own`);
  const closed = [paths.run, paths.state]
    .map((path) => nearestPlace(effects.kernel, path))
    .find((place) => !effects.kernel.isWritable(place));
  if (closed === undefined) return ok("tree", `${quote(paths.run)} will be made by the first pass`);
  const message = `${quote(closed)} is not writable by this user (${effects.uid})`;
  const fix = "run as root, or set paths in the config to folders of this user's own";
  return failed("tree", new PosternError("CannotWrite", message), fix);
}

function examineFileSystem(
  { paths, limits }: Config,
  place: string,
  wantedBytes: number,
  kernel: Kernel,
): readonly Finding[] {
  const found = kernel.fileSystem(place);
  if (found === undefined) return [];
  const [advice] = adviceOn(paths.run, found);
  const [why = "", fix] = advice?.split("; ") ?? [];
  const kind =
    advice === undefined ? ok("file system", "in memory") : warning("file system", why, fix);
  return [kind, judgeSpace(found.freeBytes, wantedBytes, limits.maxHostBytes)];
}

function judgeSpace(freeBytes: number, wantedBytes: number, maxBytes: number): Finding {
  const free = `${Math.floor(freeBytes / 1024 ** 2)} MiB free`;
  const fix = "free some, or give the file system more (mount -o remount,size=…)";
  if (freeBytes < wantedBytes) {
    const message = `${free}, and the groups hold ${wantedBytes} bytes`;
    return failed("space", new PosternError("CannotWrite", message), fix);
  }
  return freeBytes < maxBytes
    ? warning("space", `${free}, and limits.max_host_size allows ${encodeSize(maxBytes)}`, fix)
    : ok("space", free);
}

async function examineOwners(
  groups: readonly GroupConfig[],
  run: RunProgram,
): Promise<readonly Finding[]> {
  const find = ownerLookup(run);
  const names = [...new Set(groups.map(({ owner }) => `${owner.user}:${owner.group}`))];
  const owners = names.map((name) => {
    const [user = "", group = ""] = name.split(":");
    return { name, user, group };
  });
  const answers = await Promise.all(owners.map((owner) => attempt(() => find(owner))));
  const unknown = answers.flatMap((answer) => (isFault(answer) ? [failed("owners", answer)] : []));
  return unknown.length === 0 && names.length > 0
    ? [ok("owners", `known here: ${names.join(", ")}`)]
    : unknown;
}
