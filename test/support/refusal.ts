import assert from "node:assert/strict";
import { type ErrorCode, PosternError } from "../../agent/core/errors.ts";

/** For `assert.rejects`: a PosternError of this code and message, in which no canary value shows. */
export function refusedAs(code: ErrorCode, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof PosternError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    for (const text of [error.message, error.hint ?? "", ...error.issues])
      assert.ok(!text.includes("canary"), text);
    return true;
  };
}
