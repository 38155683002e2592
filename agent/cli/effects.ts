/** The world as the program's work may touch it: one record, made once a command. @module */
import { systemChance } from "../core/clock.ts";
import type { FetchEffects } from "../daemon/fetch.ts";
import type { Surroundings } from "./command.ts";

/** Loads the file operations when a command first needs them. */
export async function systemEffects({ terminal, clock }: Surroundings): Promise<FetchEffects> {
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
    judge: { check: () => Promise.resolve(), verify: () => Promise.resolve() },
  };
}
