/** Further paths in a folder beside the trees. @module */
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { parseSecretName } from "../../agent/core/names.ts";
import type { Destination } from "../../agent/store/destination.ts";
import {
  type Placed,
  placeDestinations,
  removeDestinations,
} from "../../agent/store/destinations.ts";
import { sweepTree } from "../../agent/store/sweep.ts";
import { closeTree, type Tree } from "../../agent/store/tree.ts";
import { generationIn, open, web, type World } from "./store.ts";

/** The folder that stands for /etc. */
export function etcOf({ root }: Pick<World, "root">): string {
  const etc = join(root, "etc");
  mkdirSync(etc, { recursive: true, mode: 0o755 });
  return etc;
}

/** A destination `etc/FILE`, which may lie on a disk, for the secret `name`. */
export function destination(
  world: Pick<World, "root">,
  file: string,
  name: string,
  parts: Partial<Destination> = {},
): Destination {
  const path = join(etcOf(world), file);
  return { path, name: parseSecretName(name), as: "link", replace: false, onDisk: true, ...parts };
}

export function withTree<Result>(world: World, use: (tree: Tree) => Result): Result {
  const tree = open(world);
  try {
    sweepTree(tree);
    return use(tree);
  } finally {
    closeTree(tree);
  }
}

/** Places what is wanted of the current generation. */
export function place(world: World, wanted: readonly Destination[]): Placed {
  return withTree(world, (tree) => {
    const generation = generationIn(tree);
    if (generation === undefined) throw new Error("there is no generation");
    return placeDestinations(tree, generation, wanted);
  });
}

export function removeAll(world: World): Placed {
  return withTree(world, (tree) => removeDestinations(tree, web));
}

/** What lies in `etc`: each file's content and mode, each link's text below the root. */
export function etcHolds(world: Pick<World, "root">): Readonly<Record<string, string>> {
  const etc = join(world.root, "etc");
  return Object.fromEntries(
    readdirSync(etc)
      .sort()
      .map((name) => [name, describe(world.root, join(etc, name))]),
  );
}

/** The journal as it lies there. */
export function journalText({ root }: Pick<World, "root">): string {
  return readFileSync(join(root, "state/destinations.json"), "utf8");
}

function describe(root: string, path: string): string {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return `-> ${readlinkSync(path).replace(`${root}/`, "")}`;
  if (stats.isDirectory()) return "folder";
  return `${(stats.mode & 0o7777).toString(8)} ${readFileSync(path, "utf8")}`;
}
