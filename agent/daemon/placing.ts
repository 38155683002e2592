/** A group's further paths, after its swap and on every pass. @module */
import type { GroupConfig } from "../config/config.ts";
import { destinationsOf } from "../config/destinations.ts";
import { placeDestinations } from "../store/destinations.ts";
import type { Generation } from "../store/generation.ts";
import type { Tree } from "../store/tree.ts";

/**
 * Brings the group's further paths in step with `generation`, which is current; what it returns a person should know.
 * @throws {PosternError} what stands in the way of one of them: all others are placed, and the swap stays
 */
export function placeFiles(
  tree: Tree,
  group: GroupConfig,
  generation: Generation,
): readonly string[] {
  return placeDestinations(tree, generation, destinationsOf(group)).notes;
}
