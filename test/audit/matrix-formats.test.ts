import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { encodeCsv } from "../../agent/audit/matrix-csv.ts";
import { encodeMarkdown } from "../../agent/audit/matrix-markdown.ts";
import { encodeTable } from "../../agent/audit/matrix-table.ts";
import { type Matrix, matrixOf } from "../../agent/audit/matrix.ts";
import type { GroupName } from "../../agent/core/names.ts";
import { allow, identityOf, smallDeployment, smallMap } from "../support/audited.ts";
import { root } from "../support/root.ts";

const same = matrixOf(smallMap, smallDeployment);
const differing = matrixOf(smallMap, {
  ...smallDeployment,
  identities: [
    ...smallDeployment.identities.filter(({ arn }) => !arn.endsWith("/ci")),
    identityOf("ci", allow(["s3:*", "kms:*"], "*")),
  ],
});

describe("the formats of a matrix are as they were reviewed", () => {
  const rows: readonly (readonly [file: string, text: string])[] = [
    ["same.txt", encodeTable(same, 80)],
    ["same-markdown.txt", encodeMarkdown(same)],
    ["same.csv", encodeCsv(same)],
    ["differing.txt", encodeTable(differing, 80)],
    ["differing-markdown.txt", encodeMarkdown(differing)],
  ];
  for (const [file, text] of rows)
    it(file, () => {
      const path = join(root, "test/cases/matrix", file);
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
      assert.equal(text, readFileSync(path, "utf8"));
    });
});

/** The matrix with that many columns more. */
function widened(matrix: Matrix, more: number): Matrix {
  const [group] = matrix.groups;
  assert.ok(group !== undefined);
  const further = Array.from({ length: more }, (_, at) => ({
    ...group,
    name: `group-${at}` as GroupName,
  }));
  return {
    ...matrix,
    groups: [...matrix.groups, ...further],
    rows: matrix.rows.map((row) => ({
      ...row,
      cells: [
        ...row.cells,
        ...further.flatMap((one) => row.cells.slice(0, 1).map((cell) => ({ ...cell, group: one }))),
      ],
    })),
  };
}

describe("the table", () => {
  it("keeps to the width of the terminal, in as many blocks as that takes", () => {
    const wide = widened(differing, 40);
    for (const columns of [80, 132]) {
      const lines = encodeTable(wide, columns).split("\n");
      const longest = Math.max(...lines.map(({ length }) => length));
      assert.ok(longest <= columns, `${longest} columns of ${columns}`);
    }
    const heads = encodeTable(wide, 80)
      .split("\n")
      .filter((line) => line.startsWith("principal "));
    const named = heads.flatMap((line) => line.split(/ {2,}/).slice(2));
    assert.deepEqual(named, [...wide.groups.map(({ name }) => name), "may change"]);
  });
});

describe("the lines of CSV", () => {
  const hostile = widened(same, 1);
  const named: Matrix = {
    ...hostile,
    rows: hostile.rows.slice(0, 1).map((row) => ({
      ...row,
      actor: { ...row.actor, title: '=cmd|"x",\n1', hosts: ["-1"] },
    })),
  };
  it("quote what would break them, and hold no formula", () => {
    const [, first = ""] = encodeCsv(named).split("\r\n");
    assert.match(first, /^"'=cmd\|""x"",\n1",existing,,'-1,web,read,allow,/);
  });

  it("are one for each principal, group and verb", () => {
    const lines = encodeCsv(same).split("\r\n");
    assert.equal(lines.length, 2 + same.rows.length * same.groups.length * 5);
    assert.ok(lines.slice(0, -1).every((line) => line.split(",").length >= 11));
  });
});

describe("Markdown", () => {
  it("lets no name be markup", () => {
    const named: Matrix = {
      ...same,
      rows: same.rows
        .slice(0, 1)
        .map((row) => ({ ...row, actor: { ...row.actor, title: "<b>|*a*" } })),
    };
    assert.ok(encodeMarkdown(named).includes(String.raw`| &lt;b>\|\*a\* |`));
  });
});
