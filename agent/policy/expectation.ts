/** What a scenario expects of its verdict. @module */
import { isRecord, below, kindOf, type Report } from "./issues.ts";
import type { Layer, Verdict } from "./verdict.ts";

export interface Expectation {
  readonly decision: "allow" | "deny";
  readonly explicit?: boolean | undefined;
  readonly layer?: Layer | undefined;
  /** Of the deciding statement. */
  readonly sid?: string | undefined;
}

const WORDS: Readonly<Record<string, Expectation>> = {
  allow: { decision: "allow" },
  deny: { decision: "deny" },
  "explicit deny": { decision: "deny", explicit: true },
  "implicit deny": { decision: "deny", explicit: false },
};
export const EXPECTED_WORDS: readonly string[] = Object.keys(WORDS);
export const LAYERS: readonly Layer[] = [
  "service",
  "rcp",
  "scp",
  "endpoint",
  "resource",
  "boundary",
  "session",
  "identity",
  "grant",
];

/** One of `EXPECTED_WORDS`, or an object with it as `decision`; what is wrong is reported. */
export function parseExpectation(
  value: unknown,
  path: string,
  report: Report,
): Expectation | undefined {
  if (!isRecord(value)) return parseWord(value, path, report);
  for (const name of Object.keys(value))
    if (!["decision", "layer", "sid"].includes(name))
      report(below(path, name), "expected decision, layer or sid");
  const { layer, sid } = value;
  const known = LAYERS.find((one) => one === layer);
  if (layer !== undefined && known === undefined)
    report(below(path, "layer"), `expected one of ${LAYERS.join(", ")}`);
  if (sid !== undefined && typeof sid !== "string")
    report(below(path, "sid"), `expected a string, got ${kindOf(sid)}`);
  const word = parseWord(value["decision"], below(path, "decision"), report);
  return word && { ...word, layer: known, sid: typeof sid === "string" ? sid : undefined };
}

function parseWord(value: unknown, path: string, report: Report): Expectation | undefined {
  const word = typeof value === "string" && Object.hasOwn(WORDS, value) ? WORDS[value] : undefined;
  if (word === undefined) report(path, `expected one of ${EXPECTED_WORDS.join(", ")}`);
  return word;
}

export function meets(expected: Expectation, verdict: Verdict): boolean {
  return (
    expected.decision === verdict.decision &&
    (expected.explicit ?? verdict.explicit) === verdict.explicit &&
    (expected.layer ?? verdict.layer) === verdict.layer &&
    (expected.sid === undefined || expected.sid === verdict.statements[0]?.sid)
  );
}

/** "explicit deny", "allow": the verdict in the words of an expectation. */
export function wordOf({ decision, explicit }: Verdict): string {
  if (decision === "allow") return "allow";
  return explicit ? "explicit deny" : "implicit deny";
}

/** The expectation in words, for a person. */
export function saidOf({ decision, explicit, layer, sid }: Expectation): string {
  const word =
    explicit === undefined ? decision : `${explicit ? "explicit" : "implicit"} ${decision}`;
  return [word, layer && `by ${layer}`, sid && `in ${sid}`].filter(Boolean).join(" ");
}
