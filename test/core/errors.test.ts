import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errnoOf, exitCodeOf, PosternError, toPosternError } from "../../agent/core/errors.ts";

describe("errors", () => {
  it("does not repeat the message of a foreign error, which may quote data", () => {
    const foreign = toPosternError(new TypeError("cannot parse 'hunter2'"));
    assert.equal(foreign.code, "Internal");
    assert.equal(foreign.message, "unexpected TypeError");
    assert.equal(exitCodeOf(foreign.code), 1);
  });

  it("keeps a PosternError as it is", () => {
    const error = new PosternError("Denied", "no", { hint: "ask" });
    assert.equal(toPosternError(error), error);
  });

  it("reads errno codes and nothing else", () => {
    assert.equal(errnoOf(Object.assign(new Error("x"), { code: "ENOENT" })), "ENOENT");
    assert.equal(errnoOf(Object.assign(new Error("x"), { code: 5 })), undefined);
    assert.equal(errnoOf("ENOENT"), undefined);
  });

  it("tells outage, denial and bad data apart by exit code", () => {
    assert.deepEqual(
      (["Unavailable", "Throttled", "ClockSkew", "Credentials"] as const).map(exitCodeOf),
      [69, 69, 69, 69],
    );
    assert.deepEqual((["Denied", "MissingOrDenied"] as const).map(exitCodeOf), [77, 77]);
    assert.deepEqual((["BadName", "TooLarge", "BadData"] as const).map(exitCodeOf), [65, 65, 65]);
  });
});
