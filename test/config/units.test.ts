import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  encodeDuration,
  encodeMode,
  encodeSize,
  parseDuration,
  parseMode,
  parseSize,
} from "../../agent/config/units.ts";

const READ: readonly (readonly [(text: string) => number, text: string, expected: number])[] = [
  [parseDuration, "500ms", 500],
  [parseDuration, "60s", 60_000],
  [parseDuration, "5m", 300_000],
  [parseDuration, "1h", 3_600_000],
  [parseDuration, "2d", 172_800_000],
  [parseDuration, "0s", 0],
  [parseSize, "0B", 0],
  [parseSize, "512KiB", 524_288],
  [parseSize, "1MiB", 1_048_576],
  [parseSize, "8MB", 8_000_000],
  [parseSize, "1kB", 1000],
  [parseSize, "2GiB", 2_147_483_648],
  [parseMode, "0440", 0o440],
  [parseMode, "400", 0o400],
  [parseMode, "7777", 0o7777],
];
const REFUSED: readonly (readonly [
  why: string,
  read: (text: string) => number,
  texts: readonly string[],
])[] = [
  ["no unit", parseDuration, ["60", "0", ""]],
  ["another unit", parseDuration, ["1y", "1S", "1sec", "1µs"]],
  ["a sign, fraction or space", parseDuration, ["-1s", "+1s", "1.5h", "1 s", " 1s", "1s\n"]],
  ["several parts", parseDuration, ["1h30m"]],
  ["more than can be counted", parseDuration, ["9007199254740992ms", `${"9".repeat(400)}d`]],
  ["no unit", parseSize, ["1024", ""]],
  ["another unit", parseSize, ["1K", "1mib", "1TiB", "1Mib"]],
  ["no octal digits", parseMode, ["0480", "rw-r--r--", "0x1f", "44", "00440", "0o440", ""]],
];

describe("units", () => {
  for (const [parse, text, expected] of READ)
    it(`reads ${text}`, () => assert.equal(parse(text), expected));
  for (const [why, parse, texts] of REFUSED)
    for (const text of texts)
      it(`refuses ${why}: ${JSON.stringify(text.slice(0, 20))} (${parse.name})`, () =>
        assert.throws(() => parse(text), { name: "PosternError", code: "ConfigInvalid" }));

  it("reads back whatever it encodes", () => {
    fc.assert(fc.property(fc.maxSafeNat(), (ms) => parseDuration(encodeDuration(ms)) === ms));
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseSize(encodeSize(bytes)) === bytes));
    fc.assert(fc.property(fc.nat(0o7777), (mode) => parseMode(encodeMode(mode)) === mode));
  });

  it("encodes in the largest exact unit", () => {
    assert.deepEqual(
      [encodeDuration(90_000), encodeDuration(86_400_000), encodeSize(8_000_000), encodeMode(0o40)],
      ["90s", "1d", "8MB", "0040"],
    );
  });
});
