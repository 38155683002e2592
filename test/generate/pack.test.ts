import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { generate } from "../../agent/generate/deployment.ts";
import { readTemplates } from "../../agent/generate/templates.ts";
import type { AccessMap } from "../../agent/map/access-map.ts";
import { realisticMap } from "../support/deployments.ts";
import { largeMap } from "../support/large-maps.ts";

const templates = readTemplates();
const TAKEN_BY_AWS = 20_480;

function policyOf(map: AccessMap, sizes?: number): string {
  return JSON.stringify(generate(map, templates, { sizes }).deployment.buckets[0]?.policy);
}

describe("a bucket policy that does not fit", () => {
  it("is put in its plain form where that fits", () => {
    assert.deepEqual(generate(realisticMap, templates).packing, []);
  });

  it("is shortened step by step, each only as far as needed", () => {
    const map = largeMap({ roles: 20, groups: 10, protection: "sse-kms" });
    const whole = policyOf(map, 1_000_000).length;
    const seen = [whole - 1, whole - 4000, whole - 8000, whole - 9600].map((sizes) => {
      const [packing] = generate(map, templates, { sizes }).packing;
      assert.ok(packing !== undefined && packing.to <= sizes, `${packing?.to} of ${sizes}`);
      assert.deepEqual(packing.unread, []);
      return packing.steps.length;
    });
    assert.deepEqual(
      seen,
      seen.toSorted((one, other) => one - other),
    );
    assert.deepEqual([...new Set(seen)], [1, 2, 3]);
  });

  it("leaves nothing out that the map does not accept", () => {
    const map = largeMap({ roles: 100, groups: 50 });
    assert.throws(
      () => generate(map, templates),
      (error: unknown) =>
        error instanceof PosternError &&
        error.code === "TooLarge" &&
        (error.hint ?? "").startsWith(
          "write accept: [fewer-layers] into the map; or divide the map in 3, ",
        ),
    );
  });

  it("leaves out no more than needed, always in the same order", () => {
    const map = largeMap({ roles: 30, groups: 20, accepts: true });
    const seen = [18_000, 17_500, 17_000, 16_500, 16_000, 15_500, 15_000].map((sizes) => {
      const [packing] = generate(map, templates, { sizes }).packing;
      assert.ok(packing !== undefined && packing.to <= sizes);
      return packing.unread;
    });
    for (const [at, unread] of seen.slice(1).entries())
      assert.deepEqual(unread.slice(0, seen[at]?.length), seen[at]);
    const counts = new Set(seen.map(({ length }) => length));
    assert.ok(counts.size > 3, [...counts].join());
  });

  it("keeps what denies reading where no key separates the groups", () => {
    const map = largeMap({ roles: 100, groups: 50, accepts: true, protection: "s3" });
    assert.throws(() => generate(map, templates), /in its shortest form/);
    const bucketKey = { ...realisticMap.home, bucketKey: true };
    const some = generate(
      { ...realisticMap, home: bucketKey, replicas: [], accepted: ["fewer-layers"] },
      templates,
      { sizes: policyOf(realisticMap).length - 2400 },
    );
    assert.deepEqual(some.packing[0]?.unread.includes("tls" as never), false);
  });

  it("says what stands in the way of 200 groups", () => {
    const map = largeMap({ roles: 100, groups: 200, accepts: true });
    assert.throws(
      () => generate(map, templates),
      (error: unknown) =>
        error instanceof PosternError &&
        /expected at most 18432 bytes, got 4\d{4} in its shortest form/.test(error.message) &&
        /^divide the map in 4, .* app-000 to app-049 \(50 groups\), /.test(error.hint ?? ""),
    );
  });

  it("makes 100 roles and 50 sealed groups fit", () => {
    const map = largeMap({ roles: 100, groups: 50, accepts: true });
    const { deployment, packing } = generate(map, templates);
    assert.ok(JSON.stringify(deployment.buckets[0]?.policy).length <= TAKEN_BY_AWS);
    assert.equal(packing[0]?.steps.length, 5);
  });

  const obstacles: readonly (readonly [string, Parameters<typeof largeMap>[0], RegExp])[] = [
    [
      "50 groups under SSE-KMS, which has a rule a key",
      { roles: 100, groups: 50, accepts: true, protection: "sse-kms" },
      /^divide the map in 2, .*: app-000 to app-024 \(25 groups\), app-025 to app-049 \(25 groups\)$/,
    ],
  ];
  for (const [why, size, expected] of obstacles)
    it(`says how to divide the map for ${why}, and the parts fit`, () => {
      const map = largeMap(size);
      let hint = "";
      assert.throws(
        () => generate(map, templates),
        (error: unknown) => {
          hint = error instanceof PosternError ? (error.hint ?? "") : "";
          return expected.test(hint);
        },
      );
      for (const [, first = "", last = ""] of hint.matchAll(/(app-\d+) to (app-\d+)/g)) {
        const groups = map.groups.filter(({ name }) => name >= first && name <= last);
        const bytes = generate({ ...map, groups }, templates).packing[0]?.to ?? 0;
        assert.ok(groups.length > 0 && bytes <= TAKEN_BY_AWS, `${bytes}`);
      }
    });
});
