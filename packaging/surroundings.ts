/** The variables and files that the pages of the manual name, each where it belongs. @module */
import type { Command, Manual } from "../agent/cli/command.ts";
import { item, list } from "./roff.ts";

/** Where a variable or a file belongs: to every command, or to those that consult it. */
type Source = "always" | Manual["consults"][number];

/** Whether something belongs to one of `commands`. */
export function belongsTo(...commands: readonly Command[]): (source: Source) => boolean {
  const sources = new Set<Source>(["always", ...commands.flatMap(({ manual }) => manual.consults)]);
  return (source) => sources.has(source);
}

const VARIABLES: readonly (readonly [source: Source, name: string, text: string])[] = [
  ["configuration", "POSTERN_CONFIG", "The configuration, where --config does not name one."],
  ["run directory", "POSTERN_RUN", "The run directory, by default /run/postern."],
  [
    "aws variables",
    "AWS_*",
    'Ignored, all but those that the configuration asks for: "endpoints: environment" lets the SDK\'s endpoint variables through, and each source of credentials its own.',
  ],
  [
    "aws client",
    "AWS_PROFILE",
    "And the AWS CLI's other variables for credentials and endpoints: policy drift asks AWS with them.",
  ],
  ["terminal", "NO_COLOR", "If not empty, nothing is coloured."],
  ["terminal", "TERM", "If dumb, nothing is coloured or drawn over."],
  ["always", "POSTERN_NODE", "The Node that runs the program, by default the node in PATH."],
  [
    "always",
    "POSTERN_DEBUG",
    "If not empty, an internal fault is printed with its places in the program.",
  ],
];

export function variables(belongs: (source: Source) => boolean): readonly string[] {
  const rows = VARIABLES.filter(([source]) => belongs(source));
  return list(
    "POSTERN_CONFIG",
    rows.map(([, name, text]) => item(`Ev ${name}`, text)),
  );
}

const FILES: readonly (readonly [source: Source, path: string, text: string])[] = [
  ["configuration", "/etc/postern/postern.yaml", "The configuration."],
  ["configuration", "/etc/postern/conf.d/*.yaml", "Further groups, one file for each recipe."],
  ["run directory", "/run/postern/secrets/GROUP/NAME", "A secret, by its stable path."],
  [
    "run directory",
    "/run/postern/status.json",
    "Where every group stood at the end of the last pass.",
  ],
  [
    "configuration",
    "/var/lib/postern",
    "What survives a reboot: the highest revision seen of each bundle.",
  ],
];

export function files(belongs: (source: Source) => boolean): readonly string[] {
  const rows = FILES.filter(([source]) => belongs(source));
  return rows.length === 0
    ? []
    : list(
        "Ds",
        rows.map(([, path, text]) => item(`Pa ${path}`, text)),
      );
}
