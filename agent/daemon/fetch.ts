/** `postern fetch`: one pass over groups, each on its own, and what is written down about it. @module */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Config, GroupConfig } from "../config/config.ts";
import { toPosternError } from "../core/errors.ts";
import type { GroupName } from "../core/names.ts";
import type { GroupOutcome, RequestCounts } from "../core/outcome.ts";
import type { Status } from "../observe/status.ts";
import { generationBytes } from "../store/comparison.ts";
import { readCurrent } from "../store/generation.ts";
import { type OwnerLookup, ownerLookup } from "../store/owners.ts";
import { listGroups, removeGroup } from "../store/sweep.ts";
import type { Tree } from "../store/tree.ts";
import { withinMs } from "./deadline.ts";
import type { Host } from "./host.ts";
import { type Home, openServices, type Services } from "./services.ts";
import { previousStatus, writeStandings } from "./standings.ts";
import { syncGroup } from "./sync.ts";
import { withTree, type WriterEffects } from "./writer.ts";

export interface FetchEffects extends WriterEffects {
  readonly env: NodeJS.ProcessEnv;
}

export interface FetchRequest {
  readonly config: Config;
  /** Of the config's groups, those to fetch. */
  readonly groups: readonly GroupConfig[];
  /** How long to wait for another postern that is writing. */
  readonly lockWaitMs: number;
  /** Whether to remove groups that are on the disk and no longer in the configuration. */
  readonly prune: boolean;
}

export interface FetchReport {
  /** In the order of the request. */
  readonly outcomes: readonly GroupOutcome[];
  readonly status: Status;
  readonly requests: RequestCounts;
  /** What a person should know of this host. */
  readonly warnings: readonly string[];
  /** The groups that `prune` removed. */
  readonly pruned: readonly GroupName[];
}

/**
 * Syncs the groups at the same time and writes down where they stand.
 *
 * @throws {PosternError} what concerns the whole host: a tree that is not safe, a lock that is held, an
 * endpoint that secrets may not travel to. What concerns one group is in its outcome.
 */
export async function fetchGroups(
  request: FetchRequest,
  effects: FetchEffects,
): Promise<FetchReport> {
  const { config, lockWaitMs, prune } = request;
  const services = openServices(config, effects);
  // asked for before the lock, to be there when the first request is to be signed; a failure is told then
  const home = services.findHome(config.home);
  for (const early of [services.provider.credentials(), home]) early.catch(() => undefined);
  try {
    // these questions are on their way before the start of another program stops everything for a while
    await nextTurn();
    const turn = { paths: config.paths, command: "fetch", waitMs: lockWaitMs };
    return await withTree(turn, effects, async (tree) => {
      const isFirst = previousStatus(tree) === undefined;
      const came = await fetchAll(request, services, home, tree, effects);
      const { status, outcomes } = writeStandings(tree, config, came, effects.clock.now());
      const left = leftGroups(tree, config);
      if (prune) for (const group of left) removeGroup(tree, group);
      return {
        outcomes,
        status,
        requests: services.requests.read(),
        // advice on the whole host is told with its first pass, not with every one
        warnings: [...(isFirst ? tree.warnings : []), ...(prune ? [] : left.map(saidLeft))],
        pruned: prune ? left : [],
      };
    });
  } finally {
    services.close();
  }
}

async function fetchAll(
  { config, groups }: FetchRequest,
  services: Services,
  home: Promise<Home>,
  tree: Tree,
  { clock, run }: FetchEffects,
): Promise<readonly GroupOutcome[]> {
  const owners = ownerLookup(run);
  getReady(groups, services, owners);
  let known: Home;
  try {
    known = await home;
  } catch (cause) {
    const error = toPosternError(cause);
    return groups.map(({ name }) => ({ kind: "failed", group: name, error }));
  }
  const host: Host = {
    config,
    clock,
    home: known,
    s3: services.s3(known.region),
    kms: () => services.kms(),
    tree,
    owners,
    sizes: heldSizes(config, tree),
  };
  return withinMs(config.limits.passTimeoutMs, clock, (deadline) =>
    Promise.all(groups.map((group) => syncPatiently(host, group, deadline))),
  );
}

function leftGroups(tree: Tree, { groups }: Config): readonly GroupName[] {
  return listGroups(tree).filter((held) => !groups.some(({ name }) => name === held));
}

// a config that lost a file by a slip must not take the files of running apps along
function saidLeft(group: GroupName): string {
  return `group "${group}" is no longer in the config and stays as it is: fetch --prune removes it`;
}

/**
 * Begins what the passes will need, while IMDS answers and nothing else can be done: getent(1), and loading the
 * SDK's client and what opens sealed secrets. A failure is told where it is needed.
 */
function getReady(groups: readonly GroupConfig[], services: Services, owners: OwnerLookup): void {
  import("../aws/s3-client.ts").catch(() => undefined);
  for (const { owner, decrypt } of groups) {
    owners(owner).catch(() => undefined);
    if (decrypt.mode !== "none") services.kms().catch(() => undefined);
    if (decrypt.mode === "envelope") import("../decrypt/envelope.ts").catch(() => undefined);
  }
}

/** Of every group, also those that are not fetched now: they hold memory all the same. */
function heldSizes({ groups }: Config, tree: Tree): Map<GroupName, number> {
  return new Map(groups.map(({ name }) => [name, heldSize(tree, name)]));
}

function heldSize(tree: Tree, group: GroupName): number {
  try {
    const current = readCurrent(tree, group);
    return current.kind === "generation" ? generationBytes(current.generation.manifest) : 0;
  } catch {
    // what is in the way there is for that group's own pass to tell
    return 0;
  }
}

// who asks for a pass wants what was just published; a publisher that never rests is for the next one
const MAX_LOOKS = 5;
const LOOK_AGAIN_MS = 500;

/** A pass, and a few more while the publisher is not done, as far as the deadline goes. */
async function syncPatiently(
  host: Host,
  group: GroupConfig,
  deadline: AbortSignal,
): Promise<GroupOutcome> {
  let outcome = await syncGroup(host, group, deadline);
  for (let look = 1; outcome.kind === "waiting" && look < MAX_LOOKS; look += 1) {
    try {
      await host.clock.sleep(outcome.untilMs ?? LOOK_AGAIN_MS * 2 ** look, deadline);
    } catch {
      return outcome;
    }
    outcome = await syncGroup(host, group, deadline);
  }
  return outcome;
}
