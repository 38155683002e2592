/** Check, verify and reload of the configuration, as the passes ask for them. @module */
import type { GroupConfig, PathsConfig, ReloadConfig } from "../config/config.ts";
import type { ReloadEnd } from "../notify/ending.ts";
import { faultOf, type NotifyTools, runFor, tell } from "../notify/reload.ts";
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

/** Tells whoever uses the groups, which all name the same reload; the longest of their times counts. */
export function reloadBy(
  tools: NotifyTools,
): (
  reload: ReloadConfig,
  groups: readonly GroupConfig[],
  signal: AbortSignal,
) => Promise<ReloadEnd> {
  return (reload, groups, signal) => {
    const timeoutMs = Math.max(...groups.map(({ onChange }) => onChange.timeoutMs));
    return tell(reload, { group: groups[0]?.name ?? "", timeoutMs }, tools, signal);
  };
}
