/** `postern exec`: a program with a group's secrets in its environment. @module */
import { constants as system } from "node:os";
import {
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  realpathSync,
  constants,
  statSync,
} from "node:fs";
import { parseDuration } from "../config/units.ts";
import { errnoOf, PosternError, toPosternError } from "../core/errors.ts";
import { type GroupName, parseGroupName, quote } from "../core/names.ts";
import { signalNamed } from "../core/signals.ts";
import type { Command, Surroundings } from "./command.ts";
import { type Found, type Naming, variablesOf } from "./environment.ts";
import { parseWord } from "./misuse.ts";
import { findWithin, runDirectory } from "./reading.ts";
import { reportError } from "./report.ts";
import { type Ending, supervise, type Watch } from "./supervise.ts";

/** As env(1) has them: its own faults, a program that cannot be run, and one that is not there. */
const OWN_FAULT = 125;
const CANNOT_RUN = 126;
const NOT_FOUND = 127;

export const exec: Command = {
  name: "exec",
  audience: "recipes and apps",
  summary: "run a program with secrets in its environment",
  repeatable: ["group", "program"],
  takesProgram: true,
  faultCode: OWN_FAULT,
  manual: {
    description: [
      "Runs a program with every secret of the named groups as an environment variable, beside the variables that are there already. Characters that no variable's name may have become an underscore: tls/site.key is tls_site_key. A file that the group renders beside its secrets is one of them here. All values come from one generation of each group.",
      "A secret may not take the place of a variable that is set, unless --override says so, and never of one that names code to run, such as LD_PRELOAD or PATH. Files are the better way to hand over a secret: an environment is inherited by every child, and readable by every process of the same user.",
      "Signals go through to the program. Its exit code is passed on, and a signal that ended it ends this process too. The command's own faults exit with 125, a program that cannot be run with 126, and one that is not there with 127, as env(1) does.",
      "With --watch the program is started anew whenever a set changes, or gets a signal if --on-change names one. A set that cannot be an environment is told of, and leaves the program as it is.",
    ],
    consults: ["run directory"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "exec [program..]",
      exec.summary,
      (options) =>
        options
          .positional("program", {
            type: "string",
            array: true,
            describe: "the program and its words, after --",
          })
          .option("group", {
            type: "string",
            array: true,
            requiresArg: true,
            demandOption: true,
            describe: "whose secrets",
          })
          .option("prefix", {
            type: "string",
            requiresArg: true,
            describe: "begin every name with this",
          })
          .option("upper", { type: "boolean", describe: "put names in upper case" })
          .option("chomp", { type: "boolean", describe: "drop one final newline of each value" })
          .option("override", {
            type: "boolean",
            describe: "let secrets take the place of variables that are set",
          })
          .option("wait", {
            type: "string",
            requiresArg: true,
            describe: "wait this long for the groups to be there (30s, 5m)",
          })
          .option("watch", { type: "boolean", describe: "follow changes of the sets" })
          .option("on-change", {
            type: "string",
            requiresArg: true,
            default: "restart",
            describe: "with --watch: restart, or a signal such as HUP",
          })
          .option("grace", {
            type: "string",
            requiresArg: true,
            default: "10s",
            describe: "with --watch: how long it may take to end before it is killed",
          })
          .example("$0 exec --group web --upper -- ./server", "DB_PASSWORD, API_KEY …")
          .example("$0 exec --group web --watch -- ./server", "started anew after each change"),
      async ({
        program = [],
        group,
        prefix = "",
        upper,
        chomp,
        override,
        wait,
        watch,
        ...rest
      }) => {
        const naming = {
          prefix,
          upper: upper ?? false,
          chomp: chomp ?? false,
          override: override ?? false,
        };
        const command = [...program, ...surroundings.program];
        const words = { command, group, naming, wait, watch: watch ?? false };
        const change = { onChange: rest["on-change"], grace: rest.grace };
        await run({ ...words, ...change }, surroundings);
      },
    ),
};

interface Words {
  readonly command: readonly string[];
  readonly group: readonly string[];
  readonly naming: Naming;
  readonly wait: string | undefined;
  readonly watch: boolean;
  readonly onChange: string;
  readonly grace: string;
}

async function run(words: Words, surroundings: Surroundings): Promise<void> {
  const { terminal, clock, cwd } = surroundings;
  const groups = words.group.map((name) => parseWord(parseGroupName, name));
  const waitMs = words.wait === undefined ? 0 : parseWord(parseDuration, words.wait);
  const place = runDirectory(terminal.env, cwd);
  const watch = words.watch ? watchOf(groups, place, words) : undefined;
  for (const group of groups) {
    const subject = { group, secret: undefined };
    const question = { run: place, subject, wanted: "place", maxAgeMs: undefined } as const;
    const finding = await findWithin(question, waitMs, clock);
    if (finding.kind === "missing") throw finding.error;
  }
  const [file, ...args] = words.command;
  if (file === undefined)
    throw new PosternError("Usage", "expected a program to run, got none", {
      hint: "postern exec --group GROUP -- PROGRAM [WORD..]",
    });
  const ending = await supervise({
    program: { file, args },
    environment: () => {
      const secrets = groups.flatMap((group) => secretsOf(place, group));
      const variables = variablesOf(secrets, words.naming, terminal.env);
      for (const { bytes } of secrets) bytes.fill(0);
      return { ...terminal.env, ...Object.fromEntries(variables) };
    },
    watch,
    clock,
    signals: process,
    isInteractive: terminal.stdin.isTTY,
    warn: (error) => reportError(terminal, toPosternError(error)),
  });
  mirror(ending, surroundings);
}

function watchOf(groups: readonly GroupName[], place: string, words: Words): Watch {
  const look = (): string | undefined => {
    try {
      return groups.map((group) => realpathSync(`${place}/secrets/${group}`)).join();
    } catch {
      // in between, or gone: there is nothing to follow
      return undefined;
    }
  };
  const graceMs = parseWord(parseDuration, words.grace);
  return { look, graceMs, signal: signalFor(words.onChange) };
}

/** @throws {PosternError} Usage */
function signalFor(word: string): NodeJS.Signals | undefined {
  if (word === "restart") return undefined;
  const known = signalNamed(word);
  if (known !== undefined) return known;
  throw new PosternError("Usage", `expected restart or a signal such as HUP, got ${quote(word)}`);
}

/** Every secret of the generation that is current now, read through one opened directory. */
function secretsOf(place: string, group: GroupName): readonly Found[] {
  const stable = `${place}/secrets/${group}`;
  try {
    const fd = openSync(`${stable}/`, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      const root = `/proc/self/fd/${fd}`;
      return (
        readdirSync(`${root}/.`, { recursive: true, encoding: "utf8" })
          // what was rendered for other paths
          .filter((name) => !name.startsWith(".postern/"))
          .filter((name) => statSync(`${root}/${name}`).isFile())
          .sort()
          .map((name) => ({
            secret: `${group}/${name}`,
            name,
            bytes: readFileSync(`${root}/${name}`),
          }))
      );
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new PosternError(
      "Denied",
      `cannot read the secrets of group ${quote(group)} (${errnoOf(error) ?? "unknown error"})`,
      { hint: `its owner and mode decide: see ls -ld ${quote(`${stable}/`)}`, cause: error },
    );
  }
}

/** Ends as the program ended. */
function mirror(ending: Ending, { terminal, exitWith }: Surroundings): void {
  switch (ending.kind) {
    case "exited":
      exitWith(ending.code);
      break;
    case "signalled":
      // what shells make of it, should this signal not end this process: a core, say, or one that is ignored
      exitWith(128 + system.signals[ending.signal]);
      process.kill(process.pid, ending.signal);
      break;
    case "not-started":
      terminal.stderr.write(`postern: ${ending.why}\n`);
      exitWith(ending.isMissing ? NOT_FOUND : CANNOT_RUN);
      break;
    default:
      ending satisfies never;
  }
}
