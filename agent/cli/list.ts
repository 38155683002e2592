/** `postern list`: what a group holds in S3. @module */
import type { GroupListing } from "../publish/list.ts";
import type { Command } from "./command.ts";
import { write } from "./output.ts";
import { warnOfRefused, withGroups, withPublishing } from "./publishing.ts";
import { bytes, count, duration, table } from "./words.ts";

export const list: Command = {
  name: "list",
  audience: "publishers",
  summary: "the names, sizes, versions and ages of a group's secrets",
  manual: {
    description: [
      "Shows what a group holds in S3, never a value. Sizes are those of the objects, which are longer than their values when they are sealed; of a bundle, which has to be opened to be listed, they are those of the values.",
    ],
    consults: ["configuration", "aws variables"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "list <group>",
      list.summary,
      (options) =>
        withPublishing(options)
          .positional("group", { type: "string", demandOption: true, describe: "which group" })
          .example("$0 list web", "all of one group"),
      async ({ group: name, config, json }) => {
        await withGroups(config, surroundings, async (groups) => {
          const { listGroup } = await import("../publish/list.ts");
          const listing = await listGroup(groups.group(name));
          const { terminal, clock } = surroundings;
          const text = json ? asJson(name, listing) : asText(name, listing, clock.now());
          await write(terminal.stdout, text);
          warnOfRefused(listing.refused, terminal);
        });
      },
    ),
};

function asText(group: string, { secrets, revision }: GroupListing, now: number): string {
  const head = revision === undefined ? "" : `, revision ${revision}`;
  const rows = secrets.map(({ name, size, lastModified, versionId }) => [
    name,
    bytes(size),
    `${duration(now - lastModified)} ago`,
    revision === undefined ? (versionId ?? "") : "",
  ]);
  return [`${group}: ${count(secrets.length, "secret")}${head}`, ...table(rows), ""].join("\n");
}

function asJson(group: string, { secrets, revision, refused }: GroupListing): string {
  const said = secrets.map(({ name, size, lastModified, versionId }) => ({
    name,
    size,
    lastModified: new Date(lastModified).toISOString(),
    version: versionId ?? null,
  }));
  return `${JSON.stringify({ group, revision: revision ?? null, secrets: said, refused })}\n`;
}
