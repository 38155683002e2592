import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { systemClock } from "../../agent/core/clock.ts";
import { compareKeys, createBuckets, opaqueId, type Bucket } from "../../agent/sandbox/objects.ts";

const NOW = Date.UTC(2026, 0, 1) + 999;

/** Chance whose bytes are all 0xfb: "-" and "_" in base64url. */
const dashes = { random: () => 0.5, bytes: (length: number) => Buffer.alloc(length, 0xfb) };

function counting(): { random(): number; bytes(length: number): Buffer } {
  let count = 0;
  return {
    random: () => 0.5,
    bytes(length) {
      const bytes = Buffer.alloc(length);
      bytes.writeUInt32BE((count += 1));
      return bytes;
    },
  };
}

function newBucket(): Bucket {
  const clock = { ...systemClock, now: () => NOW };
  const place = { region: "us-east-1", account: "111122223333" };
  return createBuckets({ ...place, clock, chance: counting() }).create("b-1");
}

function put(bucket: Bucket, key: string): string {
  const checksum = { algorithm: "CRC32", value: "AAAAAA==", type: "FULL_OBJECT" } as const;
  const encryption = { kind: "AES256" } as const;
  const body = Buffer.from(key);
  return bucket.put({ key, body, checksum, encryption, headers: {}, metadata: {} }).versionId;
}

describe("a bucket in memory", () => {
  it("dates objects to the second, as S3 does", () => {
    const bucket = newBucket();
    put(bucket, "a");
    assert.equal(bucket.current("a")?.lastModified, NOW - 999);
  });

  it("agrees with a plain model, whatever is put and removed", () => {
    const key = fc.constantFrom("a", "b", "é", "🙂");
    const step = fc.tuple(fc.constantFrom("put", "remove", "undo"), key);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const bucket = newBucket();
        bucket.setVersioning("Enabled");
        const model = new Map<string, string[]>();
        for (const [what, key] of steps) {
          const ids = model.get(key) ?? [];
          const newest = ids[0];
          if (what === "put") ids.unshift(put(bucket, key));
          else if (what === "remove") ids.unshift(bucket.remove(key)?.versionId ?? "");
          else if (newest !== undefined) bucket.removeVersion(key, String(ids.shift()));
          model.set(key, ids);
        }
        const kept = [...model].filter(([, ids]) => ids.length > 0).map(([key]) => key);
        assert.deepEqual(bucket.keys(), kept.toSorted(compareKeys));
        for (const [key, ids] of model)
          assert.deepEqual(
            bucket.versions(key).map(({ versionId }) => versionId),
            ids,
          );
      }),
    );
  });

  it("never gives an id that a command line would take for a flag", () => {
    assert.match(opaqueId(24, dashes), /^[^-]+$/);
    assert.equal(opaqueId(24, dashes).length, 32);
  });
});
