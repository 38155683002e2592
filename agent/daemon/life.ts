/** The daemon's work under one configuration, from when it was read until the next one, or the end. @module */
import { setMaxListeners } from "node:events";
import { isDeepStrictEqual } from "node:util";
import type { RequestCounter } from "../aws/requests.ts";
import type { Config, GroupConfig } from "../config/config.ts";
import { PosternError, toPosternError } from "../core/errors.ts";
import type { GroupName } from "../core/names.ts";
import type { GroupOutcome } from "../core/outcome.ts";
import { attempt } from "../store/fault.ts";
import { readCurrent } from "../store/generation.ts";
import { ownerLookup } from "../store/owners.ts";
import { readRecord } from "../store/record.ts";
import type { Tree } from "../store/tree.ts";
import { withinMs } from "./deadline.ts";
import type { FetchEffects } from "./fetch-turn.ts";
import type { HomeHealth } from "./home-health.ts";
import type { Host } from "./host.ts";
import { type Keeper, keepGroup } from "./keeper.ts";
import type { DaemonObserver, ReloadReport } from "./observer.ts";
import { getReady, openHost } from "./open-host.ts";
import { syncPatiently } from "./patience.ts";
import { createReloads, type ReloadEffects } from "./reloads.ts";
import type { Services } from "./services.ts";
import { previousStanding, writeStandings } from "./standings.ts";
import { syncGroup } from "./sync.ts";
import { createTurns } from "./turns.ts";

export interface LifeEffects extends FetchEffects, Pick<ReloadEffects, "reload" | "reloadKey"> {
  readonly observer: DaemonObserver;
  /** AWS, as this host sees it until the signal: `openServices` with `BRIEF`. */
  readonly openServices: (config: Config, shared: Shared) => Services;
}

export interface Shared {
  readonly signal: AbortSignal;
  /** One for all of the daemon: a new configuration does not begin the count anew. */
  readonly requests: RequestCounter;
}

/** What the work under the configuration before left behind. */
export interface Past {
  readonly config: Config;
  /** What was heard of its home bucket. */
  readonly health: HomeHealth | undefined;
}

export interface Life {
  readonly config: Config;
  past(): Past;
  readonly services: Services;
  /** Passes over the named groups that begin after this call, with their reloads under way. */
  refresh(groups: readonly GroupName[]): Promise<readonly GroupOutcome[]>;
  /** Does `work` while no pass is under way in the group, and tells who uses it if that owes a reload. */
  alone<Result>(group: GroupName, work: () => Promise<Result>): Promise<Result>;
  /** Whether it ended, or is about to: what was cut off by that says nothing. */
  isOver(): boolean;
  /** Ends it: passes under way are cut off, files stay. Resolves when nothing is under way any more. */
  end(): Promise<void>;
}

/**
 * Begins to keep every group of `config`.
 * @param past undefined when the daemon starts
 * @throws {PosternError} ConfigInvalid for an endpoint that secrets may not travel to
 */
export function beginLife(
  config: Config,
  past: Past | undefined,
  tree: Tree,
  requests: RequestCounter,
  effects: LifeEffects,
): Life {
  const stop = new AbortController();
  const { signal } = stop;
  const services = effects.openServices(config, { signal, requests });
  // every group listens, and every reload that waits
  setMaxListeners(0, signal);
  const turns = createTurns();
  const onReload = (report: ReloadReport): void => {
    // it says what is owed
    attempt(() => writeStandings(tree, config, [], effects.clock.now()));
    effects.observer.onReload(report);
  };
  const reloads = createReloads(
    { tree, groups: config.groups, turns, signal },
    { ...effects, observer: { onReload } },
  );
  const samePlace = isDeepStrictEqual(past?.config.home, config.home);
  const health = samePlace ? past?.health : undefined;
  let known: Host | undefined;
  const find = hostOnceKnown(config, services, tree, effects, health);
  const host = async (): Promise<Host> => (known ??= await find());
  const keepers = new Map<GroupName, Keeper>();
  for (const group of config.groups) {
    const pass = async (isAsked: boolean): Promise<GroupOutcome> => {
      const outcome = await turns.inTurn(group.name, () =>
        passOver({ config, tree, group, host, isAsked, signal }, effects),
      );
      if (!signal.aborted) reloads.settle(group.name);
      return outcome;
    };
    const isNeeded = needsPass(tree, group, past?.config);
    const { refresh: rhythm } = config;
    keepers.set(group.name, keepGroup({ rhythm, isNeeded, pass, signal, ...effects }));
    // owed by a daemon that died; what is not verified yet waits for its pass
    if (!isNeeded) reloads.settle(group.name);
  }
  return {
    config,
    services,
    past: () => ({ config, health: known?.failover.health() ?? health }),
    refresh: (groups) =>
      Promise.all(groups.flatMap((group) => keepers.get(group)?.refresh() ?? [])),
    alone: async (group, work) => {
      const result = await turns.inTurn(group, work);
      reloads.settle(group);
      return result;
    },
    isOver: () => signal.aborted,
    end: async () => {
      stop.abort(new PosternError("Unavailable", "postern is stopping"));
      await Promise.all([...keepers.values()].map(({ done }) => done));
      await reloads.idle();
      services.close();
    },
  };
}

