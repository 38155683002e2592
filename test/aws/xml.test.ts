import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { childText, parseXml } from "../../agent/aws/xml.ts";
import { encodeXml } from "../../agent/sandbox/s3-xml.ts";

const WHOLE = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message a='>' b="/">&lt;a &#65;&#x42; &quot;&apos;&gt;&amp;</Message><!-- <x> --><Empty/></Error>`;

describe("XML", () => {
  it("reads elements, their texts and their references", () => {
    const root = parseXml(WHOLE);
    assert.ok(root);
    assert.deepEqual(
      root.children.map(({ name, text }) => [name, text]),
      [
        ["Code", "SlowDown"],
        ["Message", "<a AB \"'>&"],
        ["Empty", ""],
      ],
    );
    assert.equal(childText(root, "Code"), "SlowDown");
    assert.equal(childText(root, "Resource"), undefined);
  });

  it("reads back whatever the sandbox writes", () => {
    const text = fc.string({ unit: "binary" }).filter((all) => !/\p{Cc}/u.test(all));
    fc.assert(
      fc.property(fc.array(text), (all) => {
        const document = encodeXml(["List", all.map((one) => ["Key", one] as const)]);
        const root = parseXml(document.toString());
        assert.deepEqual(
          root?.children.map((child) => child.text),
          all,
        );
      }),
    );
  });

  it("takes no part of a document for a whole one", () => {
    const open = WHOLE.indexOf("<Error>");
    for (let end = 0; end < WHOLE.length; end += 1)
      assert.equal(parseXml(WHOLE.slice(0, end)), undefined, WHOLE.slice(open, end));
  });

  const refused: readonly (readonly [why: string, document: string])[] = [
    ["nothing", ""],
    ["no XML", "busy"],
    ["two roots", "<a/><b/>"],
    ["text beside the root", "<a/>b"],
    ["tags that do not match", "<a><b></a></b>"],
    ["an end without a start", "</a>"],
    ["an unknown entity", "<a>&secret;</a>"],
    ["a bare ampersand", "<a>b & c</a>"],
    ["a character that there is none of", "<a>&#x110000;</a>"],
    ["a null character", "<a>&#0;</a>"],
    ["a document type", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ["CDATA", "<a><![CDATA[b]]></a>"],
    ["an open quote", '<a b="></a>'],
    ["HTML", "<html><body><p>busy<br></body></html>"],
  ];
  for (const [why, document] of refused)
    it(`refuses ${why}`, () => assert.equal(parseXml(document), undefined));
});
