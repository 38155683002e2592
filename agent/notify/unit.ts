/**
 * Tells a systemd unit that a set changed: never starts what an administrator stopped, and never waits for a unit
 * that is still starting.
 * @see systemctl(1), try-reload-or-restart and try-restart
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { RunCommand } from "./command.ts";
import type { ReloadEnd } from "./ending.ts";
import type { ShowUnit } from "./systemctl.ts";
import { judgeUnitState } from "./unit-state.ts";

export interface UnitReload {
  readonly unit: string;
  readonly action: "reload" | "restart";
}

/** Reloads or restarts a unit that is active. */
export async function reloadUnit(
  { unit, action }: UnitReload,
  tools: { readonly run: RunCommand; readonly show: ShowUnit; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<ReloadEnd> {
  const state = await tools.show(unit, signal);
  if (state === undefined) return unanswered(unit);
  const reloadable = judgeUnitState(state);
  if (reloadable.kind !== "now") return { ...reloadable, why: `${unit}: ${reloadable.why}` };
  const verb = action === "restart" ? "try-restart" : "try-reload-or-restart";
  const end = await tools.run(
    { argv: ["systemctl", "--no-ask-password", verb, unit], env: {}, timeoutMs: tools.timeoutMs },
    signal,
  );
  if (end.kind === "ended" && end.status === 0) return { kind: "done" };
  // of a manager that does not answer any more, that was all that failed
  if ((await tools.show(unit, signal)) === undefined) return unanswered(unit);
  if (end.kind === "timed-out")
    return failed(unit, `it did not ${action} within ${tools.timeoutMs / 1000}s`);
  return failed(unit, `it did not ${action}`);
}

function unanswered(unit: string): ReloadEnd {
  const message = `cannot tell unit ${quote(unit)}: systemd does not answer`;
  const hint = "see whether it does: systemctl is-system-running";
  return { kind: "failed", error: new PosternError("Unavailable", message, { hint }) };
}

function failed(unit: string, why: string): ReloadEnd {
  const error = new PosternError("CheckFailed", `cannot tell unit ${quote(unit)}: ${why}`, {
    hint: `see what it says: systemctl status ${unit}`,
  });
  return { kind: "failed", error };
}
