import assert from "node:assert/strict";
import { createECDH } from "node:crypto";
import { describe, it } from "node:test";
import { decodeNamedCurves } from "../../packaging/points.ts";

for (const [curve, alias] of [
  ["prime256v1", "P-256"],
  ["secp384r1", "P-384"],
] as const)
  describe(`a compressed point of ${curve}`, () => {
    const decode = decodeNamedCurves[curve] ?? assert.fail();
    const made = (): { readonly short: Buffer; readonly whole: Buffer } => {
      const pair = createECDH(curve);
      pair.generateKeys();
      return { short: pair.getPublicKey(null, "compressed"), whole: pair.getPublicKey() };
    };

    it("becomes the whole point, whichever of the two it is", () => {
      const signs = new Set<number | undefined>();
      for (let round = 0; round < 40; round += 1) {
        const { short, whole } = made();
        assert.deepEqual(Buffer.from(decode(short)), whole);
        assert.deepEqual(decodeNamedCurves[alias]?.(short), decode(short));
        signs.add(short[0]);
      }
      assert.deepEqual(signs, new Set([2, 3]));
    });

    for (const [what, spoil] of [
      ["cut short", (point: Buffer) => point.subarray(0, -1)],
      ["not compressed", (point: Buffer) => Buffer.concat([Buffer.of(4), point.subarray(1)])],
      ["beyond the field", (point: Buffer) => Buffer.alloc(point.length, 0xff).fill(2, 0, 1)],
    ] as const)
      it(`is refused when it is ${what}`, () => {
        assert.throws(() => decode(spoil(made().short)));
      });

    it("is refused when it is not on the curve", () => {
      // half of all x belong to no point of the curve
      const { short } = made();
      const verdicts = Array.from({ length: 64 }, (_, index) => {
        short[short.length - 1] = index;
        return isRead(() => decode(short));
      });
      assert.deepEqual(new Set(verdicts), new Set([true, false]));
    });
  });

function isRead(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
