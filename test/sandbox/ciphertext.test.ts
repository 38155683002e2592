import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { encodeContext, open, parseSealed, seal } from "../../agent/sandbox/ciphertext.ts";

const backing = { id: Buffer.alloc(16, 7), secret: Buffer.alloc(32, 9) };
const iv = Buffer.alloc(12, 3);

const context = fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }));
const plaintext = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => Buffer.from(bytes));

describe("a ciphertext blob", () => {
  it("opens to what was sealed, whatever the order of the context's pairs", () => {
    fc.assert(
      fc.property(plaintext, context, (bytes, pairs) => {
        const sealed = parseSealed(seal("key", backing, bytes, pairs, iv));
        const reversed = Object.fromEntries(Object.entries(pairs).toReversed());
        assert.ok(sealed);
        assert.deepEqual(open(sealed, backing, reversed), bytes);
      }),
    );
  });

  it("does not open when any one bit of it is another", () => {
    const blob = seal("key", backing, Buffer.from("secret"), { app: "web" }, iv);
    for (let bit = 0; bit < blob.length * 8; bit += 1) {
      const flipped = Buffer.from(blob);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const sealed = parseSealed(flipped);
      assert.equal(sealed && open(sealed, backing, { app: "web" }), undefined, `bit ${bit}`);
    }
  });

  it("is no blob when it is cut short of its header", () => {
    const blob = seal("key", backing, Buffer.from("x"), {}, iv);
    for (let length = 0; length < blob.length - 1; length += 1)
      assert.equal(parseSealed(blob.subarray(0, length)), undefined, `length ${length}`);
  });

  it("has the layout that is drawn", () => {
    const blob = seal("key", backing, Buffer.from("12345"), {}, iv);
    assert.deepEqual(blob.subarray(0, 5), Buffer.from("\u0001\u0003key"));
    assert.deepEqual(blob.subarray(5, 21), backing.id);
    assert.deepEqual(blob.subarray(21, 33), iv);
    assert.equal(blob.length, 5 + 16 + 12 + 16 + 5);
  });
});

describe("the encoding of an encryption context", () => {
  it("is the same for two contexts exactly when their pairs are the same", () => {
    const letters = fc.dictionary(
      fc.string({ unit: fc.constantFrom("a", "b") }),
      fc.constantFrom("a", "b", "ab"),
    );
    fc.assert(
      fc.property(letters, letters, (left, right) => {
        const sameBytes = encodeContext(left).equals(encodeContext(right));
        assert.equal(sameBytes, isDeepStrictEqual({ ...left }, { ...right }));
      }),
      { numRuns: 500 },
    );
  });

  const rows: readonly (readonly [string, Record<string, string>, string])[] = [
    ["no pair is no byte", {}, ""],
    ["lengths come before names and values", { ab: "c" }, "00000002 6162 00000001 63"],
    [
      "names are sorted by their bytes",
      { b: "", a: "" },
      "00000001 61 00000000 00000001 62 00000000",
    ],
    ["lengths are bytes, not characters", { é: "" }, "00000002 c3a9 00000000"],
  ];
  for (const [why, pairs, expected] of rows)
    it(why, () => assert.equal(encodeContext(pairs).toString("hex"), expected.replaceAll(" ", "")));
});