interface PassRequest {
  readonly config: Config;
  readonly tree: Tree;
  readonly group: GroupConfig;
  readonly host: () => Promise<Host>;
  readonly isAsked: boolean;
  /** Ends the daemon. */
  readonly signal: AbortSignal;
}

/** A pass and what is written down about it. Never rejects. */
async function passOver(request: PassRequest, effects: LifeEffects): Promise<GroupOutcome> {
  const { config, tree, group, isAsked, signal } = request;
  const { clock, observer } = effects;
  const { name } = group;
  const began = clock.monotonic();
  const before = previousStanding(tree, name)?.state;
  const goneBefore = readRecord(tree, name).removed;
  let outcome: GroupOutcome;
  try {
    const host = await request.host();
    const sync = isAsked ? syncPatiently : syncGroup;
    const { passTimeoutMs } = config.limits;
    outcome = await withinMs(passTimeoutMs, clock, (until) => sync(host, group, until), signal);
  } catch (error) {
    outcome = { kind: "failed", group: name, error: toPosternError(error) };
  }
  // what was cut off by the end of the daemon says nothing about the group
  if (signal.aborted && outcome.kind === "failed") return outcome;
  try {
    const written = writeStandings(tree, config, [outcome], clock.now());
    outcome = written.outcomes[0] ?? outcome;
    const status = written.status.groups.find((known) => known.group === name);
    const durationMs = clock.monotonic() - began;
    if (status !== undefined) observer.onPass({ group: name, outcome, before, status, durationMs });
    const { removed } = readRecord(tree, name);
    if (removed !== undefined && goneBefore === undefined) observer.onRemoved(name, removed);
  } catch (error) {
    // what cannot be written down is told all the same
    if (outcome.kind !== "failed")
      outcome = { kind: "failed", group: name, error: toPosternError(error) };
    const durationMs = clock.monotonic() - began;
    observer.onPass({ group: name, outcome, before, status: undefined, durationMs });
  }
  return outcome;
}

/** Who this host is, asked until it is answered, and once. */
function hostOnceKnown(
  config: Config,
  services: Services,
  tree: Tree,
  { clock, chance, run, judge, uid, observer }: LifeEffects,
  health: HomeHealth | undefined,
): () => Promise<Host> {
  const owners = ownerLookup(run);
  void getReady(config.groups, services, owners);
  let known: Promise<Host> | undefined;
  return () => {
    known ??= services
      .findHome(config.home)
      .then((home) =>
        openHost({
          config,
          services,
          home,
          tree,
          owners,
          clock,
          chance,
          health,
          onFailover: (event) => observer.onFailover(event),
          uid,
          judge,
          owesReloads: true,
        }),
      )
      .catch((error: unknown) => {
        known = undefined;
        throw error;
      });
    return known;
  };
}

/** Whether readers wait for the group: it has no set, one that is not verified, or other settings than a moment ago. */
function needsPass(tree: Tree, group: GroupConfig, previous: Config | undefined): boolean {
  const before = previous?.groups.find(({ name }) => name === group.name);
  if (previous !== undefined && !isDeepStrictEqual(before, group)) return true;
  try {
    const current = readCurrent(tree, group.name);
    if (current.kind !== "generation") return true;
    return readRecord(tree, group.name).unverified === current.generation.id;
  } catch {
    // what is in the way there is for the pass to tell
    return true;
  }
}
