/** `postern export`: sealed groups into a folder. @module */
import type { Command } from "./command.ts";
import { write } from "./output.ts";
import { progressOn, withGroups, withPublishing } from "./publishing.ts";
import { count } from "./words.ts";

export const exportSealed: Command = {
  name: "export",
  audience: "publishers",
  summary: "put sealed groups into a folder, to be carried offline",
  repeatable: ["groups"],
  manual: {
    description: [
      "Writes the objects of the named groups, as they are sealed in S3, into a folder, with a file that says what they are. Nothing is opened, so nobody who finds the folder learns a value without the key. A group that is not sealed is refused.",
    ],
    consults: ["configuration", "aws variables"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "export <folder> <groups..>",
      exportSealed.summary,
      (options) =>
        withPublishing(options)
          .positional("folder", { type: "string", demandOption: true, describe: "a new folder" })
          .positional("groups", {
            type: "string",
            array: true,
            demandOption: true,
            describe: "which groups",
          })
          .example("$0 export ./carried web db", "two groups"),
      async ({ folder, groups: names, config, json }) => {
        await withGroups(config, surroundings, async (groups) => {
          const { exportGroups } = await import("../publish/carry.ts");
          const { terminal } = surroundings;
          const chosen = [...new Set(names)].map((name) => groups.group(name));
          const cargo = await exportGroups(folder, chosen, progressOn(terminal, "exporting"));
          const lines = Object.entries(cargo.groups).map(
            ([name, objects]) => `${name}: ${count(objects.length, "object")} exported\n`,
          );
          await write(terminal.stdout, json ? `${JSON.stringify(cargo)}\n` : lines.join(""));
        });
      },
    ),
};
