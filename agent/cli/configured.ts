/** What every command that needs the configuration shares: `--config`, and loading it. @module */
import { resolve } from "node:path";
import type { Argv } from "yargs";
import type { Config, GroupConfig } from "../config/config.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import type { Surroundings } from "./command.ts";

const DEFAULT_CONFIG = "/etc/postern/postern.yaml";

/** Adds `--config`. */
export function withConfig<Options>(
  parser: Argv<Options>,
): Argv<Options & { config: string | undefined }> {
  return parser.option("config", {
    type: "string",
    requiresArg: true,
    describe: `the configuration (POSTERN_CONFIG, ${DEFAULT_CONFIG})`,
  });
}

// sound, since recipes may add theirs to conf.d later; but more often a folder of the wrong name
export const NO_GROUP = "the config names no group: there is nothing to fetch";

/**
 * Loads the configuration that the command line, else the environment, else the system names, and warns on stderr of
 * one that names no group.
 * @throws {PosternError} ConfigInvalid
 */
export async function loadNamedConfig(
  named: string | undefined,
  { terminal, cwd }: Pick<Surroundings, "terminal" | "cwd">,
): Promise<Config> {
  const config = await readNamedConfig(named, { terminal, cwd });
  if (config.groups.length === 0) terminal.stderr.write(`postern: warning: ${NO_GROUP}\n`);
  return config;
}

/** The same for who tells it in another way. */
export async function readNamedConfig(
  named: string | undefined,
  { terminal, cwd }: Pick<Surroundings, "terminal" | "cwd">,
): Promise<Config> {
  const { loadConfig, runningUser } = await import("../config/load.ts");
  const file = named ?? (terminal.env["POSTERN_CONFIG"] || DEFAULT_CONFIG);
  return loadConfig({ file: resolve(cwd, file), ...runningUser() });
}

/**
 * The named groups in the order of the configuration, or all of them when none is named.
 * @throws {PosternError} NotFound
 */
export function chosenGroups(config: Config, names: readonly string[]): readonly GroupConfig[] {
  const known = config.groups.map(({ name }) => String(name));
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearestWord(name, known);
    throw new PosternError("NotFound", `no group ${quote(name)} in the configuration`, {
      hint: near === undefined ? `it has: ${known.join(", ")}` : `did you mean "${near}"?`,
    });
  }
  return names.length === 0
    ? config.groups
    : config.groups.filter(({ name }) => names.includes(name));
}
