/** A matrix for a terminal: as many groups to a block as its width takes, then what differs, then the legend. @module */
import { differencesOf, type Matrix } from "./matrix.ts";
import { CONTROL_NOTE, differenceName, LEGEND, signsOf } from "./matrix-words.ts";

/** Longer names are cut: a block must have room for at least one group. */
const MOST_FOR_NAMES = 24;
const MOST_FOR_KINDS = 21;
const GAP = 2;

/** @param columns of the terminal, at least 80 */
export function encodeTable(matrix: Matrix, columns: number): string {
  const head = [
    ["principal", "kind"],
    ...matrix.rows.map(({ actor }) => [
      cut(actor.title, MOST_FOR_NAMES),
      cut([actor.kind, ...actor.duties].join(", "), MOST_FOR_KINDS),
    ]),
  ];
  const before = joined(head);
  const width = Math.max(...before.map(({ length }) => length));
  const blocks = blocksOf(bodyOf(matrix), columns - width);
  const lines = blocks.flatMap((block) => [
    ...joined(before.map((line, at) => [line, ...block.map((column) => column[at] ?? "")])).map(
      (line) => line.trimEnd(),
    ),
    "",
  ]);
  const differences = differencesOf(matrix).map((one) => `! ${differenceName(one)}`);
  return [
    ...lines,
    ...(differences.length > 0 ? [...differences, ""] : []),
    ...legend(columns),
    "",
  ].join("\n");
}

type Column = readonly string[];

/** The groups, and last what each may change. */
function bodyOf({ groups, rows }: Matrix): readonly Column[] {
  return [
    ...groups.map(({ name }, at) => [
      cut(name, MOST_FOR_NAMES),
      ...rows.map(({ cells }) =>
        cells
          .slice(at, at + 1)
          .map(signsOf)
          .join(""),
      ),
    ]),
    ["may change", ...rows.map(({ control }) => (control.length === 0 ? "-" : control.join(", ")))],
  ];
}

/** As many columns to each as fit, but at least one. */
function blocksOf(body: readonly Column[], room: number): readonly (readonly Column[])[] {
  const blocks: Column[][] = [];
  let left = 0;
  for (const column of body) {
    const width = GAP + Math.max(...column.map(({ length }) => length));
    const block = blocks.at(-1);
    if (block === undefined || width > left) {
      blocks.push([column]);
      left = room - width;
    } else {
      block.push(column);
      left -= width;
    }
  }
  return blocks;
}

function joined(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows.map((row) =>
    row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" ".repeat(GAP)),
  );
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function legend(columns: number): readonly string[] {
  const words = [...LEGEND, CONTROL_NOTE].map((line) => line.split(" "));
  return words.flatMap((line) => wrapped(line, columns));
}

function wrapped(words: readonly string[], columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
