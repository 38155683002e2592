/**
 * `postern run`: keeps every group fresh for the life of the host.
 *
 * It holds the lock for as long as it runs, so it is the one writer. Each group has a keeper of its own and never
 * waits for another's trouble. A new configuration ends the work under the old one and begins anew; the files stay
 * where they are in between.
 * @module
 */
import { createRequestCounter, type RequestResults } from "../aws/requests.ts";
import type { Config, GroupConfig } from "../config/config.ts";
import { PosternError, toPosternError } from "../core/errors.ts";
import { type GroupName, quote } from "../core/names.ts";
import type { GroupOutcome, RequestCounts } from "../core/outcome.ts";
import { removeGroup } from "../store/sweep.ts";
import type { Tree } from "../store/tree.ts";
import { type RolledBackTo, rollBackByHand } from "./by-hand.ts";
import { leftGroups } from "./left.ts";
import { beginLife, type Life, type LifeEffects } from "./life.ts";
import { clockStepMs } from "./schedule.ts";
import { previousStatus, writeStandings } from "./standings.ts";
import type { Status } from "../observe/status.ts";
import { grant, type Wishes } from "./wishes.ts";
import { withTree } from "./writer.ts";

export interface DaemonOptions {
  readonly config: Config;
  /** Reads the configuration anew. @throws {PosternError} ConfigInvalid */
  readonly readConfig: () => Promise<Config>;
  /** Ends the daemon. */
  readonly signal: AbortSignal;
}

/** The running daemon, for signals and for the control socket. */
export interface Daemon {
  readonly tree: Tree;
  config(): Config;
  /** As the last passes left it. */
  status(): Status | undefined;
  /** Since the daemon began, as its results. */
  requests(): RequestCounts;
  requestResults(): RequestResults;
  /** Epoch milliseconds; undefined before the first credentials, and for those that do not expire. */
  credentialsExpireAt(): number | undefined;
  /**
   * A pass over each of the groups, all when none is named, that begins after this call.
   * @throws {PosternError} NotFound for a group that is not configured
   */
  refresh(request: RefreshRequest): Promise<Refreshed>;
  /**
   * The group's previous generation on this host; what was current is held until it changes.
   * @throws {PosternError} NotFound for a group that is not configured, or that has nothing to go back to
   */
  rollBack(group: string): Promise<RolledBackTo>;
  /** Reads the configuration anew and goes on with it, or with the old one if it is refused. Never rejects. */
  reconfigure(): Promise<void>;
}

export interface RefreshRequest extends Wishes {
  readonly groups: readonly string[];
  /** Removes groups that are on the disk and no longer in the configuration. */
  readonly prune: boolean;
}

export interface Refreshed {
  readonly outcomes: readonly GroupOutcome[];
  readonly pruned: readonly GroupName[];
}

// between two looks at the clock
const CLOCK_LOOK_MS = 30_000;

/**
 * Runs until the signal aborts; everything stays in place then.
 * @param use gets the daemon once its loop runs, and is waited for at the end
 * @throws {PosternError} Locked, UnsafeTree, CannotWrite or ConfigInvalid, when it cannot start
 */
