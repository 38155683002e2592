/**
 * The manual, one page a command, one a family of them and one for the whole: made from the commands' own definitions and the table of
 * exit codes, so that nothing is said twice. `npm run man` writes it to docs/man.
 * @see https://mandoc.bsd.lv/man/mdoc.7.html
 * @module
 */
import type { Command, Family } from "../agent/cli/command.ts";
import { definitionOf, type Definition, type Flag } from "../agent/cli/definition.ts";
import { exitMeanings } from "../agent/cli/exit-codes.ts";
import { entriesOf, type Entry, familiesOf, membersOf } from "../agent/cli/family.ts";
import { item, line, list, literal, sentences } from "./roff.ts";
import { belongsTo, files, variables } from "./surroundings.ts";

export interface Page {
  /** The file's name: "postern-fetch.1". */
  readonly file: string;
  readonly text: string;
}

/** mdoc wants a day; it is that of the last release. */
const DATE = "November 24, 2026";

/** Pages in the order of `commands`, those of the whole and of families first. */
export function manualPages(commands: readonly Command[]): readonly Page[] {
  return [
    mainPage(commands),
    ...familiesOf(commands).map((family) => familyPage(family, commands)),
    ...commands.map((command) => commandPage(command, commands)),
  ];
}

function mainPage(commands: readonly Command[]): Page {
  return page("postern", "secrets from S3 and KMS to files on EC2", [
    ["SYNOPSIS", [".Nm", ".Ar command", ".Op Ar option ...", ".Nm", ".Fl -help | Fl -version"]],
    ["DESCRIPTION", DESCRIPTION.flatMap(paragraph)],
    ["COMMANDS", commandList(entriesOf(commands))],
    ["ENVIRONMENT", variables(belongsTo(...commands))],
    ["FILES", files(belongsTo(...commands))],
    ["EXIT STATUS", exitStatus()],
    ["EXAMPLES", TOUR.flatMap(([said, lines]) => [...paragraph(said), ...literal(lines)])],
    ["SEE ALSO", seeAlso(entriesOf(commands).map(pageName))],
  ]);
}

const DESCRIPTION = [
  "Fetches the secrets that an EC2 instance's role may read, opens those that KMS or the AWS Encryption SDK sealed, and puts each group of them into files, all at once.",
  "A group is a set of secrets with the same readers: one prefix of a bucket, or one bundle object. On the host it is a directory of files with an owner, a group and a mode. The kernel decides who reads them.",
];

const TOUR: readonly (readonly [said: string, lines: readonly string[]])[] = [
  ["At boot, before the services start:", ["postern fetch"]],
  ["In a recipe:", ["postern get web/db_password --wait 30s > /run/app/password"]],
  [
    "On a laptop, without AWS:",
    [
      "postern sandbox --seed secrets --write-config try/postern.yaml &",
      "postern fetch --config try/postern.yaml",
    ],
  ],
];

function commandList(entries: readonly Entry[]): readonly string[] {
  const width = entries.reduce(
    (widest, { name }) => (name.length > widest.length ? name : widest),
    "",
  );
  return list(
    width,
    entries.map((entry) => [
      `.It Cm ${entry.name}`,
      ...sentences(sentence(entry.summary)),
      "See",
      `.Xr ${pageName(entry)} 1 .`,
    ]),
  );
}

/** "postern-fetch", "postern-policy-simulate". */
function pageName({ name }: Pick<Entry, "name">): string {
  return `postern-${name.replaceAll(" ", "-")}`;
}

function familyPage(family: Family, commands: readonly Command[]): Page {
  const members = membersOf(family, commands);
  const belongs = belongsTo(...members);
  return page(pageName(family), family.summary, [
    ["SYNOPSIS", [`.Nm postern ${family.name}`, ".Ar command", ".Op Ar option ..."]],
    ["DESCRIPTION", family.description.flatMap(paragraph)],
    ["COMMANDS", commandList(members)],
    ["ENVIRONMENT", variables(belongs)],
    ["FILES", files(belongs)],
    ["EXIT STATUS", exitStatus()],
    ["SEE ALSO", seeAlso(["postern", ...members.map(pageName)])],
  ]);
}

