/** `postern refresh`: a pass now, with what an operator may wish of it. @module */
import type { Command } from "./command.ts";
import { loadNamedConfig, withConfig } from "./configured.ts";
import { passAndTell } from "./passing.ts";

export const refresh: Command = {
  name: "refresh",
  audience: "instances",
  summary: "make a pass now, or let go of what is held",
  repeatable: ["groups"],
  manual: {
    description: [
      "Makes a pass over every group, or the named ones, as fetch does; a running daemon makes it, and reloads what uses a set that changed.",
      "With --release, content that was rolled back on this host may be applied again. With --accept-older, a bundle may be older than this host has seen: whoever restores a bundle publishes it as a newer revision instead, and this is for the day on which that cannot be done.",
    ],
    consults: ["configuration", "aws variables"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "refresh [groups..]",
      refresh.summary,
      (options) =>
        withConfig(options)
          .positional("groups", { type: "string", array: true, describe: "all when none is named" })
          .option("release", {
            type: "boolean",
            describe: "apply what was rolled back on this host again",
          })
          .option("accept-older", {
            type: "boolean",
            describe: "trust bundles of any revision once",
          })
          .option("json", { type: "boolean", describe: "print what happened as JSON" })
          .example("$0 refresh", "all groups")
          .example("$0 refresh web --release", "web, even if it was rolled back"),
      async ({ groups = [], config, release, "accept-older": older, json = false }) => {
        const accepts = { release: release ?? false, acceptOlder: older ?? false };
        const wishes = { groups, prune: false, ...accepts };
        const loaded = await loadNamedConfig(config, surroundings);
        await passAndTell(loaded, wishes, { json, quiet: false, detailed: false }, surroundings);
      },
    ),
};
