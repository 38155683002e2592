import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseKmsKeyArn, parseRegion } from "../../agent/core/names.ts";
import { type KeyReach, type Pin, pinKeys } from "../../agent/decrypt/pins.ts";

const EAST = parseRegion("us-east-1");
const WEST = parseRegion("us-west-2");
const ARN = (region: string, id: string): ReturnType<typeof parseKmsKeyArn> =>
  parseKmsKeyArn(`arn:aws:kms:${region}:111122223333:key/${id}`);
const [MRK, MRK_WEST] = [ARN(EAST, "mrk-1"), ARN(WEST, "mrk-1")];
const [SINGLE, SINGLE_WEST] = [ARN(EAST, "1234"), ARN(WEST, "5678")];

const HOME: KeyReach = { kind: "home", regions: [WEST] };
const REPLICA: KeyReach = { kind: "replica", region: WEST, keys: [] };

function said(pins: readonly Pin[]): readonly string[] {
  return pins.map(({ key, standsInFor }) => {
    const [region, id] = [key.split(":")[3] ?? "", key.split("/")[1] ?? ""];
    return `${region} ${id}${standsInFor === undefined ? "" : ` for ${standsInFor}`}`;
  });
}

const ROWS: readonly (readonly [
  why: string,
  keys: readonly (typeof MRK)[],
  reach: KeyReach | undefined,
  expected: readonly string[],
])[] = [
  [
    "nothing but the config's keys where there are no replicas",
    [MRK],
    undefined,
    ["us-east-1 mrk-1"],
  ],
  [
    "a relative in a replica's region, after all else and only in an outage",
    [MRK, SINGLE],
    HOME,
    ["us-east-1 mrk-1", "us-east-1 1234", "us-west-2 mrk-1 for us-east-1"],
  ],
  ["no relative of a single-Region key", [SINGLE], HOME, ["us-east-1 1234"]],
  [
    "a relative that the config names itself in its turn",
    [MRK, MRK_WEST],
    HOME,
    ["us-east-1 mrk-1", "us-west-2 mrk-1"],
  ],
  ["the replica's region first", [MRK], REPLICA, ["us-west-2 mrk-1", "us-east-1 mrk-1"]],
  [
    "one of several pinned keys that is there already first",
    [SINGLE, SINGLE_WEST],
    REPLICA,
    ["us-west-2 5678", "us-east-1 1234"],
  ],
  [
    "the replica's own keys before those of another region",
    [SINGLE],
    { ...REPLICA, keys: [SINGLE_WEST] },
    ["us-west-2 5678", "us-east-1 1234"],
  ],
];

describe("pinned keys", () => {
  for (const [why, keys, reach, expected] of ROWS)
    it(`are ${why}`, () => {
      assert.deepEqual(said(pinKeys(keys, reach)), expected);
    });
});
