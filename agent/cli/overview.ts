/** What `postern --help` says, and what it says to a command that does not exist. @module */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import type { Audience, Command } from "./command.ts";
import { exitMeanings } from "./exit-codes.ts";
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

/** All commands by audience, for 80 columns. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const sections = AUDIENCES.map((audience) => {
    const lines = commands
      .filter((command) => command.audience === audience)
      .map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
    return lines.length === 0 ? "" : `\nfor ${audience}:\n${lines.join("")}`;
  });
  return `${HEAD}${sections.join("")}${FOOT}${exitCodes()}`;
}

function exitCodes(): string {
  const said = exitMeanings.map(({ code, short }) => `${code} ${short}`).join(",\n");
  return `${wrap(`Exit codes:\n${said}.`.split("\n"), 80).join("\n")}\n`;
}

/** The fault of a command line that begins with `word`, which is no command; undefined: with nothing. */
export function noCommand(word: string | undefined, names: readonly string[]): PosternError {
  const hint = "postern --help lists the commands";
  if (word === undefined) return new PosternError("Usage", "expected a command", { hint });
  const near = nearestWord(word, names);
  return new PosternError("Usage", `no such command ${quote(word)}`, {
    hint: near === undefined ? hint : `did you mean "${near}"?`,
  });
}
