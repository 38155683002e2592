import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createLog,
  isJournal,
  LOG_FIELDS,
  type LogEvent,
  type LogOptions,
} from "../../agent/observe/log.ts";

function lines(event: LogEvent, options: Partial<LogOptions> = {}): string {
  let written = "";
  const log = createLog({
    level: "debug",
    format: "json",
    journal: false,
    write: (line) => void (written += line),
    now: () => Date.UTC(2026, 0, 1),
    ...options,
  });
  log.write(event);
  return written;
}

const failed: LogEvent = {
  event: "group-failed",
  group: "web",
  code: "Unavailable",
  message: 'ListObjectsV2 "s3://acme/web/": no answer',
  hint: null,
};

describe("the log", () => {
  it("is one JSON object a line", () => {
    assert.deepEqual(JSON.parse(lines(failed)), {
      level: "warn",
      time: "2026-01-01T00:00:00.000Z",
      ...failed,
    });
    assert.equal(lines(failed).split("\n").length, 2);
  });

  it("drops whatever is on no list, whoever hands it over", () => {
    const careless = { ...failed, value: "canary", token: "canary", secret: { value: "canary" } };
    assert.doesNotMatch(lines(careless), /canary/);
    assert.doesNotMatch(lines(careless, { format: "pretty" }), /canary/);
  });

  it("has this list and no other: a field more is a leak to think about", () => {
    assert.deepEqual(
      [...LOG_FIELDS].sort((a, b) => (a < b ? -1 : 1)).join(" "),
      "added bytes changed code durationMs event from generation group groups hint kind lastedMs message note path removed retryInMs secrets stepMs target to version warning what why",
    );
  });

  it("tells the journal how much each line weighs", () => {
    assert.match(lines(failed, { journal: true }), /^<4>\{/);
    assert.match(lines({ event: "stopped" }, { journal: true }), /^<6>\{/);
    assert.match(lines({ event: "stopped" }, { journal: true, format: "pretty" }), /^<6>2026/);
  });

  it("is loud about a state that somebody must do something about", () => {
    const change = (to: string): LogEvent => ({
      event: "state-changed",
      group: "web",
      from: "fresh",
      to,
    });
    assert.match(lines(change("denied")), /"level":"error"/);
    assert.match(lines(change("stale")), /"level":"info"/);
  });

  it("says no less than it is asked to", () => {
    assert.equal(lines({ event: "stopped" }, { level: "warn" }), "");
    assert.equal(lines({ event: "stopped" }, { level: "warn", journal: true }), "");
    assert.equal(lines({ event: "stopped" }, { level: "warn", format: "pretty" }), "");
    assert.notEqual(lines(failed, { level: "warn" }), "");
  });

  it("knows the journal by its stream, and not by a variable that every child inherits", () => {
    const env = { JOURNAL_STREAM: "9:123" };
    assert.equal(isJournal(env, { dev: 9, ino: 123 }), true);
    assert.equal(isJournal(env, { dev: 9, ino: 124 }), false);
    assert.equal(isJournal({}, { dev: 9, ino: 123 }), false);
  });

  it("cannot be made to begin a line of its own", () => {
    const forged = { ...failed, message: 'x\n{"level":"info"}' };
    for (const format of ["json", "pretty"] as const)
      assert.equal(lines(forged, { format }).split("\n").length, 2);
  });
});
