import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { documentOf } from "../../agent/generate/draft.ts";
import { joinLabels, labelsOf } from "../../agent/generate/labels.ts";

describe("a name in a Sid", () => {
  const rows: readonly (readonly [name: string, label: string])[] = [
    ["web", "Web"],
    ["web-admin", "WebAdmin"],
    ["a.b_c", "ABC"],
    ["host+tls+web", "HostTlsWeb"],
    ["web2", "Web2"],
    ["trailing-", "Trailing"],
  ];
  for (const [name, label] of rows)
    it(`is ${label} for ${name}`, () => {
      assert.equal(labelsOf([name]).get(name), label);
    });

  it("tells names apart that would be one, whatever their order", () => {
    const names = ["web-admin", "web.admin", "db"];
    const labels = labelsOf(names);
    assert.equal(new Set(labels.values()).size, 3);
    assert.equal(labels.get("db"), "Db");
    assert.match(labels.get("web-admin") ?? "", /^WebAdmin[0-9a-f]{6}$/);
    for (const [name, label] of labelsOf(names.toReversed())) assert.equal(labels.get(name), label);
  });

  it("stays readable for many", () => {
    assert.equal(joinLabels(["Web", "Db", "Tls"]), "DbTlsWeb");
    assert.equal(joinLabels(["Web", "Db", "Tls", "Api"]), "ApiDbAnd2More");
  });

  it("gets a number where another statement has it", () => {
    const draft = { statement: { Sid: "ReadDbWeb" }, from: [] };
    const { document, origins } = documentOf([draft, draft, draft]);
    const sids = ["ReadDbWeb", "ReadDbWebNo2", "ReadDbWebNo3"];
    assert.deepEqual(
      origins.map(({ sid }) => sid),
      sids,
    );
    assert.deepEqual(
      document["Statement"],
      sids.map((Sid) => ({ Sid })),
    );
  });
});
