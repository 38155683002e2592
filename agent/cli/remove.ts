/** `postern remove`: secrets taken out of a group. @module */
import { PosternError } from "../core/errors.ts";
import type { Removed } from "../publish/remove.ts";
import type { Command } from "./command.ts";
import { write } from "./output.ts";
import {
  confirm,
  parseSecret,
  saidVersion,
  withGroups,
  withPublishing,
  withYes,
} from "./publishing.ts";
import { count } from "./words.ts";

export const remove: Command = {
  name: "remove",
  audience: "publishers",
  summary: "take secrets out of their group",
  repeatable: ["secrets"],
  manual: {
    description: [
      "Removes the named secrets of one group. The bucket keeps what they were: history shows it and restore brings it back. A bundle loses all of them at once, in its next revision; of objects, each is removed in turn.",
      "A secret that changed since it was looked at stays, and the command fails.",
    ],
    consults: ["configuration", "aws variables", "terminal"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "remove <secrets..>",
      remove.summary,
      (options) =>
        withYes(withPublishing(options))
          .positional("secrets", {
            type: "string",
            array: true,
            demandOption: true,
            describe: "GROUP/NAME, of one group",
          })
          .example("$0 remove web/old_password", "asks first"),
      async ({ secrets, config, json, yes }) => {
        const { terminal } = surroundings;
        const subjects = secrets.map(parseSecret);
        const [first] = subjects;
        const other = subjects.find(({ group }) => group !== first?.group);
        if (first === undefined || other !== undefined)
          throw new PosternError("Usage", "expected secrets of one group, got those of several");
        const names = [...new Set(subjects.map(({ secret }) => secret))];
        await withGroups(config, surroundings, async (groups) => {
          const group = groups.group(first.group);
          const { nameIn } = await import("../publish/group.ts");
          for (const name of names) nameIn(group, name);
          await confirm(
            `remove ${count(names.length, "secret")} from ${first.group}`,
            yes,
            terminal,
          );
          const { removeSecrets } = await import("../publish/remove.ts");
          const removed: Removed[] = [];
          try {
            await removeSecrets(group, names, (one) => removed.push(one));
          } finally {
            const text = json ? asJson(first.group, removed) : asText(first.group, removed);
            if (text !== "") await write(terminal.stdout, text);
          }
        });
      },
    ),
};

function asText(group: string, removed: readonly Removed[]): string {
  return removed
    .map(({ name, versionId, revision }) =>
      `${group}/${name}  removed  ${saidVersion(versionId, revision)}`.trimEnd().concat("\n"),
    )
    .join("");
}

function asJson(group: string, removed: readonly Removed[]): string {
  const secrets = removed.map(({ name, versionId, revision }) => ({
    name,
    version: versionId ?? null,
    revision: revision ?? null,
  }));
  return `${JSON.stringify({ group, removed: secrets })}\n`;
}
