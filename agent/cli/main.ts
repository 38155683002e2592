/**
 * The command line: one yargs module a command, each loading its own work only when it runs.
 * @module
 */
import yargs, { type Argv } from "yargs";
import { systemClock } from "../core/clock.ts";
import { EXIT, PosternError } from "../core/errors.ts";
import type { Command, Surroundings } from "./command.ts";
import { commands } from "./commands.ts";
import { commandOf, entriesOf, familiesOf, membersOf, ownWord, programOf } from "./family.ts";
import { write } from "./output.ts";
import { familyOverview, noCommand, overview } from "./overview.ts";
import { reportError, type Terminal } from "./report.ts";
import { count } from "./words.ts";

// Node makes a stream when it is first asked for it: who reads no stdin should not wait for one
const terminal: Terminal = {
  get stdout() {
    return process.stdout;
  },
  get stderr() {
    return process.stderr;
  },
  get stdin() {
    return process.stdin;
  },
  env: process.env,
};

async function main(words: readonly string[]): Promise<void> {
  const [first, second] = words;
  if (isHelp(first)) return write(terminal.stdout, overview(commands));
  const version = process.env["POSTERN_VERSION"] ?? "0.0.0";
  if (first === "--version") return write(terminal.stdout, `${version}\n`);
  const family = familiesOf(commands).find(({ name }) => name === first);
  if (family !== undefined && (second === undefined || isHelp(second)))
    return write(terminal.stdout, familyOverview(family, commands));
  const command = commandOf(words, commands);
  if (command === undefined)
    throw family === undefined
      ? noCommand(
          first,
          entriesOf(commands).map(({ name }) => name),
        )
      : noCommand(second, membersOf(family, commands).map(ownWord), family);
  const { own, program } = splitWords(command, words);
  await run(command, own, {
    program,
    terminal,
    clock: systemClock,
    cwd: process.cwd(),
    exitWith: (code) => {
      process.exitCode = code;
    },
  });
}

function isHelp(word: string | undefined): boolean {
  return word === "--help" || word === "-h" || word === "help";
}

function splitWords(
  { takesProgram = false }: Command,
  words: readonly string[],
): { readonly own: readonly string[]; readonly program: readonly string[] } {
  const end = words.indexOf("--");
  if (!takesProgram || end === -1) return { own: words, program: [] };
  return { own: words.slice(0, end), program: words.slice(end + 1) };
}

async function run(
  command: Command,
  words: readonly string[],
  surroundings: Surroundings,
): Promise<void> {
  // a family's name is part of the program's to yargs, which knows no command of two words
  const parser = yargs(words.slice(command.name.split(" ").length - 1))
    .scriptName(programOf(command))
    // messages and options as documented, whatever the locale
    .locale("en")
    .parserConfiguration({
      "boolean-negation": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      // a list takes one word an option: what follows it may be the subject
      "greedy-arrays": false,
      "parse-numbers": false,
    })
    .version(false)
    .middleware(lastCounts, true)
    .alias("help", "h")
    .strict()
    .wrap(80)
    .exitProcess(false)
    .fail((message, error: Error | undefined) => {
      // yargs's own complaints about the words come with or without an error of its class
      throw error === undefined || error.name === "YError" ? misuse(message, command.name) : error;
    });
  showExamplesWhole(parser);
  // the one that was named: to build them all takes longer than the rest of the parsing
  command.add(parser, surroundings);
  await parser.parseAsync();
}

/** yargs breaks the lines of examples at forty columns, in the middle of words: nobody could copy them. */
function showExamplesWhole(parser: Argv): void {
  const end = parser.epilogue.bind(parser);
  let gap = "";
  let title = "Examples:\n";
  Object.assign(parser, {
    epilogue: (text: string) => {
      gap = "\n";
      return end(text);
    },
    example: (line: string, about: string) => {
      const text = `${title === "" ? "" : gap}${title}  ${line}\n      ${about}`;
      title = "";
      return end(text);
    },
  });
}

/** The last of an option counts, as in the shell's own answer; yargs would make a list of them. */
function lastCounts(options: Record<string, unknown>): void {
  const lists = new Set(["_", ...commands.flatMap(({ repeatable }) => repeatable ?? [])]);
  for (const [name, value] of Object.entries(options)) {
    if (Array.isArray(value) && !lists.has(name)) options[name] = value.at(-1);
  }
}

function misuse(message: string, command: string): PosternError {
  // some are a heading with lines below it
  const lines = message
    .split("\n")
    .map((line) => line.trim().replace(/:$/, ""))
    .filter((line) => line !== "");
  const text = lines
    .join(": ")
    // yargs's word for what stands in the usage without dashes
    .replace(
      /^Not enough non-option arguments: got (\d+), need at least (\d+)$/,
      (_, got: string, need: string) =>
        `expected ${count(Number(need), "word")} after ${command}, got ${got}`,
    );
  return new PosternError("Usage", text.charAt(0).toLowerCase() + text.slice(1), {
    hint: `postern ${command} --help shows its options`,
  });
}

const words = process.argv.slice(2);
main(words).catch((error: unknown) => {
  const code = reportError(terminal, error) || EXIT.internal;
  process.exitCode = commandOf(words, commands)?.faultCode ?? code;
});
