/** What `postern --help` says, and what it says to a command that does not exist. @module */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import type { Audience, Command, Family } from "./command.ts";
import { exitMeanings } from "./exit-codes.ts";
import { entriesOf, membersOf, ownWord } from "./family.ts";
import { wrap } from "./words.ts";

const AUDIENCES: readonly Audience[] = [
  "instances",
  "recipes and apps",
  "publishers",
  "security teams",
  "trying it out",
];

const HEAD = `postern: secrets on EC2 with nothing but what AWS already trusts

usage: postern COMMAND [OPTION]...
`;

const FOOT = "\npostern COMMAND --help says more, with an example.\n";

/** All commands by audience, and families in place of their members, for 80 columns. */
export function overview(commands: readonly Command[]): string {
  const entries = entriesOf(commands);
  const width = Math.max(...entries.map(({ name }) => name.length));
  const sections = AUDIENCES.map((audience) => {
    const lines = entries
      .filter((entry) => entry.audience === audience)
      .map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
    return lines.length === 0 ? "" : `\nfor ${audience}:\n${lines.join("")}`;
  });
  return `${HEAD}${sections.join("")}${FOOT}${exitCodes()}`;
}

/** What a family's name alone says: its members, for 80 columns. */
export function familyOverview(family: Family, commands: readonly Command[]): string {
  const members = membersOf(family, commands);
  const width = Math.max(...members.map((command) => ownWord(command).length));
  const lines = members.map(
    (command) => `  ${ownWord(command).padEnd(width)}  ${command.summary}\n`,
  );
  return `postern ${family.name}: ${family.summary}

usage: postern ${family.name} COMMAND [OPTION]...

${lines.join("")}
postern ${family.name} COMMAND --help says more, with an example.
`;
}

function exitCodes(): string {
  const said = exitMeanings.map(({ code, short }) => `${code} ${short}`).join(",\n");
  return `${wrap(`Exit codes:\n${said}.`.split("\n"), 80).join("\n")}\n`;
}

/**
 * The fault of a command line that begins with `word`, which is no command; undefined: with nothing.
 * @param names what could have been meant
 * @param family whose name stands before `word`
 */
export function noCommand(
  word: string | undefined,
  names: readonly string[],
  family?: Family,
): PosternError {
  const before = family === undefined ? "" : `${family.name} `;
  const hint = `postern ${before}--help lists the commands`;
  if (word === undefined) return new PosternError("Usage", "expected a command", { hint });
  const near = nearestWord(word, names);
  return new PosternError("Usage", `no such command ${quote(before + word)}`, {
    hint: near === undefined ? hint : `did you mean "${before}${near}"?`,
  });
}
