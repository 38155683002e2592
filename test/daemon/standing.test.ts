import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, PosternError } from "../../agent/core/errors.ts";
import { parseBucketName, parseGroupName, parseRegion } from "../../agent/core/names.ts";
import type { GroupOutcome } from "../../agent/core/outcome.ts";
import { denialAfter, isRevoked, standingAfter } from "../../agent/daemon/standing.ts";
import type { Denial } from "../../agent/store/record.ts";

const MINUTE = 60_000;
const group = parseGroupName("web");
const prefix = { maxAgeMs: 10 * MINUTE, layout: { kind: "prefix" } } as never;
const bundle = { maxAgeMs: 10 * MINUTE, layout: { kind: "bundle" } } as never;
const from = {
  kind: "home",
  bucket: parseBucketName("acme"),
  region: parseRegion("us-east-1"),
} as const;
const facts = { generation: "0123456789ab", secrets: 1, bytes: 1, drift: [], notes: [] };
const unchanged: GroupOutcome = { kind: "unchanged", group, from, ...facts };
const waiting: GroupOutcome = { kind: "waiting", group, why: "moved" };

function failed(code: ErrorCode, awsCode?: string): GroupOutcome {
  return {
    kind: "failed",
    group,
    error: new PosternError(code, "no", awsCode === undefined ? {} : { awsCode }),
  };
}

const denied = failed("Denied", "AccessDenied");

describe("a group's standing", () => {
  const before = { state: "fresh", lastSuccess: 0, freshUntil: 10 * MINUTE } as const;
  const rows = [
    ["an outage is stale while it is young", failed("Unavailable"), prefix, MINUTE, "stale"],
    ["an outage expires", failed("Unavailable"), prefix, 11 * MINUTE, "expired"],
    ["clock skew is an outage of this host", failed("ClockSkew"), prefix, MINUTE, "stale"],
    ["bad credentials are an outage of this host", failed("Credentials"), prefix, MINUTE, "stale"],
    ["a full disk is an outage of this host", failed("CannotWrite"), prefix, MINUTE, "stale"],
    ["a denial is one at once", denied, prefix, MINUTE, "denied"],
    ["a denial stays one past max_age", denied, prefix, 11 * MINUTE, "denied"],
    ["a missing bundle was taken away", failed("NotFound", "NoSuchKey"), bundle, 1, "denied"],
    ["a missing key was not", failed("NotFound", "NoSuchKey"), prefix, 1, "rejected"],
    ["what does not decrypt is rejected", failed("DecryptFailed"), prefix, 1, "rejected"],
    ["a failed check is rejected", failed("CheckFailed"), prefix, 1, "rejected"],
    ["a publisher at work leaves it fresh", waiting, prefix, MINUTE, "fresh"],
    ["what failed its verification is rejected", held("verify"), prefix, 1, "rejected"],
    ["what was rolled back is held", held("operator"), prefix, 1, "held"],
  ] as const;
  for (const [why, outcome, of, now, expected] of rows)
    it(why, () => assert.equal(standingAfter(before, of, outcome, now).state, expected));

  it("never lasts longer than max_age from now, after a clock that was set back", () => {
    const future = {
      state: "fresh",
      lastSuccess: 100 * MINUTE,
      freshUntil: 110 * MINUTE,
    } as const;
    const after = standingAfter(future, prefix, failed("Unavailable"), MINUTE);
    assert.deepEqual(after, { state: "stale", lastSuccess: MINUTE, freshUntil: 11 * MINUTE });
  });
});

function held(why: "verify" | "operator"): GroupOutcome {
  return { kind: "held", group, why, ...facts };
}

describe("a denial", () => {
  const rows: readonly (readonly [
    why: string,
    outcomes: readonly (readonly [GroupOutcome, minute: number])[],
    revokedAt: number,
    expected: boolean,
  ])[] = [
    ["revokes after ten minutes and three passes", denials(0, 5, 10), 10, true],
    ["does not after ten minutes and two passes", denials(0, 10), 10, false],
    ["does not after three passes within ten minutes", denials(0, 1, 2), 9, false],
    [
      "ends with a pass that got through",
      [...denials(0, 5), [unchanged, 6], ...denials(9, 10)],
      10,
      false,
    ],
    [
      "neither ends nor counts with an outage",
      [...denials(0, 5), [failed("Unavailable"), 6], ...denials(10)],
      10,
      true,
    ],
    [
      "does not count what a wrong clock or expired credentials deny",
      [
        [failed("ClockSkew"), 0],
        [failed("Credentials"), 5],
        [failed("Unavailable"), 10],
      ],
      10,
      false,
    ],
    ["counts from a clock that was set back", [...denials(100), ...denials(0, 5)], 10, true],
    ["begins anew when the clock was set back", [...denials(100), ...denials(0, 5)], 9, false],
  ];
  for (const [why, outcomes, at, expected] of rows)
    it(why, () => {
      let denial: Denial | undefined;
      for (const [outcome, minute] of outcomes)
        denial = denialAfter(denial, prefix, outcome, minute * MINUTE);
      assert.equal(isRevoked(denial, 10 * MINUTE, at * MINUTE), expected);
    });
});

function denials(...minutes: readonly number[]): (readonly [GroupOutcome, number])[] {
  return minutes.map((minute) => [denied, minute] as const);
}