export async function runDaemon(
  { config, readConfig, signal }: DaemonOptions,
  effects: LifeEffects,
  use: (daemon: Daemon) => Promise<void>,
): Promise<void> {
  const waitMs = config.limits.passTimeoutMs;
  const onWait = (why: PosternError): void => effects.observer.onWait(why);
  const turn = { paths: config.paths, command: "run", waitMs, signal, onWait };
  let isWriter = false;
  await withTree(turn, effects, async (tree) => {
    isWriter = true;
    writeStandings(tree, config, [], effects.clock.now());
    const requests = createRequestCounter();
    let life = beginLife(config, undefined, tree, requests, effects);
    let changing: Promise<void> = Promise.resolve();
    const change = async (): Promise<void> => {
      const next = await nextConfig(life.config, readConfig, effects);
      if (next === undefined) return;
      const past = life.past();
      await life.end();
      if (signal.aborted) return;
      try {
        life = beginLife(next, past, tree, requests, effects);
        effects.observer.onConfig(next.groups.length);
      } catch (error) {
        life = beginLife(past.config, past, tree, requests, effects);
        effects.observer.onConfigRefused(toPosternError(error));
      }
    };
    const reconfigure = (): Promise<void> => (changing = changing.then(change));
    const over = new AbortController();
    try {
      effects.observer.onConfig(config.groups.length);
      void watchClock(effects, over.signal);
      const refresh = async (request: RefreshRequest): Promise<Refreshed> => {
        for (;;) {
          // who asks while the configuration is read anew wants that
          await changing;
          const asked = life;
          const refreshed = await refreshIn(asked, tree, request).catch((error: unknown) => {
            if (signal.aborted || !asked.isOver()) throw error;
          });
          const isCutOff = asked.isOver() && !signal.aborted;
          if (refreshed !== undefined && !(isCutOff && refreshed.outcomes.some(isFailed)))
            return refreshed;
        }
      };
      await use({
        ...daemonOf(tree, () => life),
        requests: () => requests.read(),
        requestResults: () => requests.results(),
        refresh,
        reconfigure,
      });
      await untilAborted(signal);
    } finally {
      over.abort();
      await changing;
      await life.end();
    }
  }).catch((error: unknown) => {
    // who is told to end while it waits for its turn has nothing to end
    if (isWriter || !signal.aborted) throw error;
  });
}

function isFailed({ kind }: GroupOutcome): boolean {
  return kind === "failed";
}

async function refreshIn(
  life: Life,
  tree: Tree,
  { groups, prune, ...wishes }: RefreshRequest,
): Promise<Refreshed> {
  const { config } = life;
  const chosen = namedGroups(config, groups);
  for (const group of chosen)
    await life.alone(group.name, async () => grant(tree, config.home, group, wishes));
  const outcomes = await life.refresh(chosen.map(({ name }) => name));
  const pruned = prune ? leftGroups(tree, config) : [];
  for (const group of pruned) removeGroup(tree, group);
  return { outcomes, pruned };
}

function daemonOf(
  tree: Tree,
  life: () => Life,
): Pick<Daemon, "tree" | "config" | "status" | "credentialsExpireAt" | "rollBack"> {
  return {
    tree,
    config: () => life().config,
    status: () => previousStatus(tree),
    credentialsExpireAt: () => life().services.provider.expiresAt(),
    rollBack: async (named) => {
      const [group] = namedGroups(life().config, [named]);
      if (group === undefined) throw unknown(named);
      const { config } = life();
      return life().alone(group.name, async () =>
        rollBackByHand(tree, config, group, { owesReload: true }),
      );
    },
  };
}

function namedGroups({ groups }: Config, names: readonly string[]): readonly GroupConfig[] {
  for (const name of names) {
    if (!groups.some((group) => group.name === name)) throw unknown(name);
  }
  return names.length === 0 ? groups : groups.filter(({ name }) => names.includes(name));
}

function unknown(name: string): PosternError {
  return new PosternError("NotFound", `no group ${quote(name)} in the daemon's configuration`, {
    hint: "systemctl reload postern makes it read its configuration anew",
  });
}

/** The new configuration, or undefined when it is refused. */
async function nextConfig(
  { paths }: Config,
  readConfig: () => Promise<Config>,
  { observer }: LifeEffects,
): Promise<Config | undefined> {
  try {
    const next = await readConfig();
    if (next.paths.run === paths.run && next.paths.state === paths.state) return next;
    throw new PosternError("ConfigInvalid", "paths cannot change while the daemon runs", {
      hint: "restart it: systemctl restart postern",
    });
  } catch (error) {
    observer.onConfigRefused(toPosternError(error));
    return undefined;
  }
}

async function watchClock({ clock, observer }: LifeEffects, signal: AbortSignal): Promise<void> {
  let wall = clock.now();
  let monotonic = clock.monotonic();
  for (;;) {
    try {
      await clock.sleep(CLOCK_LOOK_MS, signal);
    } catch {
      return;
    }
    const step = clockStepMs(clock.now() - wall, clock.monotonic() - monotonic);
    if (step !== 0) observer.onClockStep(step);
    wall = clock.now();
    monotonic = clock.monotonic();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
