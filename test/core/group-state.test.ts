import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ErrorCode } from "../../agent/core/errors.ts";
import {
  afterFailure,
  afterSuccess,
  failureKindOf,
  type GroupState,
  stateAt,
  type Standing,
} from "../../agent/core/group-state.ts";

const MAX_AGE = 1000;
const fresh = afterSuccess(0, MAX_AGE);

const FAILURES: readonly (readonly [
  why: string,
  before: Standing | undefined,
  code: ErrorCode | "waiting",
  now: number,
  state: GroupState,
])[] = [
  ["an outage within max_age is stale", fresh, "Unavailable", 1000, "stale"],
  ["throttling is an outage", fresh, "Throttled", 10, "stale"],
  ["a wrong clock is an outage", fresh, "ClockSkew", 10, "stale"],
  ["expired credentials are an outage", fresh, "Credentials", 10, "stale"],
  ["an outage past max_age is expired", fresh, "Unavailable", 1001, "expired"],
  ["a denial is a denial", fresh, "Denied", 10, "denied"],
  ["missing or denied counts as denied", fresh, "MissingOrDenied", 10, "denied"],
  ["a key that is not there is a rejection", fresh, "NotFound", 10, "rejected"],
  ["a refused set is rejected", fresh, "BadName", 10, "rejected"],
  ["an undecryptable set is rejected", fresh, "DecryptFailed", 10, "rejected"],
  ["a full disk leaves it stale", fresh, "CannotWrite", 10, "stale"],
  ["waiting for the publisher is fresh", fresh, "waiting", 10, "fresh"],
  ["waiting past max_age is expired", fresh, "waiting", 1001, "expired"],
  ["an outage before any success is pending", undefined, "Unavailable", 10, "pending"],
  ["waiting before any success is pending", undefined, "waiting", 10, "pending"],
  ["a denial shows before any success", undefined, "Denied", 10, "denied"],
  [
    "an outage after a denial is an outage again",
    afterFailure(fresh, "denied", 5, MAX_AGE),
    "Unavailable",
    10,
    "stale",
  ],
];

describe("group state", () => {
  for (const [why, before, code, now, state] of FAILURES) {
    it(why, () => {
      const after = afterFailure(
        before,
        code === "waiting" ? code : failureKindOf(code),
        now,
        MAX_AGE,
      );
      assert.equal(after.state, state);
      assert.equal(
        after.lastSuccess,
        before?.lastSuccess,
        "a failure never moves the last success",
      );
    });
  }

  it("expires by itself as time goes on", () => {
    assert.equal(stateAt(fresh, MAX_AGE), "fresh");
    assert.equal(stateAt(fresh, MAX_AGE + 1), "expired");
    assert.equal(stateAt(afterFailure(fresh, "denied", 5, MAX_AGE), MAX_AGE + 1), "denied");
  });
});
