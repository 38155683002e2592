/** This host without AWS: Node, core dumps, flock(1), swap. @module */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { RunProgram } from "../store/program.ts";
import { examineSwap } from "./swap.ts";
import { failed, type Finding, ok, skipped, warning } from "./finding.ts";
import type { Kernel } from "./kernel.ts";

export interface HostEffects {
  readonly kernel: Kernel;
  readonly run: RunProgram;
  /** "22.11.0" */
  readonly nodeVersion: string;
}

/** @param runDirectory where the secrets will lie */
export async function examineHost(
  { kernel, run, nodeVersion }: HostEffects,
  runDirectory: string,
): Promise<readonly Finding[]> {
  return [
    examineNode(nodeVersion),
    examineCoreDumps(kernel),
    await examineFlock(run),
    examineSwap(kernel, runDirectory),
  ];
}

export function examineNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return ok("node", version);
  const error = new PosternError("Internal", `expected Node 20.19 or newer, got ${version}`);
  return failed("node", error, "install a newer one, or name it in POSTERN_NODE");
}

/** Programs that dumps are piped to and that keep none of a process whose limit is 0. */
const MINDS_LIMIT = /^\|\S*\/(systemd-coredump|apport|abrt-hook-ccpp)\b/;

/**
 * Whether a crash could write plaintext to a disk. The launcher sets the limit to 0, but the kernel pipes
 * dumps to a program whatever the limit is, and leaves it to the program to mind it.
 * @see core(5)
 */
export function examineCoreDumps(kernel: Kernel): Finding {
  const limits = kernel.read("/proc/self/limits");
  const limit = /^Max core file size\s+(\S+)/m.exec(limits ?? "")?.[1];
  if (limit === undefined) return skipped("core dumps", "a readable /proc/self/limits");
  if (limit !== "0") {
    const fix = "start it as bin/postern does: ulimit -c 0 (in a unit: LimitCORE=0)";
    return warning("core dumps", `a crash may write values to a disk (limit ${limit})`, fix);
  }
  const pattern = kernel.read("/proc/sys/kernel/core_pattern")?.trim() ?? "";
  if (!pattern.startsWith("|") || MINDS_LIMIT.test(pattern)) return ok("core dumps", "off");
  const [program = ""] = pattern.slice(1).split(" ");
  const found = `off, but the kernel pipes them to ${quote(program)} all the same`;
  return warning("core dumps", found, "see that it keeps none of processes with ulimit -c 0");
}

async function examineFlock(run: RunProgram): Promise<Finding> {
  const end = await run("flock", ["--version"]);
  if (end.kind !== "missing") return ok("flock", "installed");
  const error = new PosternError("CannotWrite", "there is no flock(1)");
  return failed("flock", error, "install util-linux");
}
