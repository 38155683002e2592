import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMap } from "../../agent/map/parse.ts";
import { blocksOf, readPage, rowsOf, sectionOf } from "../support/document.ts";

const page = readPage("docs/access-map.md");

describe("docs/access-map.md", () => {
  it("begins with a sound map", () => {
    const [map = ""] = blocksOf(page, "yaml");
    assert.equal(parseMap(map, "docs/access-map.md").hosts.length, 1);
  });

  it("knows every kind of principal, by what a map that has another is told", () => {
    const [map = ""] = blocksOf(page, "yaml");
    const kinds = rowsOf(sectionOf(page, "Principals")).map(([kind = ""]) => kind);
    const expected = kinds.map((kind) => kind.replaceAll("`", "")).join(" or ");
    assert.throws(
      () => parseMap(map.replace("kind: ec2", "kind: other"), "map.yaml"),
      (error: Error) => error.message.includes(`expected ${expected}, got "other"`),
    );
  });
});
