/**
 * What the service manager is told: ready, reloading, stopping, and that the loop is alive.
 *
 * Node has no datagram sockets of Unix's, and an addon would have to be built for every host; systemd-notify(1) is
 * there wherever the manager is. It is a child, so the unit says NotifyAccess=all.
 * @see sd_notify(3), sd_watchdog_enabled(3)
 * @module
 */
import { execFile } from "node:child_process";
import type { Clock } from "../core/clock.ts";

export interface SupervisorOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Runs systemd-notify(1); its failure is nobody's trouble. */
  readonly notify: (words: readonly string[], socket: string) => Promise<void>;
}

export interface Supervisor {
  ready(): Promise<void>;
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  /** Says that the loop is alive, for as long as the signal does not abort; ends at once where nobody watches. */
  watch(clock: Clock, signal: AbortSignal): Promise<void>;
}

export function createSupervisor({ env, notify }: SupervisorOptions): Supervisor {
  const socket = env["NOTIFY_SOCKET"];
  const tell = async (...words: readonly string[]): Promise<void> => {
    if (socket !== undefined) await notify(words, socket);
  };
  const everyMs = watchdogMs(env);
  return {
    ready: () => tell("--ready"),
    reloading: () => tell("RELOADING=1"),
    stopping: () => tell("STOPPING=1"),
    watch: async (clock, signal) => {
      if (everyMs === undefined) return;
      while (!signal.aborted) {
        await tell("WATCHDOG=1");
        await clock.sleep(everyMs, signal).catch(() => undefined);
      }
    },
  };
}

/** systemd-notify(1), as this process's child. */
export const notifyManager: SupervisorOptions["notify"] = (words, socket) =>
  new Promise((resolve) => {
    const env = { PATH: "/usr/bin:/bin", NOTIFY_SOCKET: socket };
    execFile("systemd-notify", [...words], { env, timeout: 5000 }, () => resolve());
  });

/** A third of what the manager allows, in milliseconds; undefined when it does not watch. */
function watchdogMs(env: NodeJS.ProcessEnv): number | undefined {
  const microseconds = Number(env["WATCHDOG_USEC"] ?? "");
  return microseconds > 0 ? microseconds / 3000 : undefined;
}
