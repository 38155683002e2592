/** `postern history`: what was published when. @module */
import type { Change } from "../publish/history.ts";
import type { Command } from "./command.ts";
import { write } from "./output.ts";
import { withGroups, withPublishing } from "./publishing.ts";
import { parseSubject } from "./reading.ts";
import { bytes, table } from "./words.ts";

export const history: Command = {
  name: "history",
  audience: "publishers",
  summary: "what was published when, from the bucket's versions",
  manual: {
    description: [
      "Shows every state of a group that the bucket still keeps, the newest first, never a value. A bundle's states are its revisions; of one secret in a bundle, those revisions are shown that changed it, for which each has to be opened.",
      "The times are those that restore --at understands.",
    ],
    consults: ["configuration", "aws variables"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "history <subject>",
      history.summary,
      (options) =>
        withPublishing(options)
          .positional("subject", {
            type: "string",
            demandOption: true,
            describe: "GROUP or GROUP/NAME",
          })
          .example("$0 history web", "a whole group")
          .example("$0 history web/db_password", "one secret"),
      async ({ subject, config, json }) => {
        const { group: name, secret } = parseSubject(subject);
        await withGroups(config, surroundings, async (groups) => {
          const { readHistory } = await import("../publish/history.ts");
          const changes = await readHistory(groups.group(name), secret);
          const text = json ? asJson(name, changes) : asText(changes);
          await write(surroundings.terminal.stdout, text);
        });
      },
    ),
};

function asText(changes: readonly Change[]): string {
  const rows = changes.map(({ name, at, versionId, revision, size, isLatest }) => [
    new Date(at).toISOString().replace(".000Z", "Z"),
    ...(name === undefined ? [] : [name]),
    size === undefined ? "removed" : bytes(size),
    revision === undefined ? versionId : `revision ${revision}`,
    isLatest ? "now" : "",
  ]);
  return `${table(rows).join("\n")}\n`;
}

function asJson(group: string, changes: readonly Change[]): string {
  const said = changes.map(({ name, at, versionId, revision, size, isLatest }) => ({
    name: name ?? null,
    at: new Date(at).toISOString(),
    version: versionId,
    revision: revision ?? null,
    size: size ?? null,
    removed: size === undefined,
    latest: isLatest,
  }));
  return `${JSON.stringify({ group, changes: said })}\n`;
}
