/** Check and verify of the configuration, as the passes ask for them. @module */
import type { GroupConfig, PathsConfig } from "../config/config.ts";
import { faultOf, type NotifyTools, runFor } from "../notify/reload.ts";
import { stablePath } from "../store/layout.ts";
import type { Judge } from "./host.ts";

/**
 * Runs `on_change.check` and `on_change.verify`. The words "{staged}" in a check become the staged directory.
 */
export function judgeBy(tools: NotifyTools, { run }: PathsConfig): Judge {
  const ask = async (
    kind: "check" | "verify",
    { name, onChange }: GroupConfig,
    argv: readonly string[] | undefined,
    env: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> => {
    if (argv === undefined) return;
    const { timeoutMs } = onChange;
    const command = { argv, env: { POSTERN_GROUP: name, ...env } };
    const end = await runFor({ kind, group: name, timeoutMs }, command, tools, signal);
    const fault = faultOf(kind, argv, end, timeoutMs);
    if (fault !== undefined) throw fault;
  };
  return {
    check: (group, staged, signal) => {
      const argv = group.onChange.check?.map((word) => word.replaceAll("{staged}", staged));
      return ask("check", group, argv, { POSTERN_STAGED: staged }, signal);
    },
    verify: (group, signal) =>
      ask(
        "verify",
        group,
        group.onChange.verify,
        { POSTERN_PATH: stablePath(run, group.name) },
        signal,
      ),
  };
}
