/** One pass over groups while this process may write: what `fetch` does once its first questions are asked. @module */
import type { Config, GroupConfig } from "../config/config.ts";
import { toPosternError } from "../core/errors.ts";
import type { GroupName } from "../core/names.ts";
import type { GroupOutcome } from "../core/outcome.ts";
import { untilSent } from "../core/turn.ts";
import type { Status } from "../observe/status.ts";
import { ownerLookup } from "../store/owners.ts";
import { removeGroup } from "../store/sweep.ts";
import type { Tree } from "../store/tree.ts";
import type { Passes } from "./answer.ts";
import { withinMs } from "./deadline.ts";
import type { Judge } from "./host.ts";
import { leftGroups } from "./left.ts";
import { getReady, openHost } from "./open-host.ts";
import type { Home, Services } from "./services.ts";
import { previousStatus, writeStandings } from "./standings.ts";
import { syncPatiently } from "./patience.ts";
import { grant, type Wishes } from "./wishes.ts";
import { type HostEffects, withTree } from "./writer.ts";

export interface FetchEffects extends HostEffects {
  readonly judge: Judge;
}

export interface FetchRequest extends Wishes {
  readonly config: Config;
  /** Of the config's groups, those to fetch. */
  readonly groups: readonly GroupConfig[];
  /** How long to wait for another postern that is writing. */
  readonly lockWaitMs: number;
  /** Whether to remove groups that are on the disk and no longer in the configuration. */
  readonly prune: boolean;
}

/** What came of it, in the order of the request. */
export interface FetchReport extends Passes {
  readonly status: Status;
}

export interface Asked {
  readonly services: Services;
  /** On its way; a failure is told in the outcomes. */
  readonly home: Promise<Home>;
}

/**
 * Waits for the turn to write, syncs the groups at the same time, and writes down where they stand.
 * @throws {PosternError} what concerns the whole host: a tree that is not safe, a lock that is held
 */
export async function fetchInTurn(
  request: FetchRequest,
  { services, home }: Asked,
  effects: FetchEffects,
): Promise<FetchReport> {
  const { config, lockWaitMs, prune } = request;
  const turn = { paths: config.paths, command: "fetch", waitMs: lockWaitMs };
  return withTree(turn, effects, async (tree) => {
    for (const group of request.groups) grant(tree, config.home, group, request);
    const isFirst = previousStatus(tree) === undefined;
    const came = await fetchAll(request, services, home, tree, effects);
    const { status, outcomes } = writeStandings(tree, config, came, effects.clock.now());
    const left = leftGroups(tree, config);
    const told = left.flatMap((group) => (prune ? removeGroup(tree, group) : saidLeft(group)));
    return {
      outcomes,
      status,
      requests: services.requests.read(),
      // advice on the whole host is told with its first pass, not with every one
      warnings: [...(isFirst ? tree.warnings : []), ...told],
      pruned: prune ? left : [],
    };
  });
}

async function fetchAll(
  { config, groups }: FetchRequest,
  services: Services,
  home: Promise<Home>,
  tree: Tree,
  { clock, chance, run, judge, uid }: FetchEffects,
): Promise<readonly GroupOutcome[]> {
  const owners = ownerLookup(run);
  void getReady(groups, services, owners);
  let known: Home;
  try {
    known = await home;
    // the question for credentials goes out before the passes begin to load what they need
    await untilSent();
  } catch (cause) {
    const error = toPosternError(cause);
    return groups.map(({ name }) => ({ kind: "failed", group: name, error }));
  }
  const host = openHost({
    config,
    services,
    home: known,
    tree,
    owners,
    clock,
    chance,
    uid,
    judge,
    owesReloads: false,
  });
  return withinMs(config.limits.passTimeoutMs, clock, (deadline) =>
    Promise.all(groups.map((group) => syncPatiently(host, group, deadline))),
  );
}

// a config that lost a file by a slip must not take the files of running apps along
function saidLeft(group: GroupName): string {
  return `group "${group}" is no longer in the config and stays as it is: fetch --prune removes it`;
}
