/** `postern run`: the daemon. @module */
import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Command } from "./command.ts";
import { loadNamedConfig, readNamedConfig, withConfig } from "./configured.ts";

export const run: Command = {
  name: "run",
  audience: "instances",
  summary: "keep every group fresh, for the life of the host",
  manual: {
    description: [
      "Keeps every group in step with S3 for as long as it runs, reloads what uses a set that changed, and says on its control socket where everything stands. The files stay when it ends.",
      "SIGHUP makes it read the configuration anew; a bad one is refused, and the old one goes on. SIGUSR2 makes it look at every group now. SIGTERM ends it within two seconds.",
      "It logs one line for each event to standard output: names, states and errors, never a value.",
    ],
    consults: ["configuration", "aws variables"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "run",
      run.summary,
      (options) =>
        withConfig(options)
          .option("log-level", {
            type: "string",
            requiresArg: true,
            default: "info",
            choices: ["debug", "info", "warn", "error"],
            describe: "the least that is logged",
          })
          .option("log-format", {
            type: "string",
            requiresArg: true,
            default: "json",
            choices: ["json", "pretty"],
            describe: "one JSON object a line, or lines for people",
          })
          .option("textfile", {
            type: "string",
            requiresArg: true,
            describe: "keep the metrics in DIR/postern.prom too",
          })
          .example("$0 run --log-format pretty", "to see what it does"),
      async ({ config: file, "log-level": level, "log-format": format, textfile }) => {
        const folder = textfile === undefined ? undefined : folderOf(textfile, surroundings.cwd);
        const { refuseConfined, systemConfines } = await import("../daemon/confinement.ts");
        const permitted = (config: Config): Config => {
          refuseConfined(config, systemConfines());
          return config;
        };
        const config = permitted(await loadNamedConfig(file, surroundings));
        const { runHere } = await import("./running.ts");
        await runHere(
          {
            config,
            readConfig: async () => permitted(await readNamedConfig(file, surroundings)),
            level: wordOf(level, ["debug", "info", "warn", "error"] as const),
            format: wordOf(format, ["json", "pretty"] as const),
            textfile: folder,
          },
          surroundings,
        );
      },
    ),
};

function folderOf(word: string, cwd: string): string {
  if (word !== "") return resolve(cwd, word);
  throw new PosternError("Usage", "expected a folder after --textfile, got none");
}

function wordOf<Word extends string>(word: string, words: readonly Word[]): Word {
  const known = words.find((one) => one === word);
  if (known !== undefined) return known;
  throw new PosternError("Usage", `expected one of ${words.join(", ")}, got ${quote(word)}`);
}
