import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { render } from "../../agent/render/render.ts";
import { ENV_READERS } from "../support/env-readers.ts";
import { refusedAs } from "../support/refusal.ts";
import { rendered, valuesOf } from "../support/rendering.ts";
import { tempDir } from "../support/temp.ts";

const EVERY_BYTE = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1));
const EVERY_CHARACTER = Array.from({ length: 0x24f }, (_, index) =>
  String.fromCharCode(index + 1),
).join("");

const HARD = [
  "",
  " ",
  "  lead and trail  ",
  "\n",
  "ends with a line\n",
  "-----BEGIN KEY-----\nMII+/=\n-----END KEY-----\n",
  "$(touch /tmp/x) `id` ${HOME} $HOME $$",
  `it's "both" ''`,
  "'",
  "\\",
  "\\\\'\\",
  "ends with \\",
  "a\\nb",
  "#no comment",
  "! !! !$",
  "a=b;c&d|e>f",
  "\r\n\t\u0001\u007f",
  "\ufeffmark",
  "naïve 日本 🗝",
  "\ufdcf\ufdf0\ufffd\u{1fffd}\u{10fffd}",
  EVERY_CHARACTER,
];

const FOREIGN = [
  ["bytes that are not UTF-8", Buffer.from([0xff]), "is not UTF-8"],
  ...["\ufdd0", "\ufdef", "\ufffe", "\uffff", "\u{1fffe}", "\u{10ffff}"].map(
    (character) =>
      [
        `the noncharacter U+${character.codePointAt(0)?.toString(16)}`,
        Buffer.from(`a${character}b`),
        "holds a Unicode noncharacter, such as U+FFFE",
      ] as const,
  ),
] as const;

const hostile = fc.array(fc.constantFrom(..."'\"\\$`()!\n\r\t #;=&a".split("")), { maxLength: 12 });
const text = fc.oneof(
  hostile.map((characters) => characters.join("")),
  fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", "")),
);
/** What systemd reads: Unicode's 66 noncharacters are none of it. */
const assigned = text.map((value) => value.replaceAll(/\p{Noncharacter_Code_Point}/gu, "-"));
const bytes = fc.oneof(
  text.map((value) => Buffer.from(value)),
  fc.uint8Array({ min: 1, max: 255, maxLength: 40 }).map((array) => Buffer.from(array)),
);

describe("a dotenv file", () => {
  const temp = tempDir();

  for (const { name, missing, anyBytes, read } of ENV_READERS) {
    const readBack = async (values: readonly Buffer[]): Promise<void> => {
      const group = Object.fromEntries(values.map((value, index) => [`v${index}`, value]));
      const file = join(temp, `${name}.env`);
      writeFileSync(file, await rendered("dotenv", group));
      assert.deepEqual(await read(file, Object.keys(group)), values);
    };

    it(`is read by ${name} as it was`, { skip: missing }, async () => {
      await readBack(
        [...HARD, ...(anyBytes ? [EVERY_BYTE] : [])].map((value) => Buffer.from(value)),
      );
    });

    it(`is read by ${name} as it was, whatever it was`, { skip: missing }, async () => {
      const one = anyBytes ? bytes : assigned.map((value) => Buffer.from(value));
      const some = fc.array(one, { minLength: 1, maxLength: 30 });
      await fc.assert(fc.asyncProperty(some, readBack), { numRuns: 25 });
    });
  }

  it("names its variables after the secrets", async () => {
    const file = await rendered("dotenv", { "tls/site.key": "k", DB_host: "h", "a-b": "c" });
    assert.equal(file.toString(), "DB_host='h'\na_b='c'\ntls_site_key='k'\n");
  });

  for (const [why, group, issue] of [
    [
      "of two secrets that are one variable",
      { "a.b": "1", "a/b": "2" },
      /secret "a\.b": .* than a_b of "a\/b"\n.*"a\/b": .* than a_b of "a\.b"/,
    ],
    [
      "of a name that begins with a digit",
      { "1st": "1" },
      /secret "1st": expected .* the first no digit/,
    ],
    ["of a name with other characters", { "a b": "1" }, /secret "a b": expected letters/],
  ] as const)
    it(`is refused because ${why}`, async () => {
      await assert.rejects(rendered("dotenv", group), (error) => {
        refusedAs("BadName", /cannot be variables/)(error);
        assert.match((error as { issues: readonly string[] }).issues.join("\n"), issue);
        return true;
      });
    });

  it("is refused for a NUL, which no variable can hold", async () => {
    const group = { a: "canary\0" };
    await assert.rejects(rendered("dotenv", group), refusedAs("BadData", /NUL.*"a"/));
  });

  for (const [what, value, says] of FOREIGN)
    it(`says who does not read ${what}, and who does`, async () => {
      const values = valuesOf({ a: value, b: "text" });
      const { notes } = await render({ format: { kind: "dotenv" }, values, maxBytes: 50 });
      assert.deepEqual(notes, [`"a" ${says}: shells read it, and systemd refuses the file`]);
      const file = join(temp, "foreign.env");
      writeFileSync(file, await rendered("dotenv", { a: value }));
      for (const { name, missing, anyBytes, read } of ENV_READERS)
        if (missing === false)
          await (anyBytes
            ? read(file, ["a"]).then((found) => assert.deepEqual(found, [Buffer.from(value)], name))
            : assert.rejects(read(file, ["a"]), /ended with 3/, name));
    });

  it("says nothing of the neighbours of noncharacters, which all read", async () => {
    const values = valuesOf({ a: "\ufdcf\ufdf0\ufffd\u{1fffd}\u{10fffd}" });
    const { notes } = await render({ format: { kind: "dotenv" }, values, maxBytes: 50 });
    assert.deepEqual(notes, []);
  });
});
