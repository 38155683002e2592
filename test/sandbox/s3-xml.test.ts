import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { encodeXml, listOf, parseXml, textOf } from "../../agent/sandbox/s3-xml.ts";

describe("S3's XML", () => {
  it("says the same after it was written and read", () => {
    // a parser may turn a carriage return into a line feed, and XML 1.0 has no other control characters
    const text = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((each) => !/\p{Cc}|\p{Cs}|^\s|\s$/u.test(each) && each.trim() !== "");
    fc.assert(
      fc.property(fc.array(text), (keys) => {
        const document = encodeXml([
          "Delete",
          keys.map((key) => ["Object", [["Key", key]]] as const),
        ]);
        const read = parseXml(document, "Delete", ["Object"]) ?? {};
        assert.deepEqual(
          listOf(read, "Object").map((object) => textOf(object, "Key")),
          keys,
        );
      }),
    );
  });

  it("writes what has no content empty, and what is undefined not at all", () => {
    const document = encodeXml(
      [
        "R",
        [
          ["A", ""],
          ["B", undefined],
          ["C", []],
        ],
      ],
      "",
    ).toString();
    assert.equal(document, '<?xml version="1.0" encoding="UTF-8"?>\n<R><A></A><C></C></R>');
  });

  it("reads keys with references and spaces as they are", () => {
    const read = parseXml(Buffer.from("<D><K> a&#x1;&amp;&#10; </K><K2>007</K2></D>"), "D") ?? {};
    assert.equal(textOf(read, "K"), " a\u0001&\n ");
    assert.equal(textOf(read, "K2"), "007");
  });

  const bad = ["", "text", "<A>", "<Other></Other>", "<Delete><Key></Delete>", "{}"];
  for (const body of bad)
    it(`does not read ${JSON.stringify(body)} as a Delete`, () => {
      assert.equal(parseXml(Buffer.from(body), "Delete"), undefined);
    });

  it("expands no entity of the sender's", () => {
    const bomb = '<!DOCTYPE D [<!ENTITY a "aaaaaaaaaa">]><Delete><Key>&a;&a;</Key></Delete>';
    const read = parseXml(Buffer.from(bomb), "Delete");
    assert.ok(read === undefined || !textOf(read, "Key")?.includes("aaaa"));
  });
});
