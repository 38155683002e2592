/** Commands and their families: which words name a command, and what is listed where. @module */
import type { Command, Family } from "./command.ts";

/** One line of a list: a command of one word, or a family. */
export type Entry = Pick<Command, "name" | "audience" | "summary">;

/** What may stand first on a command line, a family where its first member would be. */
export function entriesOf(commands: readonly Command[]): readonly Entry[] {
  return [...new Set(commands.map((command) => command.family ?? command))];
}

/** In the order of their first members. */
export function familiesOf(commands: readonly Command[]): readonly Family[] {
  return [...new Set(commands.flatMap(({ family }) => family ?? []))];
}

export function membersOf(family: Family, commands: readonly Command[]): readonly Command[] {
  return commands.filter((command) => command.family === family);
}

/** The command that `words` begin with; undefined when there is none. */
export function commandOf(
  words: readonly string[],
  commands: readonly Command[],
): Command | undefined {
  return commands.find(({ name }) => name.split(" ").every((word, at) => words[at] === word));
}

/** The last word of a command's name: "simulate" of "policy simulate". */
export function ownWord({ name }: Pick<Command, "name">): string {
  return name.slice(name.lastIndexOf(" ") + 1);
}

/** What is typed before a command's own word: "postern", or "postern policy". */
export function programOf({ family }: Command): string {
  return family === undefined ? "postern" : `postern ${family.name}`;
}
