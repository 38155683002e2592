/** The daemon in this process: its signals, its log, its metrics and its control socket. @module */
import { fstatSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { type Budget, createBudget } from "../aws/budget.ts";
import type { Config } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import { PosternError, toPosternError } from "../core/errors.ts";
import { type Admin, servePort, serveSocket } from "../daemon/admin.ts";
import { type Daemon, runDaemon } from "../daemon/daemon.ts";
import type { DaemonObserver } from "../daemon/observer.ts";
import { judgeBy, reloadBy } from "../daemon/judging.ts";
import type { LifeEffects } from "../daemon/life.ts";
import { createRest } from "../daemon/rest.ts";
import { BRIEF, openServices } from "../daemon/services.ts";
import { runCommand } from "../notify/command.ts";
import { reloadKey } from "../notify/reload.ts";
import { createLog, isJournal, type Level, type Log } from "../observe/log.ts";
import { createMetrics, type Metrics, type Sample } from "../observe/metrics.ts";
import { openTextfile, type Textfile } from "../observe/textfile.ts";
import { createSupervisor } from "../observe/supervisor.ts";
import { readCurrent } from "../store/generation.ts";
import type { Manifest } from "../store/manifest.ts";
import { ownerLookup } from "../store/owners.ts";
import { actionsOf } from "./answering.ts";
import type { Surroundings } from "./command.ts";
import { NO_GROUP } from "./configured.ts";
import { notifyTools, systemEffects } from "./effects.ts";
import { faultIn, observe } from "./observing.ts";

export interface RunRequest {
  readonly config: Config;
  /** @throws {PosternError} ConfigInvalid */
  readonly readConfig: () => Promise<Config>;
  readonly level: Level;
  readonly format: "json" | "pretty";
  readonly textfile: string | undefined;
}

// node_exporter is scraped every quarter of a minute or so
const TEXTFILE_EVERY_MS = 15_000;

/** Runs until SIGTERM or SIGINT. @throws {PosternError} when it cannot start */
export async function runHere(request: RunRequest, surroundings: Surroundings): Promise<void> {
  const { config, level, format } = request;
  const { terminal, clock } = surroundings;
  const version = process.env["POSTERN_VERSION"] ?? "0.0.0";
  const log = createLog({
    level,
    format,
    journal: isJournal(terminal.env, fstatSync(process.stdout.fd)),
    write: (line) => void terminal.stdout.write(line),
    now: () => clock.now(),
  });
  const startedAt = clock.now() - Math.round(process.uptime() * 1000);
  const metrics = createMetrics({ version, node: process.version }, { startedAt });
  const observing = observe(log, metrics, () => clock.now());
  const { isFailedOver } = observing;
  const observer = restingAfter(observing.observer, clock);
  const effects = await lifeEffects(config, observer, surroundings);
  const stopping = new AbortController();
  const stop = (): void => {
    if (stopping.signal.aborted) return;
    log.write({ event: "stopping" });
    stopping.abort();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop);
  const heed = heedLater(["SIGHUP", "SIGUSR2"]);
  // a log that nobody reads any more must not end what it tells of
  terminal.stdout.on("error", () => {});
  // a listener of our own keeps Node from opening its debugger
  process.on("SIGUSR1", () => {});
  const { readConfig } = request;
  await runDaemon({ config, readConfig, signal: stopping.signal }, effects, async (daemon) => {
    log.write({ event: "started", version, groups: config.groups.length });
    await serve(
      daemon,
      { ...request, metrics, log, isFailedOver, heed, signal: stopping.signal },
      effects,
    );
  });
  log.write({ event: "stopped" });
}

/** Under --expose-gc, as the launcher starts it, memory is given back between passes. */
function restingAfter(observer: DaemonObserver, clock: Clock): DaemonObserver {
  const { gc } = globalThis;
  if (gc === undefined) return observer;
  const stirred = createRest({
    collect: () => gc(),
    monotonic: () => clock.monotonic(),
    after: (ms, act) => {
      const timer = setTimeout(act, ms).unref();
      return () => clearTimeout(timer);
    },
  });
  return {
    ...observer,
    onPass: (report) => {
      observer.onPass(report);
      stirred();
    },
  };
}

async function lifeEffects(
  config: Config,
  observer: DaemonObserver,
  surroundings: Surroundings,
): Promise<LifeEffects> {
  const [effects, tools] = await Promise.all([systemEffects(surroundings), notifyTools()]);
  // one for as long as this runs: reading a configuration over and over must not fill it up
  let budget: { readonly perMinute: number; readonly budget: Budget } | undefined;
  const budgetOf = ({ limits: { requestsPerMinute: perMinute } }: Config): Budget => {
    if (budget?.perMinute !== perMinute)
      budget = { perMinute, budget: createBudget(perMinute, effects.clock) };
    return budget.budget;
  };
  return {
    ...effects,
    judge: judgeBy(tools, config.paths),
    reload: reloadBy(tools),
    reloadKey,
    openServices: (choice, shared) =>
      openServices(choice, { ...effects, ...shared, budget: budgetOf(choice) }, BRIEF),
    observer,
  };
}

interface Serving extends RunRequest {
  readonly metrics: Metrics;
  readonly log: Log;
  readonly isFailedOver: (group: string) => boolean;
  readonly heed: Heed;
  readonly signal: AbortSignal;
}

/** From now on `act` follows the signal, at once if it came already. */
type Heed = (signal: NodeJS.Signals, act: () => void) => void;

/** None of `signals` ends this process any more; what came too early is acted on when there is who can. */
function heedLater(signals: readonly NodeJS.Signals[]): Heed {
  const early = new Set<NodeJS.Signals>();
  const acts = new Map<NodeJS.Signals, () => void>();
  for (const signal of signals)
    process.on(signal, () => {
      const act = acts.get(signal) ?? (() => void early.add(signal));
      act();
    });
  return (signal, act) => {
    acts.set(signal, act);
    if (early.has(signal)) act();
  };
}

/** Everything by which others reach the daemon, until it stops. */
async function serve(
  daemon: Daemon,
  { config, metrics, log, isFailedOver, heed, textfile, signal }: Serving,
  { clock, chance, run, env, pid }: LifeEffects,
): Promise<void> {
  const sample = (): Sample => sampleOf(daemon, isFailedOver, clock.now());
  const actions = actionsOf(daemon, log, () => metrics.text(sample()));
  const { controlGroup, metricsListen } = config;
  const user = String(process.getuid?.() ?? 0);
  const { gid } = await ownerLookup(run)({ user, group: controlGroup }).catch((cause: unknown) => {
    const { code, message, hint } = toPosternError(cause);
    const more = hint === undefined ? {} : { hint };
    throw new PosternError(code, `control.group: ${message}`, { cause, ...more });
  });
  const socket = await serveSocket(daemon.tree, gid, actions);
  let port: Admin | undefined;
  try {
    port = metricsListen && (await servePort(metricsListen, actions));
    await attend();
  } finally {
    await Promise.all([socket.close(), port?.close()]);
  }

  /** Tells the manager, and listens to signals, until the daemon stops. */
  async function attend(): Promise<void> {
    const supervisor = createSupervisor({ env, pid, clock, run: runCommand });
    const ready = (): Promise<void> =>
      supervisor.ready(`keeps ${daemon.config().groups.length} groups in step with S3`);
    const reread = (): void => {
      void supervisor
        .reloading()
        .then(() => daemon.reconfigure())
        .then(() => {
          for (const warning of warningsOf(daemon.config(), config))
            log.write({ event: "config-warning", warning });
        })
        .then(ready);
    };
    const refreshAll = (): void => {
      const all = { groups: [], prune: false, release: false, acceptOlder: false };
      daemon.refresh(all).catch(() => undefined);
    };
    heed("SIGHUP", reread);
    heed("SIGUSR2", refreshAll);
    const ended = Promise.all([
      supervisor.watch(() => true, signal),
      textfile === undefined
        ? undefined
        : keepTextfile(openTextfile(textfile, chance), () => metrics.text(sample())),
    ]);
    await ready();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.all([supervisor.stopping(), ended]);
  }

  async function keepTextfile(file: Textfile, text: () => Promise<string>): Promise<void> {
    while (!signal.aborted) {
      try {
        await file.write(await text());
      } catch (error) {
        log.write({ event: "textfile-failed", ...faultIn(toPosternError(error)) });
      }
      await clock.sleep(TEXTFILE_EVERY_MS, signal).catch(() => undefined);
    }
  }
}

/** What a person should know who had the configuration read again. */
function warningsOf(now: Config, first: Config): readonly string[] {
  const kept = ({ controlGroup, metricsListen }: Config): unknown => [controlGroup, metricsListen];
  return [
    ...(isDeepStrictEqual(kept(now), kept(first))
      ? []
      : ["control and metrics changed: they are taken up at a restart alone"]),
    ...(now.groups.length === 0 ? [NO_GROUP] : []),
  ];
}

/** What is read anew for each scrape. */
function sampleOf(daemon: Daemon, isFailedOver: (group: string) => boolean, now: number): Sample {
  const { retries } = daemon.requests();
  return {
    now,
    requests: { results: daemon.requestResults(), retries },
    credentialsExpireAt: daemon.credentialsExpireAt(),
    groups: (daemon.status()?.groups ?? []).map((status) => {
      const manifest = manifestOf(daemon, status.group);
      return {
        status,
        generationCreatedAt: manifest?.created,
        bundleRevision: manifest?.bundle?.revision,
        failedOver: isFailedOver(status.group),
      };
    }),
  };
}

function manifestOf(daemon: Daemon, group: string): Manifest | undefined {
  const known = daemon.config().groups.find(({ name }) => name === group);
  try {
    const current = known && readCurrent(daemon.tree, known.name);
    return current?.kind === "generation" ? current.generation.manifest : undefined;
  } catch {
    // what is in the way there is for the group's pass to tell
    return undefined;
  }
}
