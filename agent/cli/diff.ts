/** `postern diff`: a folder beside what S3 holds. @module */
import { EXIT } from "../core/errors.ts";
import type { Command } from "./command.ts";
import { write } from "./output.ts";
import { progressOn, withGroups, withPublishing } from "./publishing.ts";
import { comparedJson, comparedText, summaryOf } from "./set-changes.ts";

export const diff: Command = {
  name: "diff",
  audience: "publishers",
  summary: "what a folder would change in a group, without values",
  manual: {
    description: [
      "Opens what the group holds and compares it with the folder: names, sizes and fingerprints, never values. Fingerprints are keyed anew with every run: within one output equal values look equal, and nothing else can be learnt from them.",
    ],
    consults: ["configuration", "aws variables"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "diff <folder> <group>",
      diff.summary,
      (options) =>
        withPublishing(options)
          .positional("folder", { type: "string", demandOption: true, describe: "of plain files" })
          .positional("group", { type: "string", demandOption: true, describe: "which group" })
          .option("detailed-exitcode", {
            type: "boolean",
            describe: "exit with 2 when they differ",
          })
          .example("$0 diff ./web web", "what publish would change"),
      async ({ folder, group: name, config, json, ...flags }) => {
        await withGroups(config, surroundings, async (groups) => {
          const group = groups.group(name);
          const [{ readFolder }, { compareSets, hasChanges, readCurrent }] = await Promise.all([
            import("../publish/folder.ts"),
            import("../publish/set.ts"),
          ]);
          const { terminal, exitWith } = surroundings;
          const after = await readFolder(folder, group);
          const current = await readCurrent(group, {
            onProgress: progressOn(terminal, "reading"),
          });
          try {
            const changes = compareSets(current.values, after);
            const compared = { group: name, before: current.values, after, changes };
            const text = json
              ? `${JSON.stringify({ group: name, ...comparedJson(compared) })}\n`
              : comparedText(compared, summaryOf(changes));
            await write(terminal.stdout, text);
            if (hasChanges(changes) && flags["detailed-exitcode"]) exitWith(EXIT.changed);
          } finally {
            current.wipe();
            for (const value of after.values()) value.fill(0);
          }
        });
      },
    ),
};
