/**
 * Tables that fit a terminal, for cells that may hold sentences, names and ARNs of any length.
 * @module
 */
import { table, wrap } from "./words.ts";

// two spaces, as `table` sets them
const GAP = 2;

/**
 * As `table`, in at most `width` columns: the widest columns give way, their cells are wrapped at spaces, and words
 * that are still too long are cut in the middle.
 */
export function fittedTable(
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const widths = fittedWidths(rows, width);
  const lines = rows.flatMap((row) => {
    const cells = row.map((cell, column) => fittedLines(cell, widths[column] ?? 0));
    const height = Math.max(...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, at) => cells.map((cell) => cell[at] ?? ""));
  });
  return table(lines);
}

/** A sentence in at most `width` columns, what follows the first line set in by two. */
export function fittedSentence(text: string, width: number): readonly string[] {
  return fittedLines(text, width - 2).map((line, at) => (at === 0 ? line : `  ${line}`));
}

function fittedLines(text: string, width: number): readonly string[] {
  return wrap(
    text.split(" ").map((word) => cutMiddle(word, width)),
    width,
  );
}

/** The ends of a name or an ARN tell most of it. */
function cutMiddle(word: string, width: number): string {
  if (word.length <= width) return word;
  const end = Math.floor((width - 1) / 2);
  return `${word.slice(0, width - 1 - end)}…${word.slice(word.length - end)}`;
}

function fittedWidths(rows: readonly (readonly string[])[], width: number): readonly number[] {
  const columns = Math.max(...rows.map(({ length }) => length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const room = width - GAP * (columns - 1);
  const total = widths.reduce((sum, one) => sum + one, 0);
  for (let excess = total - room; excess > 0; excess -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
