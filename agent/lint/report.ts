/** Findings for people, 80 columns wide, and as JSON. @module */
import type { Finding, Severity } from "./rule.ts";
import { SEVERITIES } from "./rule.ts";
import type { Witness } from "./witness.ts";

const WIDTH = 80;

/** Each finding with its place, its witness in one line, and what to do; then how many there are. */
export function encodeText(findings: readonly Finding[], muted: number): string {
  const told = findings.flatMap((finding) => [...linesOf(finding), ""]);
  return [...told, summaryOf(findings, muted)].map((line) => `${line}\n`).join("");
}

function linesOf(finding: Finding): readonly string[] {
  const { rule, severity, place, document, message, witness, fix } = finding;
  const { file, line, column, sid } = place;
  const at = [file, line, column].filter((part) => part !== undefined).join(":");
  const head = [severity, at, rule, ...(sid === undefined ? [] : [`(${sid})`])].join("  ");
  return [
    ...wrap(head, ""),
    ...(document === undefined ? [] : wrap(`in ${document}`, "  ")),
    ...wrap(message, "  "),
    ...(witness === undefined ? [] : wrap(`witness: ${sentenceOf(witness)}`, "  ")),
    ...wrap(`fix: ${fix}`, "  "),
  ];
}

/** Who asks for what, with which keys, and what is decided. */
function sentenceOf({ name, principal, action, resource, expect }: Witness): string {
  const [[kind, value] = ["", ""]] = Object.entries(principal);
  const who = value === true ? kind : value;
  return `${name}: ${who} ${action} ${resource.arn}: ${expect}`;
}

function summaryOf(findings: readonly Finding[], muted: number): string {
  const counts = SEVERITIES.flatMap((severity) => {
    const amount = findings.filter((one) => one.severity === severity).length;
    return amount === 0 ? [] : [amountOf(amount, severity)];
  });
  const told = counts.length === 0 ? "no findings" : counts.join(", ");
  return muted === 0 ? told : `${told}, ${muted} muted`;
}

function amountOf(amount: number, severity: Severity): string {
  return `${amount} ${severity}${amount === 1 ? "" : "s"}`;
}

/** Lines of at most 80 columns, but for words that are longer; each after the first is indented further. */
function wrap(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of shown(text).split(" ")) {
    const isFirst = line.trim() === "";
    if (!isFirst && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${indent}  ${word}`;
    } else line = isFirst ? `${line}${word}` : `${line} ${word}`;
  }
  return [...lines, line];
}

/** What could change a terminal comes from documents of others. */
function shown(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What --json prints: a witness is a scenario of `postern policy simulate`. */
export function encodeFindings(findings: readonly Finding[], muted: number): unknown {
  return {
    version: 1,
    findings: findings.map(({ rule, severity, place, document, message, witness, fix }) => ({
      rule,
      severity,
      file: place.file,
      line: place.line ?? null,
      column: place.column ?? null,
      statement: place.statement ?? null,
      sid: place.sid ?? null,
      path: place.path,
      document: document ?? null,
      message,
      witness: witness ?? null,
      fix,
    })),
    muted,
  };
}
