/** Groups that left the configuration. @module */
import type { Config } from "../config/config.ts";
import type { GroupName } from "../core/names.ts";
import { listGroups } from "../store/sweep.ts";
import type { Tree } from "../store/tree.ts";

/** The groups that have something on the disk and are not configured any more. */
export function leftGroups(tree: Tree, { groups }: Config): readonly GroupName[] {
  return listGroups(tree).filter((held) => !groups.some(({ name }) => name === held));
}
