import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ENOUGH, forecastOf } from "../../agent/generate/pack-forecast.ts";
import { readTemplates } from "../../agent/generate/templates.ts";
import type { AccessMap } from "../../agent/map/access-map.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { largeMap } from "../support/large-maps.ts";

const templates = readTemplates();

function smallMap(groups: number, readers: "own" | "shared"): ReturnType<typeof parseMap> {
  const numbers = Array.from({ length: groups }, (_, at) => at);
  const padded = (at: number): string => String(at).padStart(3, "0");
  const readerOf = (at: number): string => (readers === "own" ? `reader-${padded(at)}` : "reader");
  const text = [
    'version: 1\naccount: "111122223333"\nregion: us-east-1\nbucket: acme-secrets',
    "principals:\n  infra: { kind: existing, role: infra }",
    ...[...new Set(numbers.map(readerOf))].map((name) => `  ${name}: { kind: ec2 }`),
    "groups:",
    ...numbers.map(
      (at) => `  group-${padded(at)}: { prefix: group-${padded(at)}/, readers: [${readerOf(at)}] }`,
    ),
    "deployers: [infra]\nbreak_glass: [infra]\n",
  ].join("\n");
  return parseMap(text, "small.yaml");
}

function roomIn(map: AccessMap): number {
  return forecastOf(map, templates).buckets[0]?.groups ?? -1;
}

describe("a forecast", () => {
  it("is what a bucket policy really takes, within four groups", () => {
    for (const readers of ["own", "shared"] as const) {
      const bucket = roomIn(smallMap(10, readers));
      const whole = roomIn(smallMap(10 + bucket - 2, readers));
      assert.ok(whole >= 0 && whole <= 6, `${readers}: ${bucket}, then ${whole}`);
    }
  });

  it("has more room for groups that share their readers", () => {
    const own = roomIn(smallMap(10, "own"));
    const shared = roomIn(smallMap(10, "shared"));
    assert.ok(shared > own * 2, `${shared} and ${own}`);
  });

  it("tells the room of keys and of the fullest role apart", () => {
    const { keys, fullest } = forecastOf(largeMap({ roles: 10, groups: 5 }), templates);
    assert.ok(keys !== undefined && keys > 0 && keys < ENOUGH);
    assert.equal(fullest?.name, "ci");
    assert.ok(fullest.groups > keys);
    assert.equal(forecastOf(smallMap(2, "own"), templates).keys, undefined);
  });
});
