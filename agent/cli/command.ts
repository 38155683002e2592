/** What every command is made of. @module */
import type { Argv } from "yargs";
import type { Clock } from "../core/clock.ts";
import type { Terminal } from "./report.ts";

/** Whom a command is for, in the order in which the help shows them. */
export type Audience =
  | "instances"
  | "recipes and apps"
  | "publishers"
  | "security teams"
  | "trying it out";

/** What a command may touch beside its own work. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** The working directory when the program started. */
  readonly cwd: string;
  /** The words after "--", for a command that takes a program; none for others. */
  readonly program: readonly string[];
  /** How the process ends when nothing fails, an `ExitCode` or a child's own; 0 unless said. */
  readonly exitWith: (code: number) => void;
}

/** What the manual says of a command beyond its flags and examples. */
export interface Manual {
  /** Paragraphs of whole sentences. */
  readonly description: readonly string[];
  /** What it looks at besides its words: the page names the variables and files that belong to it. */
  readonly consults: readonly (
    | "configuration"
    | "run directory"
    | "aws variables"
    | "aws client"
    | "terminal"
  )[];
}

/** Commands of two words that have the first in common, as "policy simulate" is of the family "policy". */
export interface Family {
  /** The first word. */
  readonly name: string;
  readonly audience: Audience;
  /** As a command's. */
  readonly summary: string;
  /** What its page says before it lists the members: paragraphs of whole sentences. */
  readonly description: readonly string[];
}

export interface Command {
  /** What is typed after "postern": one word, or two where it has a family, whose name is the first. */
  readonly name: string;
  readonly family?: Family;
  readonly audience: Audience;
  /** One line without a full stop, at most 60 columns: it stands beside the name in the help. */
  readonly summary: string;
  /** Options, or the trailing words, that may be given more than once; of any other the last counts. */
  readonly repeatable?: readonly string[];
  /** Whether what follows "--" is a program and its words, and none of the command's own. */
  readonly takesProgram?: boolean;
  /** The exit code of its own faults, where its other codes are another program's. */
  readonly faultCode?: number;
  readonly manual: Manual;
  /** Adds the command to the parser; a handler throws PosternError, and prints results alone. */
  readonly add: (parser: Argv, surroundings: Surroundings) => Argv;
}