function commandPage(command: Command, commands: readonly Command[]): Page {
  const definition = definitionOf(command);
  const said = [...command.manual.description, definition.epilogue ?? []].flat();
  const belongs = belongsTo(command);
  return page(pageName(command), command.summary, [
    ["SYNOPSIS", synopsis(command.name, definition)],
    ["DESCRIPTION", said.flatMap(paragraph)],
    ["OPTIONS", options(definition)],
    ["ENVIRONMENT", variables(belongs)],
    ["FILES", files(belongs)],
    ["EXIT STATUS", exitStatus()],
    [
      "EXAMPLES",
      definition.examples.flatMap(({ line: text, describe }) => [
        ...paragraph(`${sentence(describe).slice(0, -1)}:`),
        ...literal([text]),
      ]),
    ],
    ["SEE ALSO", seeAlso(["postern", ...relatives(command, commands).map(pageName)])],
  ]);
}

/** What is listed beside a command: its family and that one's members, or what has no family. */
function relatives(command: Command, commands: readonly Command[]): readonly Entry[] {
  const { family } = command;
  const near =
    family === undefined ? entriesOf(commands) : [family, ...membersOf(family, commands)];
  return near.filter((other) => other !== command);
}

type Section = readonly [title: string, lines: readonly string[]];

function page(name: string, summary: string, sections: readonly Section[]): Page {
  const head = [
    String.raw`.\" Made by "npm run man" from the program itself: edit agent/cli instead.`,
    `.Dd ${DATE}`,
    `.Dt ${name.toUpperCase()} 1`,
    ".Os",
    ".Sh NAME",
    `.Nm ${name}`,
    `.Nd ${line(summary)}`,
  ];
  const body = sections
    .filter(([, lines]) => lines.length > 0)
    .flatMap(([title, lines]) => [
      `.Sh ${title}`,
      ...(lines[0] === ".Pp" ? lines.slice(1) : lines),
    ]);
  return { file: `${name}.1`, text: `${[...head, ...body].join("\n")}\n` };
}

function synopsis(name: string, { usage, options }: Definition): readonly string[] {
  const flags = options.map(
    (flag) =>
      `.Op Fl -${flag.name}${flag.takesValue ? ` Ar ${valueName(flag)}` : ""}${flag.repeatable ? " ..." : ""}`,
  );
  const words = usage
    .slice(name.length + 1)
    .split(" ")
    .filter((text) => text !== "")
    .map((text) => {
      const [, open, argument = "", dots] = /^([[<])(.*?)(\.\.)?[\]>]$/.exec(text) ?? [];
      const said = `Ar ${argument}${dots === undefined ? "" : " ..."}`;
      return open === "[" ? `.Op ${said}` : `.${said}`;
    });
  return [`.Nm postern ${name}`, ...flags, ...words];
}

function options({ positionals, options, conflicts }: Definition): readonly string[] {
  const rows = [
    ...positionals.map((flag) => item(`Ar ${flag.name}`, described(flag, conflicts))),
    ...options.map((flag) =>
      item(
        `Fl ${flag.letter === undefined ? "" : `${flag.letter} , Fl `}-${flag.name}${flag.takesValue ? ` Ar ${valueName(flag)}` : ""}`,
        described(flag, conflicts),
      ),
    ),
    item("Fl h , Fl -help", "show help"),
  ];
  return list("Ds", rows);
}

/** A configuration is a file; for the others the option's own name says best what it wants. */
function valueName({ name }: Flag): string {
  return name === "config" ? "file" : name;
}

function described(flag: Flag, conflicts: Definition["conflicts"]): string {
  const others = conflicts.flatMap(([one, other]) =>
    flag.name === one ? [other] : flag.name === other ? [one] : [],
  );
  const facts = [
    ...(flag.fallback === undefined ? [] : [`by default ${flag.fallback}`]),
    ...(flag.repeatable && flag.takesValue ? ["repeatable"] : []),
    ...others.map((other) => `not together with --${other}`),
  ];
  return [flag.describe, ...facts.filter((fact) => !flag.describe.endsWith(fact))].join("; ");
}

function exitStatus(): readonly string[] {
  return list(
    "00",
    exitMeanings.map(({ code, long }) => item(String(code), long)),
  );
}

function seeAlso(names: readonly string[]): readonly string[] {
  const sorted = names.toSorted();
  return sorted.map((name, place) => `.Xr ${name} 1${place === sorted.length - 1 ? "" : " ,"}`);
}

function paragraph(text: string): readonly string[] {
  return [".Pp", ...sentences(text)];
}

/** A fragment of the help as a sentence. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}
