/** `postern restore`: a group as it was, published anew. @module */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Past } from "../publish/restore.ts";
import type { Current } from "../publish/set.ts";
import type { Command } from "./command.ts";
import { publishSet } from "./publish.ts";
import {
  checkedBucket,
  confirm,
  progressOn,
  withGroups,
  withWriting,
  withYes,
} from "./publishing.ts";

export const restore: Command = {
  name: "restore",
  audience: "publishers",
  summary: "bring a group back to what it was, as something new",
  manual: {
    description: [
      "Publishes what a group was at a time, or in a revision, as its newest state: nothing is undone, and history shows both. A bundle's old content becomes its next revision, since hosts refuse to go back to an older one. Objects that did not exist then are removed.",
      "Everything is sealed anew, under the key of now.",
    ],
    consults: ["configuration", "aws variables", "terminal"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "restore <group>",
      restore.summary,
      (options) =>
        withYes(withWriting(options))
          .positional("group", { type: "string", demandOption: true, describe: "which group" })
          .option("revision", {
            type: "string",
            requiresArg: true,
            describe: "of a bundle: a number that history shows",
          })
          .option("at", {
            type: "string",
            requiresArg: true,
            describe: "a time: 2026-11-25T08:30:00Z",
          })
          .option("dry-run", { type: "boolean", describe: "show what would change, and stop" })
          .conflicts("revision", "at")
          .example("$0 restore web --revision 7", "a bundle's revision")
          .example("$0 restore db --at 2026-11-25T08:30:00Z", "what it was then"),
      async ({ group: name, revision, at, ...flags }) => {
        const past = pastOf(revision, at);
        await withGroups(flags.config, surroundings, async (groups) => {
          const group = groups.group(name);
          const [{ readPast }, { readCurrent }] = await Promise.all([
            import("../publish/restore.ts"),
            import("../publish/set.ts"),
          ]);
          const { terminal } = surroundings;
          const then = await readPast(group, past);
          let current: Current | undefined;
          try {
            current = await readCurrent(group, { onProgress: progressOn(terminal, "reading") });
            const request = { group, current, after: then.values, flags: { ...flags, yes: true } };
            const check = async (): Promise<void> => {
              await checkedBucket(groups, flags);
              await confirm(`bring ${name} back to what it was`, flags.yes, terminal);
            };
            await publishSet({ ...request, check }, surroundings);
          } finally {
            then.wipe();
            current?.wipe();
          }
        });
      },
    ),
};

function pastOf(revision: string | undefined, at: string | undefined): Past {
  if (revision !== undefined) {
    if (!/^(0|[1-9]\d{0,14})$/.test(revision))
      throw new PosternError("Usage", `invalid revision ${quote(revision)}: expected a number`);
    return { by: "revision", revision: Number(revision) };
  }
  if (at === undefined)
    throw new PosternError("Usage", "expected --revision or --at", {
      hint: "postern history shows both",
    });
  // a time without its zone would be another one on another machine
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(at);
  const time = isTime ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(time))
    throw new PosternError(
      "Usage",
      `invalid time ${quote(at)}: expected one with its zone, such as 2026-11-25T08:30:00Z`,
    );
  return { by: "time", at: time };
}
