/** The world as the program's work may touch it: one record, made once a command. @module */
import { existsSync } from "node:fs";
import { systemChance } from "../core/clock.ts";
import type { PathsConfig } from "../config/config.ts";
import type { Judge } from "../daemon/host.ts";
import type { HostEffects } from "../daemon/writer.ts";
import type { NotifyTools } from "../notify/reload.ts";
import type { Surroundings } from "./command.ts";

/** Loads what touches the system when a command first needs it. */
export async function systemEffects({ terminal, clock }: Surroundings): Promise<HostEffects> {
  const [{ systemFileSystem }, { systemProgram }] = await Promise.all([
    import("../store/file-system.ts"),
    import("../store/program.ts"),
  ]);
  return {
    env: terminal.env,
    clock,
    chance: systemChance,
    fs: systemFileSystem,
    run: systemProgram,
    uid: process.getuid?.() ?? 0,
    pid: process.pid,
  };
}

/** Who judges new sets; loads what that takes when the first one is to be judged. */
export function systemJudge(paths: PathsConfig): Judge {
  let loaded: Promise<Judge> | undefined;
  const load = (): Promise<Judge> =>
    (loaded ??= Promise.all([import("../daemon/judging.ts"), notifyTools()]).then(
      ([{ judgeBy }, tools]) => judgeBy(tools, paths),
    ));
  return {
    check: async (...set) => (await load()).check(...set),
    verify: async (...set) => (await load()).verify(...set),
  };
}

/** What runs check, verify and reload. */
export async function notifyTools(): Promise<NotifyTools> {
  const [{ runCommand }, { showUnit }, { systemProcesses }] = await Promise.all([
    import("../notify/command.ts"),
    import("../notify/systemctl.ts"),
    import("../notify/pidfile.ts"),
  ]);
  // sd_booted(3); another user's manager would ask for a password
  const systemd = process.getuid?.() === 0 && existsSync("/run/systemd/system");
  const chance = systemChance;
  return { run: runCommand, show: showUnit, processes: systemProcesses, chance, systemd };
}
