/** The daemon in this process, over a test host's real config, files and sandbox. @module */
import { once } from "node:events";
import type { TestContext } from "node:test";
import { loadConfig, runningUser } from "../../agent/config/load.ts";
import type { GroupConfig, ReloadConfig } from "../../agent/config/config.ts";
import { systemChance, systemClock } from "../../agent/core/clock.ts";
import type { PosternError } from "../../agent/core/errors.ts";
import type { GroupOutcome } from "../../agent/core/outcome.ts";
import { type Daemon, runDaemon } from "../../agent/daemon/daemon.ts";
import type { FailoverEvent } from "../../agent/daemon/failover.ts";
import type { Judge } from "../../agent/daemon/host.ts";
import type { PassReport, ReloadReport } from "../../agent/daemon/observer.ts";
import type { ReloadEnd } from "../../agent/notify/ending.ts";
import { BRIEF, openServices } from "../../agent/daemon/services.ts";
import { systemFileSystem } from "../../agent/store/file-system.ts";
import { systemProgram } from "../../agent/store/program.ts";
import type { TestHost } from "./host.ts";
import { uid } from "./store.ts";

export interface RunningDaemon {
  readonly daemon: Daemon;
  readonly passes: PassReport[];
  readonly reloads: ReloadReport[];
  readonly removed: string[];
  readonly failovers: FailoverEvent["kind"][];
  /** How many groups each configuration had that was taken up. */
  readonly configs: number[];
  readonly refused: PosternError[];
  /** Resolves with the report of the next reload that is reported after this call. */
  readonly nextReload: () => Promise<ReloadReport>;
  readonly refresh: (group: string, release?: boolean) => Promise<GroupOutcome>;
  /** As SIGTERM does. */
  readonly stop: () => Promise<void>;
}

export interface DaemonParts {
  /** Done before the configuration is read anew. */
  readonly beforeReading?: () => Promise<void>;
  readonly judge?: Judge;
  readonly reload?: (
    reload: ReloadConfig,
    groups: readonly GroupConfig[],
    signal: AbortSignal,
  ) => Promise<ReloadEnd>;
}

/** Everybody may use everything. */
const lenient: Judge = { check: () => Promise.resolve(), verify: () => Promise.resolve() };

/** Starts it; it ends with the test. Passes come when asked for: the config's `every` had better be long. */
export async function startDaemon(
  t: TestContext,
  host: TestHost,
  {
    judge = lenient,
    reload = () => Promise.resolve({ kind: "done" }),
    beforeReading = () => Promise.resolve(),
  }: DaemonParts = {},
): Promise<RunningDaemon> {
  const passes: PassReport[] = [];
  const reloads: ReloadReport[] = [];
  const removed: string[] = [];
  const failovers: RunningDaemon["failovers"] = [];
  const configs: number[] = [];
  const refused: PosternError[] = [];
  const told = new EventTarget();
  const stopping = new AbortController();
  const readConfig = (): Promise<Awaited<ReturnType<typeof loadConfig>>> =>
    Promise.resolve(loadConfig({ file: host.config, ...runningUser() }));
  let running: Promise<void> | undefined;
  const daemon = await new Promise<Daemon>((resolve, reject) => {
    void readConfig().then((config) => {
      // the SDK looks nowhere else
      const env = Object.assign(process.env, host.env);
      const time = { env, clock: systemClock, chance: systemChance };
      running = runDaemon(
        {
          config,
          readConfig: () => beforeReading().then(readConfig),
          signal: stopping.signal,
        },
        {
          ...time,
          openServices: (choice, shared) => openServices(choice, { ...time, ...shared }, BRIEF),
          fs: systemFileSystem,
          run: systemProgram,
          uid,
          pid: process.pid,
          judge,
          reload,
          reloadKey: (wanted) => JSON.stringify(wanted),
          observer: {
            onWait: () => {},
            onPass: (report) => passes.push(report),
            onReload: (report) => {
              reloads.push(report);
              told.dispatchEvent(new Event("reload"));
            },
            onRemoved: (group, why) => removed.push(`${group} ${why}`),
            onConfig: (groups) => configs.push(groups),
            onFailover: ({ kind }) => failovers.push(kind),
            onConfigRefused: (error) => refused.push(error),
            onClockStep: () => {},
          },
        },
        async (started) => resolve(started),
      );
      running.catch(reject);
    }, reject);
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  t.after(stop);
  return {
    daemon,
    passes,
    reloads,
    removed,
    failovers,
    configs,
    refused,
    nextReload: async () => {
      await once(told, "reload");
      const last = reloads.at(-1);
      if (last === undefined) throw new Error("no reload");
      return last;
    },
    refresh: async (group, release = false) => {
      const wishes = { release, acceptOlder: false, prune: false };
      const {
        outcomes: [outcome],
      } = await daemon.refresh({ groups: [group], ...wishes });
      if (outcome === undefined) throw new Error(`no outcome of ${group}`);
      return outcome;
    },
    stop,
  };
}
