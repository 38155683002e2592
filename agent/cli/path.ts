/** `postern path`: where a group or secret lies. `bin/postern` answers its plain form. @module */
import { parseDuration } from "../config/units.ts";
import type { Command, Surroundings } from "./command.ts";
import { parseWord } from "./misuse.ts";
import { write } from "./output.ts";
import { findWithin, parseSubject, runDirectory } from "./reading.ts";

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
          .option("wait", {
            type: "string",
            requiresArg: true,
            describe: "wait this long for it to be there",
          })
          .option("json", { type: "boolean", describe: "print both paths as JSON" })
          .conflicts("json", "pin")
          .example("$0 path web/db_password", "the path to put into an app's configuration")
          .example('cd "$($0 path --pin web)"', "read several secrets of one and the same set"),
      async ({ subject, pin, wait, json }) => {
        const form = json ? "json" : pin ? "pinned" : "stable";
        await printPath({ text: subject, form, wait }, surroundings);
      },
    ),
};

interface Request {
  readonly text: string;
  readonly form: "json" | "pinned" | "stable";
  readonly wait: string | undefined;
}

async function printPath(
  { text, form, wait }: Request,
  { terminal, clock, cwd }: Surroundings,
): Promise<void> {
  const subject = parseSubject(text);
  const waitMs = wait === undefined ? 0 : parseWord(parseDuration, wait);
  const run = runDirectory(terminal.env, cwd);
  const question = { run, subject, wanted: "place", maxAgeMs: undefined } as const;
  const finding = await findWithin(question, waitMs, clock);
  if (finding.kind === "missing") throw finding.error;
  const { stable, pinned } = finding;
  await write(
    terminal.stdout,
    `${form === "json" ? JSON.stringify({ stable, pinned }) : finding[form]}\n`,
  );
}
