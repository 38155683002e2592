import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { encodeHtml } from "../../agent/audit/matrix-html.ts";
import { type Matrix, matrixOf } from "../../agent/audit/matrix.ts";
import type { BucketName, GroupName } from "../../agent/core/names.ts";
import { smallDeployment, smallMap } from "../support/audited.ts";

const matrix = matrixOf(smallMap, smallDeployment);
const facts = { mapSha256: "0a".repeat(32), version: "1.2.3", madeOn: undefined };
const page = encodeHtml(matrix, facts);

describe("the page", () => {
  it("says what it was made of, and when only if it is told", () => {
    for (const fact of ["small.yaml", facts.mapSha256, "acme-secrets, us-east-1", "postern 1.2.3"])
      assert.ok(page.includes(fact), fact);
    assert.ok(!page.includes("Made on"));
    assert.ok(
      encodeHtml(matrix, { ...facts, madeOn: "2026-11-25" }).includes("<dd>2026-11-25</dd>"),
    );
  });

  it("is the same each time", () => {
    assert.equal(encodeHtml(matrixOf(smallMap, smallDeployment), facts), page);
  });

  it("lets run and look only what it holds itself", () => {
    const [, policy = ""] = /Content-Security-Policy" content="([^"]+)"/.exec(page) ?? [];
    for (const name of ["style", "script"]) {
      const [, text = "", ...more] = page.split(new RegExp(`</?${name}>`));
      assert.equal(more.length, 1, `one ${name}`);
      const hash = createHash("sha256").update(text).digest("base64");
      assert.ok(policy.includes(`${name}-src &#39;sha256-${hash}&#39;`), name);
    }
    assert.match(policy, /^default-src &#39;none&#39;;/);
    assert.doesNotMatch(page, /\s(style|on\w+|src|href)=/);
  });

  it("lets no name be markup, in elements or attributes", () => {
    const evil = `"><script>alert('1')</script>&`;
    const groups = matrix.groups.map((group) => ({ ...group, name: evil as GroupName }));
    const named: Matrix = {
      map: { ...matrix.map, file: evil },
      buckets: matrix.buckets.map((one) => ({ ...one, bucket: evil as BucketName })),
      groups,
      rows: matrix.rows.map((row) => ({
        ...row,
        actor: { ...row.actor, title: evil, about: evil, hosts: [evil] },
        cells: row.cells.map((cell, at) => ({
          ...cell,
          group: groups[at] ?? cell.group,
          decisions: cell.decisions.map((one) => ({ ...one, expected: !one.allowed })),
        })),
      })),
    };
    const told = encodeHtml(named, { mapSha256: evil, version: evil, madeOn: evil });
    assert.ok(!told.includes(evil));
    assert.equal(told.split("<script").length, 2);
    assert.ok(told.includes("&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;"));
  });
});
