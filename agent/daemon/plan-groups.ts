/** `postern plan`: what a pass over groups would do to this host. @module */
import type { Config, GroupConfig } from "../config/config.ts";
import { ownerLookup } from "../store/owners.ts";
import { closeTree, findTree } from "../store/tree.ts";
import { withinMs } from "./deadline.ts";
import { createFailover } from "./failover.ts";
import { openPlaces } from "./places.ts";
import type { HostEffects } from "./writer.ts";
import type { Reach } from "./host.ts";
import { type GroupPlan, planGroup } from "./plan.ts";
import { openServices } from "./services.ts";

/**
 * Plans the groups at the same time, in the order given.
 * @throws {PosternError} what concerns every group, as `fetchGroups` does; and Unavailable without IMDS
 */
export async function planGroups(
  config: Config,
  groups: readonly GroupConfig[],
  effects: HostEffects,
): Promise<readonly GroupPlan[]> {
  const { clock, chance, fs, run, uid } = effects;
  const { paths, limits } = config;
  const services = openServices(config, effects);
  try {
    const home = await services.findHome(config.home);
    const { passTimeoutMs } = limits;
    const places = openPlaces(config, home, services);
    const failover = createFailover({ places, passTimeoutMs, clock, chance });
    const owners = ownerLookup(run);
    const reach: Reach = { clock, home, failover, kms: () => services.kms(), owners, uid };
    const tree = findTree({ ...effects, ...paths });
    try {
      return await withinMs(limits.passTimeoutMs, clock, (signal) =>
        Promise.all(groups.map((group) => planGroup({ reach, fs, paths, group, tree, signal }))),
      );
    } finally {
      if (tree !== undefined) closeTree(tree);
    }
  } finally {
    services.close();
  }
}
