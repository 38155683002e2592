/** Decisions as a table, and as JSON. @module */
import { quote } from "../core/names.ts";
import { saidOf, wordOf } from "../policy/expectation.ts";
import type { Skipped } from "../policy/foreign-cases.ts";
import type { Simulated } from "../policy/simulate.ts";
import type { StatementPlace } from "../policy/verdict.ts";
import { fittedSentence, fittedTable } from "./policy-table.ts";
import { count, table } from "./words.ts";

export interface Decided {
  readonly results: readonly Simulated[];
  /** Undefined where all must be decided. */
  readonly skipped: readonly Skipped[] | undefined;
}

/**
 * One row a scenario; then what was filled in, what is not as expected, and what was not decided.
 * @param width in columns, of a terminal; undefined: nothing is wrapped or cut
 */
export function tableOf(decided: Decided, width: number | undefined): string {
  const rows = decided.results.map((result, at) => {
    const { verdict } = result;
    const [deciding] = verdict.statements;
    return [
      nameOf(result, at),
      wordOf(verdict),
      verdict.layer,
      deciding === undefined ? verdict.why : placeOf(deciding),
    ];
  });
  const all = [["CASE", "DECISION", "LAYER", "BY"], ...rows];
  const below = remarksOn(decided);
  const lines =
    width === undefined
      ? [...table(all), ...below]
      : [...fittedTable(all, width), ...below.flatMap((line) => fittedSentence(line, width))];
  return lines.map((line) => `${line}\n`).join("");
}

function remarksOn({ results, skipped = [] }: Decided): readonly string[] {
  const filled = results.flatMap((result, at) =>
    Object.entries(result.synthesized).map(([key, values]) =>
      shown(`${nameOf(result, at)}: filled in ${key} ${values.join(", ")}`),
    ),
  );
  const wrong = results.flatMap((result, at) => {
    const { scenario, asExpected } = result;
    if (asExpected || scenario.expect === undefined) return [];
    return [shown(`${nameOf(result, at)}: expected ${saidOf(scenario.expect)}`)];
  });
  const left = skipped.map(({ name, why }) => `${shown(name)}: skipped: ${shown(why)}`);
  const expected = results.filter(({ scenario }) => scenario.expect !== undefined).length;
  const total = `${expected - wrong.length} of ${count(expected, "decision")} as expected`;
  return [
    ...filled,
    ...wrong,
    ...left,
    ...(expected === 0 ? [] : [total]),
    ...(left.length === 0 ? [] : [`${count(left.length, "case")} skipped`]),
  ];
}

/** What --json prints. */
export function encodeResults({ results, skipped }: Decided): unknown {
  return {
    version: 1,
    results: results.map(({ scenario, verdict, synthesized, asExpected }) => ({
      name: scenario.name ?? null,
      decision: verdict.decision,
      explicit: verdict.explicit,
      layer: verdict.layer,
      statements: verdict.statements.map(({ policy, index, sid }) => ({
        policy,
        index,
        sid: sid ?? null,
      })),
      why: verdict.why,
      synthesized,
      asExpected: scenario.expect === undefined ? null : asExpected,
    })),
    ...(skipped === undefined ? {} : { skipped }),
  };
}

function nameOf({ scenario }: Simulated, at: number): string {
  return shown(scenario.name ?? `[${at}]`);
}

/** Documents and names come from anywhere: what could change a terminal is escaped. */
function shown(text: string): string {
  return /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text) ? quote(text) : text;
}

/** "resource[2] DenyHistory": the document, its statement, and the Sid. */
function placeOf({ policy, index, sid }: StatementPlace): string {
  const place = `${policy}.Statement[${index}]`;
  return sid === undefined ? place : shown(`${place} ${sid}`);
}
