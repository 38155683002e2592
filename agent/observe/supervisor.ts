/**
 * What the service manager is told: ready, reloading, stopping, and that the loop is alive.
 *
 * Node has no datagram sockets of Unix's, and an addon would have to be built for every host and every Node;
 * systemd-notify(1) is there wherever the manager is. It is a child of the daemon, so the unit says NotifyAccess=all.
 * @see sd_notify(3), sd_watchdog_enabled(3), systemd-notify(1)
 * @module
 */
import type { Clock } from "../core/clock.ts";

export interface SupervisorOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Of this process: the watchdog may be meant for another. */
  readonly pid: number;
  readonly clock: Clock;
  /** Structurally `RunCommand`; what becomes of the program is nobody's trouble. */
  readonly run: (
    command: {
      readonly argv: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly timeoutMs: number;
    },
    signal: AbortSignal,
  ) => Promise<unknown>;
}

/** Does nothing where there is no manager to tell. Messages arrive in order; none of the promises rejects. */
export interface Supervisor {
  /** The service has started, or has read its configuration anew. */
  ready(status?: string): Promise<void>;
  /** One line for `systemctl status`; never a value. */
  status(text: string): Promise<void>;
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  /**
   * Tells the watchdog three times in its interval, as long as `isAlive` says so and until the signal aborts. Ends at
   * once where nobody watches.
   */
  watch(isAlive: () => boolean, signal: AbortSignal): Promise<void>;
}

// the manager answers at once, or is in trouble
const TIMEOUT_MS = 5000;

export function createSupervisor({ env, pid, clock, run }: SupervisorOptions): Supervisor {
  const socket = env["NOTIFY_SOCKET"];
  const everyMs = watchdogMs(env, pid);
  const never = new AbortController().signal;
  let last: Promise<unknown> = Promise.resolve();

  const tell = async (...words: readonly string[]): Promise<void> => {
    if (socket === undefined || socket === "") return;
    const command = {
      argv: ["systemd-notify", ...words],
      env: { NOTIFY_SOCKET: socket },
      timeoutMs: TIMEOUT_MS,
    };
    last = last.then(() => run(command, never)).catch(() => undefined);
    await last;
  };

  return {
    ready: (status) => tell("READY=1", ...(status === undefined ? [] : [encodeStatus(status)])),
    status: (text) => tell(encodeStatus(text)),
    reloading: () => tell("RELOADING=1"),
    stopping: () => tell("STOPPING=1"),
    watch: async (isAlive, signal) => {
      if (everyMs === undefined) return;
      while (!signal.aborted) {
        if (isAlive()) await tell("WATCHDOG=1");
        await clock.sleep(everyMs, signal).catch(() => undefined);
      }
    },
  };
}

/** A line break would begin another assignment. */
function encodeStatus(text: string): string {
  return `STATUS=${text.replace(/\p{Cc}+/gu, " ")}`;
}

/** A third of what the manager allows, in milliseconds; undefined when it does not watch this process. */
function watchdogMs(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const microseconds = Number(env["WATCHDOG_USEC"] ?? "");
  const isMine = [undefined, "", String(pid)].includes(env["WATCHDOG_PID"]);
  return isMine && microseconds > 0 ? microseconds / 3000 : undefined;
}
