/**
 * The command line: one yargs module a command, each loading its own work only when it runs.
 * @module
 */
import yargs from "yargs";
import { systemClock } from "../core/clock.ts";
import { EXIT, PosternError } from "../core/errors.ts";
import type { Command, Surroundings } from "./command.ts";
import { commands } from "./commands.ts";
import { write } from "./output.ts";
import { noCommand, overview } from "./overview.ts";
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
  const [first] = words;
  if (first === "--help" || first === "-h" || first === "help") {
    return write(terminal.stdout, overview(commands));
  }
  const version = process.env["POSTERN_VERSION"] ?? "0.0.0";
  if (first === "--version") return write(terminal.stdout, `${version}\n`);
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) {
    const names = commands.map(({ name }) => name);
    throw noCommand(first, names);
  }
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
  const parser = yargs([...words])
    .scriptName("postern")
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
      throw error === undefined || error.name === "YError" ? misuse(message, words[0]) : error;
    });
  // the one that was named: to build them all takes longer than the rest of the parsing
  command.add(parser, surroundings);
  await parser.parseAsync();
}

/** The last of an option counts, as in the shell's own answer; yargs would make a list of them. */
function lastCounts(options: Record<string, unknown>): void {
  const lists = new Set(["_", ...commands.flatMap(({ repeatable }) => repeatable ?? [])]);
  for (const [name, value] of Object.entries(options)) {
    if (Array.isArray(value) && !lists.has(name)) options[name] = value.at(-1);
  }
}

function misuse(message: string, command: string | undefined): PosternError {
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
  process.exitCode = commands.find(({ name }) => name === words[0])?.faultCode ?? code;
});
