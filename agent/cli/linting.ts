/** What the lint has to say before secrets are written: warnings are told, errors stop the command. @module */
import type { Argv } from "yargs";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import type { Group } from "../publish/group.ts";
import type { Judge } from "../publish/put.ts";
import type { Surroundings } from "./command.ts";

export interface LintFlags {
  readonly "no-lint": boolean | undefined;
  readonly allow: readonly string[] | undefined;
  /** Of commands that can leave a newline out. */
  readonly trim?: boolean | undefined;
}

/** Adds `--no-lint` and `--allow`. */
export function withLint<Options>(parser: Argv<Options>): Argv<Options & LintFlags> {
  return parser
    .option("no-lint", { type: "boolean", describe: "write whatever comes, unjudged" })
    .option("allow", {
      type: "string",
      array: true,
      requiresArg: true,
      describe: "a lint rule that is not to count: docs/lint.md has them",
    })
    .conflicts("no-lint", "allow");
}

/**
 * Judges with the rules that count. Each warning is told once.
 * @throws {PosternError} Usage for a rule that there is not; what it resolves to throws BadData, with all errors at once
 */
export async function judgeFor(
  { config }: Group,
  flags: LintFlags,
  { terminal, clock }: Surroundings,
): Promise<Judge> {
  const { "no-lint": noLint, allow = [] } = flags;
  const [{ lint }, { LINT_RULES }] = await Promise.all([
    import("../publish/lint.ts"),
    import("../publish/lint-rules.ts"),
  ]);
  for (const rule of allow) refuseUnknown(rule, Object.keys(LINT_RULES));
  const told = new Set<string>();
  return (set) => {
    if (noLint === true) return;
    const dotenv = config.render.some(({ format }) => format === "dotenv");
    const findings = lint({ ...set, dotenv, now: clock.now() }).filter(
      ({ rule }) => !allow.includes(rule),
    );
    const said = findings.map(({ name, rule, message, level }) => ({
      level,
      line: `${quote(`${config.name}/${name}`)}: ${message} [${rule}]`,
    }));
    for (const { level, line } of said) {
      if (level !== "warning" || told.has(line)) continue;
      told.add(line);
      terminal.stderr.write(`postern: warning: ${line}\n`);
    }
    const issues = said.flatMap(({ level, line }) => (level === "error" ? [line] : []));
    const isNewline = findings.some(({ rule }) => rule === "trailing-newline");
    const trims = isNewline && "trim" in flags ? ", --trim leaves newlines out" : "";
    if (issues.length > 0)
      throw new PosternError("BadData", `the lint found ${issues.length}: ${issues[0]}`, {
        issues,
        hint: `nothing was written; --allow RULE lets through what is meant${trims}`,
      });
  };
}

function refuseUnknown(rule: string, rules: readonly string[]): void {
  if (rules.includes(rule)) return;
  const near = nearestWord(rule, rules);
  throw new PosternError("Usage", `no such lint rule ${quote(rule)}`, {
    hint: near === undefined ? "docs/lint.md has them" : `did you mean "${near}"?`,
  });
}
