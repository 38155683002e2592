/** What surrounds a change: whether the programs may be run, and whether the reload would do what is meant. @module */
import type { Config, GroupConfig, ReloadConfig } from "../config/config.ts";
import { isWithin } from "../config/overlap.ts";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { findExecutable } from "../notify/executable.ts";
import { readPidFile } from "../notify/pidfile.ts";
import {
  parseCredentialPaths,
  parseUnitState,
  showArguments,
  type UnitState,
} from "../notify/unit-state.ts";
import type { RunProgram } from "../store/program.ts";
import { failed, type Finding, ok, skipped, warning } from "./finding.ts";
import type { Kernel } from "./kernel.ts";

export interface ChangeEffects {
  readonly kernel: Kernel;
  readonly run: RunProgram;
  readonly uid: number;
}

/** Nothing of groups that have nothing to run. */
export async function examineChanges(
  { paths }: Config,
  groups: readonly GroupConfig[],
  effects: ChangeEffects,
): Promise<readonly Finding[]> {
  const findings = groups.map(async (group) => [
    ...(await examineCommand(group, "check", effects)),
    ...(await examineCommand(group, "verify", effects)),
    ...(await examineReload(group, placesOf(group, paths.run), effects)),
  ]);
  return (await Promise.all(findings)).flat();
}

/** Where the group's secrets are found, as people write it in units. */
function placesOf({ name, files, render }: GroupConfig, run: string): readonly string[] {
  return [
    `${run}/secrets/${name}`,
    `${run}/groups/${name}`,
    ...files.map(({ path }) => path),
    ...render.map(({ path }) => path).filter((path) => path.startsWith("/")),
  ];
}

async function examineCommand(
  { name, onChange }: GroupConfig,
  kind: "check" | "verify",
  effects: ChangeEffects,
): Promise<readonly Finding[]> {
  const argv = onChange[kind];
  return argv === undefined ? [] : [await examineProgram(`${kind} of ${name}`, argv, effects)];
}

async function examineReload(
  { name, onChange }: GroupConfig,
  places: readonly string[],
  effects: ChangeEffects,
): Promise<readonly Finding[]> {
  const { reload } = onChange;
  const about = `reload of ${name}`;
  switch (reload?.kind) {
    case undefined:
      return [];
    case "command":
      return [await examineProgram(about, reload.argv, effects)];
    case "signal":
      return [examinePidfile(about, reload)];
    case "unit":
      return await examineUnit(about, reload, places, effects);
    default:
      return reload satisfies never;
  }
}

async function examineProgram(
  about: string,
  [program = ""]: readonly string[],
  { uid }: ChangeEffects,
): Promise<Finding> {
  const found = await findExecutable(program, uid);
  switch (found.kind) {
    case "found":
      return ok(about, `${quote(found.path)} may be run`);
    case "missing": {
      const error = new PosternError("CheckFailed", `there is no program ${quote(program)}`);
      return failed(about, error, "install it, or write its whole path");
    }
    case "refused": {
      const error = new PosternError("CheckFailed", found.why);
      return failed(about, error, "give it and the folders above it to root, writable by no other");
    }
    default:
      return found satisfies never;
  }
}

type OfKind<Kind extends ReloadConfig["kind"]> = ReloadConfig & { readonly kind: Kind };

function examinePidfile(about: string, { signal, pidfile }: OfKind<"signal">): Finding {
  try {
    const file = readPidFile(pidfile);
    if (file !== undefined) return ok(about, `${signal} to process ${file.pid}`);
    const found = `there is no ${quote(pidfile)}: nobody would be signalled`;
    return warning(about, found, "see that the app writes it");
  } catch (cause) {
    const why = errnoOf(cause) ?? "unknown error";
    const error =
      cause instanceof PosternError
        ? cause
        : new PosternError("CheckFailed", `cannot read ${quote(pidfile)} (${why})`, { cause });
    return failed(about, error, "let only root, or the process's own user, write it");
  }
}

async function examineUnit(
  about: string,
  { unit, action }: OfKind<"unit">,
  places: readonly string[],
  { kernel, run }: ChangeEffects,
): Promise<readonly Finding[]> {
  // sd_booted(3)
  if (kernel.resolve("/run/systemd/system") === undefined)
    return [skipped(about, "systemd as this host's init")];
  const shown = await run("systemctl", showArguments(unit));
  const state =
    shown.kind === "ended" && shown.status === 0 ? parseUnitState(shown.stdout) : undefined;
  if (state === undefined) {
    const error = new PosternError("CheckFailed", `systemctl does not tell of ${quote(unit)}`);
    return [failed(about, error, `see systemctl status ${unit}`)];
  }
  if (state.load !== "loaded") {
    const fix = "install it, or correct on_change.reload.unit";
    return [warning(about, `${quote(unit)} is ${state.load}: nothing would be reloaded`, fix)];
  }
  if (action === "restart") return [ok(about, `restarts ${quote(unit)} if it runs`)];
  const found = await run("systemctl", ["cat", "--no-pager", "--", unit]);
  const credentials = found.kind === "ended" ? parseCredentialPaths(found.stdout) : [];
  return judgeReload(about, unit, state, credentials, places);
}

/** What `action: reload` would not do. */
function judgeReload(
  about: string,
  unit: string,
  { canReload, environmentFiles }: UnitState,
  credentials: readonly string[],
  places: readonly string[],
): readonly Finding[] {
  const isOurs = (path: string): boolean => places.some((place) => isWithin(path, place));
  const stale = [
    ...(credentials.some(isOurs) ? ["LoadCredential="] : []),
    ...(environmentFiles.some(isOurs) ? ["EnvironmentFile="] : []),
  ];
  if (stale.length > 0 && canReload) {
    const found = `${quote(unit)} reads the group by ${stale.join(" and ")}, which a reload does not read again`;
    return [warning(about, found, "say action: restart")];
  }
  if (canReload) return [ok(about, `reloads ${quote(unit)} if it runs`)];
  const found = `${quote(unit)} cannot reload: a change restarts it`;
  return [warning(about, found, "say action: restart if that is meant, or give it ExecReload=")];
}
