/** `postern import`: sealed groups back into their bucket. @module */
import { EXIT } from "../core/errors.ts";
import type { Imported } from "../publish/carry.ts";
import type { Command } from "./command.ts";
import { write } from "./output.ts";
import { checkedBucket, confirm, withGroups, withWriting, withYes } from "./publishing.ts";
import { count } from "./words.ts";

export const importSealed: Command = {
  name: "import",
  audience: "publishers",
  summary: "bring what export carried back into its bucket",
  repeatable: ["groups"],
  manual: {
    description: [
      "Puts the objects of an export back where they came from, as they are sealed. Each is opened once first, to see that it still does. What is missing in S3 is written; what is another one by now is left alone and told, unless --overwrite is given.",
      "A bundle keeps its revision, and one that is older than what S3 holds is refused, as hosts would: restore publishes old content as something new.",
    ],
    consults: ["configuration", "aws variables", "terminal"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "import <folder> [groups..]",
      importSealed.summary,
      (options) =>
        withYes(withWriting(options))
          .positional("folder", { type: "string", demandOption: true, describe: "an export" })
          .positional("groups", {
            type: "string",
            array: true,
            describe: "all of the export when none is named",
          })
          .option("overwrite", {
            type: "boolean",
            describe: "replace what is another one in S3 by now",
          })
          .example("$0 import ./carried", "all of it"),
      async ({ folder, groups: named = [], overwrite = false, ...flags }) => {
        const { importGroup, readCargo } = await import("../publish/carry.ts");
        const cargo = await readCargo(folder);
        const names = named.length === 0 ? Object.keys(cargo.groups) : [...new Set(named)];
        await withGroups(flags.config, surroundings, async (groups) => {
          const { terminal, exitWith } = surroundings;
          const chosen = names.map((name) => groups.group(name));
          await checkedBucket(groups, flags);
          if (overwrite)
            await confirm(`overwrite what is newer in ${names.join(", ")}`, flags.yes, terminal);
          const outcomes = new Map<string, ReadonlyMap<string, Imported>>();
          for (const group of chosen)
            outcomes.set(group.config.name, await importGroup(folder, cargo, group, overwrite));
          await write(terminal.stdout, flags.json ? asJson(outcomes) : asText(outcomes));
          if ([...outcomes.values()].some((of) => amount(of, "conflict") > 0))
            exitWith(EXIT.notReady);
        });
      },
    ),
};

type Outcomes = ReadonlyMap<string, ReadonlyMap<string, Imported>>;

function amount(outcomes: ReadonlyMap<string, Imported>, wanted: Imported): number {
  return [...outcomes.values()].filter((outcome) => outcome === wanted).length;
}

function asText(outcomes: Outcomes): string {
  return [...outcomes]
    .map(([name, of]) => {
      const conflicts = [...of].filter(([, outcome]) => outcome === "conflict");
      const head = `${name}: ${count(amount(of, "imported"), "object")} imported, ${amount(of, "same")} the same\n`;
      return (
        head + conflicts.map(([key]) => `  left alone, it is another one by now: ${key}\n`).join("")
      );
    })
    .join("");
}

function asJson(outcomes: Outcomes): string {
  const groups = [...outcomes].map(([name, of]) => [name, Object.fromEntries(of)]);
  return `${JSON.stringify({ groups: Object.fromEntries(groups) })}\n`;
}
