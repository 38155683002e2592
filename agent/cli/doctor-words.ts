/**
 * What doctor found, for people and for 80 columns.
 *
 * ```
 * group web
 * ok   list: 3 objects, 120 bytes
 * FAIL get: GetObject "s3://acme-secrets/web/a": denied (AccessDenied)
 *      fix: add s3:GetObject on "arn:aws:s3:::acme-secrets/web/a" to role "web"
 * ```
 * @module
 */
import { styleText } from "node:util";
import type { Finding, Section } from "../doctor/finding.ts";
import { count } from "./words.ts";

const COLUMNS = 80;

const MARKS = {
  ok: { mark: "ok", colour: "green" },
  warning: { mark: "warn", colour: "yellow" },
  failed: { mark: "FAIL", colour: "red" },
  skipped: { mark: "skip", colour: "dim" },
} as const;

/** The section's lines and an empty one. */
export function encodeSection({ title, findings }: Section, isColoured: boolean): string {
  const head = isColoured ? paint("bold", title) : title;
  const lines = findings.flatMap((finding) => encodeFinding(finding, isColoured));
  return [head, ...lines, "", ""].join("\n");
}

/** "1 failed, 2 warnings, 12 ok, 3 skipped". */
export function encodeTotals(sections: readonly Section[]): string {
  const kinds = sections.flatMap(({ findings }) => findings.map(({ kind }) => kind));
  const amount = (wanted: Finding["kind"]): number =>
    kinds.filter((kind) => kind === wanted).length;
  return [
    `${amount("failed")} failed`,
    count(amount("warning"), "warning"),
    `${amount("ok")} ok`,
    `${amount("skipped")} skipped`,
  ].join(", ");
}

function encodeFinding(finding: Finding, isColoured: boolean): readonly string[] {
  const { mark, colour } = MARKS[finding.kind];
  const [first = "", ...rest] = wrap(`${mark.padEnd(4)} ${finding.about}: ${finding.found}`, 5);
  const marked = isColoured ? paint(colour, mark) + first.slice(mark.length) : first;
  const details = finding.kind === "failed" ? finding.details : [];
  const fix = "fix" in finding && finding.fix !== undefined ? [`fix: ${finding.fix}`] : [];
  return [
    marked,
    ...rest,
    ...details.flatMap((line) => wrap(`     - ${line}`, 7)),
    ...fix.flatMap((line) => wrap(`     ${line}`, 10)),
  ];
}

// whether there are colours was decided by who knows the stream
function paint(format: "bold" | (typeof MARKS)[Finding["kind"]]["colour"], text: string): string {
  return styleText(format, text, { validateStream: false });
}

/**
 * `text` in lines of at most 80 columns, broken at single spaces; a longer word (an ARN to be copied) stays whole.
 * @param indent columns before every line but the first
 */
export function wrap(text: string, indent: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  // what leads the first line is not a place to break
  const lead = /^ */.exec(text)?.[0] ?? "";
  for (const word of text.slice(lead.length).split(" ")) {
    const start = lines.length === 0 ? lead : " ".repeat(indent);
    if (line === "") line = start + word;
    else if (line.length + 1 + word.length <= COLUMNS) line += ` ${word}`;
    else {
      lines.push(line.trimEnd());
      line = " ".repeat(indent) + word;
    }
  }
  return [...lines, line];
}
