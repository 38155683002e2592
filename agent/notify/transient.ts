/**
 * Commands as transient units: under systemd a command of the configuration runs beside the daemon, not within its
 * confinement, which would stop it from writing what it is there to write.
 * @see systemd-run(1), systemd.exec(5)
 * @module
 */
import type { Command, CommandEnd, RunCommand } from "./command.ts";

/** What names a transient unit. */
export interface TransientName {
  readonly kind: "check" | "verify" | "reload";
  readonly group: string;
  /** Tells two of one kind apart. */
  readonly id: string;
}

// for systemd to notice that the time is up, and to tell
const MARGIN_MS = 5000;
// postern ends within two seconds, whatever has become of systemd: it may take its own time to hear this
const STOPPING_MS = 500;

/**
 * Runs `run`'s commands as transient units of the system's manager, which tells whether one succeeded, and not how it
 * failed. So after a failure it is asked to run true(1): if it does not, the failure was its own, and says nothing of
 * the command.
 */
export function inTransientUnit(run: RunCommand, name: TransientName): RunCommand {
  return async (command, signal) => {
    const unit = unitName(name);
    const end = await run(
      {
        argv: transientArgv(command, unit),
        env: {},
        timeoutMs: command.timeoutMs + MARGIN_MS,
      },
      signal,
    );
    if (end.kind === "timed-out" || end.kind === "stopped") {
      // only the one who waited for it is dead so far
      const stop = { argv: ["systemctl", "kill", "--signal=SIGKILL", unit], env: {} };
      const forMs = end.kind === "stopped" ? STOPPING_MS : MARGIN_MS;
      await run({ ...stop, timeoutMs: forMs }, new AbortController().signal);
    }
    if (end.kind === "stopped" || isSuccess(end)) return end;
    const probe = transientArgv(PROBE, unitName({ ...name, id: `${name.id}-probe` }));
    const answer = await run({ argv: probe, env: {}, timeoutMs: MARGIN_MS }, signal);
    if (!isSuccess(answer)) return { kind: "unanswered" };
    return end.kind === "ended" ? { kind: "unsuccessful" } : end;
  };
}

const PROBE = { argv: ["true"], env: {}, timeoutMs: MARGIN_MS };

function isSuccess(end: CommandEnd): boolean {
  return end.kind === "ended" && end.status === 0;
}

/** What systemd-run(1) is asked for. */
function transientArgv({ argv, env, timeoutMs }: Command, unit: string): readonly string[] {
  const properties = [
    // of a oneshot, starting is all it does
    `TimeoutStartSec=${timeoutMs}ms`,
    "TimeoutStopSec=2s",
    "KillMode=control-group",
    "LimitCORE=0",
    // it may have read secrets
    "StandardOutput=null",
    "StandardError=null",
  ];
  return [
    "systemd-run",
    "--quiet",
    "--wait",
    "--collect",
    "--no-ask-password",
    // of another type a command that SIGTERM ended has succeeded, and systemd 252 loses some failures of type exec
    "--service-type=oneshot",
    `--unit=${unit}`,
    `--description=postern: ${unit}`,
    ...properties.map((property) => `--property=${property}`),
    ...Object.entries(env).map(([name, value]) => `--setenv=${name}=${value}`),
    "--",
    // a service's words are searched for variables
    ...argv.map((word) => word.replaceAll("$", "$$$$")),
  ];
}

/** "postern-check-web-1f2e3d.service"; a group's name has no character that a unit's may not have. */
function unitName({ kind, group, id }: TransientName): string {
  return `postern-${kind}-${group}-${id}.service`;
}
