import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgeOwnership } from "../../agent/core/ownership.ts";

const file = { sticky: false, isDirectory: false };
const folder = { sticky: false, isDirectory: true };
const sticky = { sticky: true, isDirectory: true };
const ROWS: readonly (readonly [
  why: string,
  item: Parameters<typeof judgeOwnership>[0],
  allowedUid: number,
  sound: boolean,
])[] = [
  ["root's file, for root", { ...file, uid: 0, mode: 0o644 }, 0, true],
  ["root's file, for a user", { ...file, uid: 0, mode: 0o644 }, 1000, true],
  ["the user's own file", { ...file, uid: 1000, mode: 0o600 }, 1000, true],
  ["a user's file, for root", { ...file, uid: 1000, mode: 0o600 }, 0, false],
  ["another user's file", { ...file, uid: 1001, mode: 0o600 }, 1000, false],
  ["a file its group may write", { ...file, uid: 0, mode: 0o664 }, 0, false],
  ["a file others may write", { ...file, uid: 0, mode: 0o646 }, 0, false],
  ["a sticky file others may write", { ...file, sticky: true, uid: 0, mode: 0o666 }, 0, false],
  ["a folder others may write", { ...folder, uid: 0, mode: 0o777 }, 0, false],
  ["root's sticky folder", { ...sticky, uid: 0, mode: 0o777 }, 1000, true],
  ["another user's sticky folder", { ...sticky, uid: 1001, mode: 0o777 }, 1000, false],
];

describe("judgeOwnership", () => {
  for (const [why, item, allowedUid, sound] of ROWS)
    it(`${sound ? "trusts" : "refuses"} ${why}`, () =>
      assert.equal(judgeOwnership(item, allowedUid) === undefined, sound));

  it("says what it expected and what it got", () => {
    assert.equal(
      judgeOwnership({ ...file, uid: 0, mode: 0o664 }, 0),
      "expected no write permission for group and others, got mode 0664",
    );
    assert.equal(
      judgeOwnership({ ...file, uid: 7, mode: 0o600 }, 1000),
      "expected it to belong to root or user 1000, got user 7",
    );
  });
});
