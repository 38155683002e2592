import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  currentState,
  encodeStatus,
  type GroupStatus,
  mergeStatus,
  parseStatus,
  type Status,
} from "../../agent/observe/status.ts";

const group = (name: string, more: Partial<GroupStatus> = {}): GroupStatus => ({
  group: name,
  state: "fresh",
  generation: "7f3a9c",
  secrets: 2,
  bytes: 10,
  lastSuccess: "2026-01-01T00:00:00.000Z",
  freshUntil: "2026-01-01T01:00:00.000Z",
  reloadOwed: false,
  error: null,
  ...more,
});
const status = (...groups: readonly GroupStatus[]): Status => ({
  version: 1,
  updated: "2026-01-01T00:00:00.000Z",
  groups,
});

describe("status.json", () => {
  it("reads back what it wrote", () => {
    const written = status(
      group("web"),
      group("db", {
        state: "denied",
        generation: null,
        error: { code: "Denied", message: "no", hint: null, exitCode: 77 },
      }),
    );
    assert.deepEqual(parseStatus(encodeStatus(written)), written);
  });

  const BROKEN: readonly (readonly [why: string, text: string])[] = [
    ["not JSON", "{"],
    ["another version", JSON.stringify({ ...status(), version: 2 })],
    ["an unknown state", JSON.stringify(status(group("web", { state: "shiny" as "fresh" })))],
    ["no list", JSON.stringify({ ...status(), groups: {} })],
    ["a member it does not know", JSON.stringify({ ...status(), value: "x" })],
  ];
  for (const [why, text] of BROKEN) {
    it(`refuses a file that is broken: ${why}`, () => {
      assert.throws(() => parseStatus(text), { code: "BadData" });
    });
  }

  it("keeps what it knew of groups that a pass left out, in the order of the config", () => {
    const merged = mergeStatus(
      status(group("web"), group("gone"), group("db")),
      [group("db", { state: "stale" })],
      ["db", "new", "web"],
      0,
    );
    assert.deepEqual(
      merged.groups.map(({ group: name, state }) => [name, state]),
      [
        ["db", "stale"],
        ["web", "fresh"],
      ],
    );
  });

  it("says expired once max_age is over, without a pass", () => {
    const end = Date.parse("2026-01-01T01:00:00.000Z");
    assert.equal(currentState(group("web"), end), "fresh");
    assert.equal(currentState(group("web"), end + 1), "expired");
  });
});
