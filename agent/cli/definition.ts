/**
 * A command's flags, arguments and examples as data, read off its yargs module: what completions and man pages
 * say is what the parser takes.
 *
 * yargs keeps what it is told to itself, so a recorder stands in for it while the module speaks.
 * @see https://yargs.js.org/docs/
 * @module
 */
import * as v from "valibot";
import yargs, { type Argv } from "yargs";
import { systemClock } from "../core/clock.ts";
import type { Command } from "./command.ts";
import { programOf } from "./family.ts";

export interface Definition {
  /** "fetch [groups..]", "policy simulate <file>": what is typed after "postern". */
  readonly usage: string;
  readonly positionals: readonly Flag[];
  readonly options: readonly Flag[];
  readonly examples: readonly Example[];
  /** Pairs of options of which only one may be given. */
  readonly conflicts: readonly (readonly [one: string, other: string])[];
  readonly epilogue: string | undefined;
}

export interface Flag {
  readonly name: string;
  /** Its one-letter form: "o" of --output. */
  readonly letter: string | undefined;
  readonly describe: string;
  readonly takesValue: boolean;
  readonly repeatable: boolean;
  readonly fallback: string | undefined;
  readonly choices: readonly string[];
}

interface Example {
  /** With the program's name in it. */
  readonly line: string;
  readonly describe: string;
}

/** What `command` would tell yargs; none of its work is run. */
export function definitionOf(command: Command): Definition {
  const calls = record((parser) => {
    command.add(parser, {
      terminal: process,
      clock: systemClock,
      cwd: "/",
      program: [],
      exitWith: () => {},
    });
  });
  const [usage, , build] = v.parse(
    COMMAND,
    calls.find(({ method }) => method === "command")?.words,
  );
  const said = record((parser) => void build(parser));
  const program = programOf(command);
  return {
    usage: command.family === undefined ? usage : `${command.family.name} ${usage}`,
    positionals: said
      .filter(({ method }) => method === "positional")
      .map((call) => flagOf(call, command)),
    options: said.filter(({ method }) => method === "option").map((call) => flagOf(call, command)),
    examples: said
      .filter(({ method }) => method === "example")
      .map((call) => exampleOf(call, program)),
    conflicts: said
      .filter(({ method }) => method === "conflicts")
      .map(({ words }) => v.parse(PAIR, words)),
    epilogue: said
      .filter(({ method }) => method === "epilogue")
      .map(({ words }) => v.parse(v.string(), words[0]))
      .at(-1),
  };
}

interface Call {
  readonly method: string;
  readonly words: readonly unknown[];
}

/** What of yargs says something to a reader; a module that uses more of it needs a line here and in the pages. */
const METHODS = ["command", "positional", "option", "example", "conflicts", "epilogue"];

function record(speak: (parser: Argv) => void): readonly Call[] {
  const calls: Call[] = [];
  const recorder: Argv = new Proxy(yargs(), {
    get: (_, property) => {
      const method = String(property);
      if (!METHODS.includes(method)) throw new Error(`no page can show yargs's ${method}()`);
      return (...words: readonly unknown[]) => {
        calls.push({ method, words });
        return recorder;
      };
    },
  });
  speak(recorder);
  return calls;
}

type Build = (parser: Argv) => unknown;

const COMMAND = v.looseTuple([
  v.string(),
  v.string(),
  v.custom<Build>((value) => typeof value === "function"),
]);
const PAIR = v.tuple([v.string(), v.string()]);
const FLAG = v.strictObject({
  alias: v.optional(v.pipe(v.string(), v.length(1))),
  type: v.picklist(["string", "boolean"]),
  describe: v.string(),
  array: v.optional(v.boolean(), false),
  default: v.optional(v.union([v.string(), v.boolean(), v.array(v.string())])),
  choices: v.optional(v.array(v.string()), []),
  nargs: v.optional(v.number()),
  requiresArg: v.optional(v.boolean()),
  demandOption: v.optional(v.boolean()),
});

function flagOf({ words }: Call, { repeatable = [] }: Command): Flag {
  const [name, told] = v.parse(v.tuple([v.string(), FLAG]), words);
  return {
    name,
    letter: told.alias,
    describe: told.describe,
    takesValue: told.type === "string",
    repeatable: repeatable.includes(name),
    fallback: typeof told.default === "string" ? told.default : undefined,
    choices: told.choices,
  };
}

function exampleOf({ words }: Call, program: string): Example {
  const [line, describe] = v.parse(PAIR, words);
  return { line: line.replaceAll("$0", program), describe };
}
