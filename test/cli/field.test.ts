import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { pickField, type Field } from "../../agent/cli/field.ts";

const found = (text: string): Field => ({ kind: "found", text });
const ABSENT: Field = { kind: "absent" };
const NOT_JSON: Field = { kind: "not-json" };

const ROWS: readonly (readonly [why: string, document: string, path: string, expected: Field])[] = [
  ["a string as it is", '{"user":"ada\\n"}', "user", found("ada\n")],
  ["an empty string", '{"user":""}', "user", found("")],
  ["a number as JSON", '{"port":5432}', "port", found("5432")],
  ["false as JSON", '{"tls":false}', "tls", found("false")],
  ["null as JSON", '{"tls":null}', "tls", found("null")],
  ["an object as JSON", '{"a":{"b":[1,"x"]}}', "a", found('{"b":[1,"x"]}')],
  ["a field inside a field", '{"a":{"b":"x"}}', "a.b", found("x")],
  ["an element of an array", '{"a":["x","y"]}', "a.1", found("y")],
  ["an element of the whole", '["x"]', "0", found("x")],
  ["a field that is named like a number", '{"0":"x"}', "0", found("x")],
  ["no field that is missing", '{"a":1}', "b", ABSENT],
  ["no field of a string", '{"a":"x"}', "a.length", ABSENT],
  ["no length of an array", '{"a":[]}', "a.length", ABSENT],
  ["no element by another spelling", '["x","y"]', "01", ABSENT],
  ["no element past the end", '["x"]', "1", ABSENT],
  ["no field of null", '{"a":null}', "a.b", ABSENT],
  ["nothing inherited", "{}", "constructor", ABSENT],
  ["what the document itself calls __proto__", '{"__proto__":"x"}', "__proto__", found("x")],
  ["no integer that would be rounded", '{"a":9007199254740993}', "a", { kind: "inexact" }],
  ["nor deep inside", '{"a":[{"b":1e300}]}', "a", { kind: "inexact" }],
  ["a field beside such an integer", '{"a":9007199254740993,"b":"x"}', "b", found("x")],
  ["nothing of what is no JSON", "hunter2", "a", NOT_JSON],
  ["nothing of nothing", "", "a", NOT_JSON],
];

describe("pickField", () => {
  for (const [why, document, path, expected] of ROWS) {
    it(`gives ${why}`, () => assert.deepEqual(pickField(Buffer.from(document), path), expected));
  }

  it("gives nothing of what is no UTF-8", () => {
    assert.deepEqual(pickField(Buffer.from('{"a":"\xff"}', "latin1"), "a"), NOT_JSON);
  });

  it("gives every string that a document holds", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ minLength: 1 }).filter((name) => !name.includes(".")),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        fc.string({ unit: "grapheme" }),
        (names, value) => {
          const document = names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
          const bytes = Buffer.from(JSON.stringify(document));
          assert.deepEqual(pickField(bytes, names.join(".")), found(value));
        },
      ),
    );
  });
});
