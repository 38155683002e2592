/** `postern path`: where a group or secret lies. `bin/postern` answers its plain form. @module */
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { find, parseSubject, runDirectory } from "./reading.ts";

export const path: Command = {
  name: "path",
  audience: "recipes and apps",
  summary: "print the stable path of a group or a secret",
  manual: {
    description: [
      "Prints the path of a group's directory or of one secret's file. The stable path stays the same for ever and follows every change. The pinned path lies in the generation that is current now; its content never changes, and it is there for at least the grace period after the next change.",
    ],
    consults: ["run directory"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "path <subject>",
      path.summary,
      (options) =>
        options
          .positional("subject", {
            type: "string",
            demandOption: true,
            describe: "GROUP or GROUP/NAME",
          })
          .option("pin", {
            type: "boolean",
            describe: "print the path inside the current generation, which never changes",
          })
          .option("json", { type: "boolean", describe: "print both paths as JSON" })
          .conflicts("json", "pin")
          .example("$0 path web/db_password", "the path to put into an app's configuration")
          .example('cd "$($0 path --pin web)"', "read several secrets of one and the same set"),
      async ({ subject, pin, json }) => {
        await printPath(subject, json ? "json" : pin ? "pinned" : "stable", surroundings);
      },
    ),
};

async function printPath(
  text: string,
  form: "json" | "pinned" | "stable",
  { terminal, clock, cwd }: Surroundings,
): Promise<void> {
  const subject = parseSubject(text);
  const run = runDirectory(terminal.env, cwd);
  const finding = find({ run, subject, wanted: "place", maxAgeMs: undefined }, clock.now());
  if (finding.kind === "missing") throw finding.error;
  const { stable, pinned } = finding;
  await write(
    terminal.stdout,
    `${form === "json" ? JSON.stringify({ stable, pinned }) : finding[form]}\n`,
  );
}
