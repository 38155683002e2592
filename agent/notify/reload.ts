/** Telling whoever uses a set that it changed. @module */
import type { Chance } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Command, CommandEnd, RunCommand } from "./command.ts";
import type { ReloadEnd } from "./ending.ts";
import { type Processes, type SignalReload, signalProcess } from "./pidfile.ts";
import { inTransientUnit, type TransientName } from "./transient.ts";
import type { ShowUnit } from "./systemctl.ts";
import { reloadUnit, type UnitReload } from "./unit.ts";

/** Structurally `ReloadConfig`. */
export type Reload =
  | ({ readonly kind: "unit" } & UnitReload)
  | ({ readonly kind: "signal" } & SignalReload)
  | { readonly kind: "command"; readonly argv: readonly string[] };

export interface NotifyTools {
  readonly run: RunCommand;
  readonly show: ShowUnit;
  readonly processes: Processes;
  readonly chance: Chance;
  /** Whether commands run as transient units: the manager is systemd, and this process may ask it to. */
  readonly systemd: boolean;
}

export interface Occasion {
  readonly kind: TransientName["kind"];
  /** The first of the groups that it is about. */
  readonly group: string;
  readonly timeoutMs: number;
}

/** Tells once. Never rejects. */
export async function tell(
  reload: Reload,
  occasion: Omit<Occasion, "kind">,
  tools: NotifyTools,
  signal: AbortSignal,
): Promise<ReloadEnd> {
  switch (reload.kind) {
    case "unit":
      return reloadUnit(reload, { ...tools, ...occasion }, signal);
    case "signal":
      return signalProcess(reload, tools.processes);
    case "command": {
      const { argv } = reload;
      const env = { POSTERN_GROUP: occasion.group };
      const end = await runFor({ ...occasion, kind: "reload" }, { argv, env }, tools, signal);
      const error = faultOf("reload", argv, end, occasion.timeoutMs);
      return error === undefined ? { kind: "done" } : { kind: "failed", error };
    }
    default:
      return reload satisfies never;
  }
}

/** Runs a command of the configuration: as a transient unit where there is systemd, else as a child. */
export function runFor(
  { kind, group, timeoutMs }: Occasion,
  command: Omit<Command, "timeoutMs">,
  { run, systemd, chance }: NotifyTools,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const id = chance.bytes(4).toString("hex");
  const how = systemd ? inTransientUnit(run, { kind, group, id }) : run;
  return how({ ...command, timeoutMs }, signal);
}

/** What went wrong with a command; undefined when it succeeded. What it printed is not known, on purpose. */
export function faultOf(
  what: Occasion["kind"],
  argv: readonly string[],
  end: CommandEnd,
  timeoutMs: number,
): PosternError | undefined {
  const program = quote(argv[0] ?? "");
  switch (end.kind) {
    case "ended":
      if (end.status === 0) return undefined;
      return new PosternError(
        "CheckFailed",
        `${what} failed: ${program} exited with ${end.status}`,
        {
          hint: "run it by hand to see what it says: its output is not kept, since it may read secrets",
        },
      );
    case "signalled":
      return new PosternError(
        "CheckFailed",
        `${what} failed: ${program} was ended by ${end.signal}`,
      );
    case "unsuccessful":
      return new PosternError(
        "CheckFailed",
        `${what} failed: ${program} did not succeed within ${timeoutMs / 1000}s`,
        {
          hint: "run it by hand to see what it says: its output is not kept, since it may read secrets",
        },
      );
    case "unanswered":
      return new PosternError("Unavailable", `${what} was not made: systemd does not answer`, {
        hint: "commands are run by systemd-run --wait, which needs D-Bus: see that both are well",
      });
    case "timed-out":
      return new PosternError(
        "CheckFailed",
        `${what} failed: ${program} took longer than ${timeoutMs / 1000}s`,
        { hint: "raise on_change.timeout if it needs longer" },
      );
    case "stopped":
      return new PosternError("Unavailable", `${what} was cut off: postern is stopping`);
    case "not-started":
      return new PosternError(
        "CheckFailed",
        `${what} failed: cannot run ${program} (${end.errno})`,
        {
          hint: "name it by its whole path, and see that it may be executed",
        },
      );
    default:
      return end satisfies never;
  }
}

/** Equal for reloads that tell the same one in the same way. */
export function reloadKey(reload: Reload): string {
  switch (reload.kind) {
    case "unit":
      return `unit ${reload.action} ${reload.unit}`;
    case "signal":
      return `signal ${reload.signal} ${reload.pidfile}`;
    case "command":
      return `command ${JSON.stringify(reload.argv)}`;
    default:
      return reload satisfies never;
  }
}
