/** A matrix for other programs: a line for each principal, group and verb. @see https://www.rfc-editor.org/rfc/rfc4180 @module */
import { isDifferent, type Matrix } from "./matrix.ts";
import { VERB_NAMES } from "./matrix-words.ts";

const HEADER = [
  "principal",
  "kind",
  "duties",
  "hosts",
  "group",
  "verb",
  "decision",
  "layers",
  "map",
  "differs",
  "may change",
];

/** Lists inside a field are separated by spaces. */
export function encodeCsv({ rows }: Matrix): string {
  const lines = rows.flatMap(({ actor, cells, control }) =>
    cells.flatMap(({ group, decisions }) =>
      decisions.map((decision) => [
        actor.title,
        actor.kind,
        actor.duties.join(" "),
        actor.hosts.join(" "),
        group.name,
        VERB_NAMES[decision.verb],
        decision.allowed ? "allow" : "deny",
        decision.heldBy.join(" "),
        decision.expected ? "allow" : "deny",
        isDifferent(decision) ? "yes" : "no",
        control.join(" "),
      ]),
    ),
  );
  return [HEADER, ...lines].map((fields) => `${fields.map(fieldOf).join(",")}\r\n`).join("");
}

function fieldOf(text: string): string {
  // a spreadsheet takes what begins like this for a formula
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
