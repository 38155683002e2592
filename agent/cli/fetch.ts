/** `postern fetch`: brings groups in step with S3, once. @module */
import type { Command } from "./command.ts";
import { loadNamedConfig, withConfig } from "./configured.ts";
import { passAndTell } from "./passing.ts";

export const fetch: Command = {
  name: "fetch",
  audience: "instances",
  summary: "bring groups in step with S3, once",
  repeatable: ["groups"],
  manual: {
    description: [
      "Brings every group, or the named ones, in step with S3: lists or asks for what changed, gets only that, opens it, and puts each group's whole set in place by one rename. A group that fails keeps the files it has, and stops no other group.",
      "While a daemon runs, it is asked to make the pass, and waited for. Else one postern writes at a time: a second one waits for the first, as long as one pass may take, and then exits with 75.",
      "Checks and verifications of the configuration are run; reloads are the daemon's.",
    ],
    consults: ["configuration", "aws variables"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "fetch [groups..]",
      fetch.summary,
      (options) =>
        withConfig(options)
          .positional("groups", { type: "string", array: true, describe: "all when none is named" })
          .option("detailed-exitcode", {
            type: "boolean",
            describe: "exit with 2 when a set changed",
          })
          .option("prune", {
            type: "boolean",
            describe: "remove groups that are no longer in the config",
          })
          .option("quiet", { type: "boolean", describe: "print failures only" })
          .option("json", { type: "boolean", describe: "print what happened as JSON" })
          .conflicts("json", "quiet")
          .example("$0 fetch", "all groups, as at boot")
          .example("$0 fetch web --detailed-exitcode", "one group; 2 means it changed"),
      async ({
        groups = [],
        config,
        prune = false,
        "detailed-exitcode": detailed,
        quiet,
        json,
      }) => {
        const wishes = { groups, prune, release: false, acceptOlder: false };
        const form = { json: json ?? false, quiet: quiet ?? false, detailed: detailed ?? false };
        const loaded = await loadNamedConfig(config, surroundings);
        await passAndTell(loaded, wishes, form, surroundings);
      },
    ),
};
