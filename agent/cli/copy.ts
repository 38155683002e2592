/** `postern copy`: a secret, or a group, into another one. @module */
import { PosternError } from "../core/errors.ts";
import type { Command } from "./command.ts";
import { judgeFor, withLint } from "./linting.ts";
import { write } from "./output.ts";
import { publishSet } from "./publish.ts";
import {
  checkedBucket,
  progressOn,
  saidVersion,
  withGroups,
  withWriting,
  withYes,
} from "./publishing.ts";
import { parseSubject } from "./reading.ts";

export const copy: Command = {
  name: "copy",
  audience: "publishers",
  summary: "copy a secret, or a whole group, into another group",
  repeatable: ["allow"],
  manual: {
    description: [
      "Opens a secret, or all of a group, and publishes it in another group, sealed and bound as that one's configuration says: a plain copy of a sealed object would open nowhere. A whole group replaces the other one, as publish does.",
    ],
    consults: ["configuration", "aws variables", "terminal"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "copy <from> <to>",
      copy.summary,
      (options) =>
        withLint(withYes(withWriting(options)))
          .positional("from", {
            type: "string",
            demandOption: true,
            describe: "GROUP or GROUP/NAME",
          })
          .positional("to", {
            type: "string",
            demandOption: true,
            describe: "the same of the other",
          })
          .example("$0 copy web/ca.crt db/ca.crt", "one secret")
          .example("$0 copy web web2", "a whole group"),
      async ({ from, to, ...flags }) => {
        const [source, target] = [parseSubject(from), parseSubject(to)];
        if ((source.secret === undefined) !== (target.secret === undefined))
          throw new PosternError("Usage", "expected two secrets or two groups, got one of each");
        await withGroups(flags.config, surroundings, async (groups) => {
          const [one, other] = [groups.group(source.group), groups.group(target.group)];
          const { terminal } = surroundings;
          if (source.secret !== undefined && target.secret !== undefined) {
            const { nameIn } = await import("../publish/group.ts");
            const { copySecret } = await import("../publish/copy.ts");
            await checkedBucket(groups, flags);
            const done = await copySecret(
              { group: one, name: nameIn(one, source.secret) },
              { group: other, name: nameIn(other, target.secret) },
              await judgeFor(other, flags, surroundings),
            );
            const { created, versionId, revision } = done;
            const outcome = created ? "created" : "changed";
            const said = {
              from,
              to,
              outcome,
              version: versionId ?? null,
              revision: revision ?? null,
            };
            const text = `${to}  ${outcome}  ${saidVersion(versionId, revision)}`.trimEnd();
            return write(terminal.stdout, `${flags.json ? JSON.stringify(said) : text}\n`);
          }
          const { readCurrent } = await import("../publish/set.ts");
          const onProgress = progressOn(terminal, "reading");
          const found = await readCurrent(one, { onProgress });
          const current = await readCurrent(other, { onProgress, mayBeMissing: true });
          try {
            const { nameIn } = await import("../publish/group.ts");
            for (const name of found.values.keys()) nameIn(other, name);
            const check = (): Promise<void> => checkedBucket(groups, flags);
            const judge = await judgeFor(other, flags, surroundings);
            const request = { group: other, current, after: found.values, flags, check, judge };
            return await publishSet(request, surroundings);
          } finally {
            found.wipe();
            current.wipe();
          }
        });
      },
    ),
};
