/** A matrix for a pull request: a table, what differs above it. @see https://github.github.com/gfm/#tables-extension- @module */
import { differencesOf, type Matrix } from "./matrix.ts";
import {
  CONTROL_NOTE,
  controlName,
  denialsOf,
  differenceName,
  kindName,
  LEGEND,
  reachName,
  signsOf,
  storageName,
} from "./matrix-words.ts";

export function encodeMarkdown(matrix: Matrix): string {
  const { groups, rows } = matrix;
  const table = [
    ["principal", "kind", ...groups.map(({ name }) => name), "may change"],
    ["---", "---", ...groups.map(() => "---"), "---"],
    ...rows.map((row) => [
      row.actor.title,
      kindName(row.actor),
      ...row.cells.map((cell) => `\`${signsOf(cell)}\``),
      controlName(row),
    ]),
  ];
  return [
    ...verdict(matrix),
    "",
    ...table.map((row, at) => line(at === 1 ? row : row.map(escaped))),
    "",
    LEGEND.join(" "),
    "",
    ...groups.map(
      (group) => `- ${escaped(group.name)}: ${escaped(reachName(group))}, ${storageName(group)}`,
    ),
    "",
    CONTROL_NOTE,
    "",
    ...weakest(matrix),
  ].join("\n");
}

function verdict(matrix: Matrix): readonly string[] {
  const bucket = `Access to ${matrix.buckets.map(({ bucket }) => `\`${bucket}\``).join(", ")} by \`${matrix.map.file}\``;
  const differences = differencesOf(matrix);
  if (differences.length === 0) return [`${bucket}: the documents do what the map says.`];
  return [
    `**${bucket}: the documents do not do what the map says.**`,
    "",
    ...differences.map((one) => `- **${escaped(differenceName(one))}**`),
  ];
}

/** What one layer alone holds, folded away. */
function weakest({ rows }: Matrix): readonly string[] {
  const held = rows.flatMap(({ actor, cells }) =>
    cells.flatMap((cell) =>
      denialsOf(cell)
        .filter(({ isHeldByOne }) => isHeldByOne)
        .map(({ verbs, layers }) => `- ${actor.title}, ${cell.group.name}: ${verbs}: ${layers}`),
    ),
  );
  if (held.length === 0) return [];
  return [
    "<details><summary>Held by one layer alone</summary>",
    "",
    ...held.map(escaped),
    "",
    "</details>",
    "",
  ];
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Names hold none of these; strangers' titles and reaches do: "*" would be emphasis. */
function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/[\\|*_[\]~]/g, String.raw`\$&`);
}
