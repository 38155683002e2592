import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { observe, type Observing } from "../../agent/cli/observing.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { parseBucketName, parseGroupName, parseRegion } from "../../agent/core/names.ts";
import type { DriftFound, GroupOutcome } from "../../agent/core/outcome.ts";
import type { LogEvent } from "../../agent/observe/log.ts";
import { groupSample, metrics, NOW, sampleOf } from "../support/metrics.ts";

const group = parseGroupName("web");
const nginx = { kind: "unit", unit: "nginx.service", action: "reload" } as const;
const fault = new PosternError("CheckFailed", "no", { hint: "do this" });
const { status } = groupSample("web");

interface Told extends Observing {
  readonly log: readonly LogEvent[];
  readonly metrics: () => Promise<string>;
  readonly pass: (outcome: GroupOutcome, before?: "fresh" | "stale") => void;
}

function observed(): Told {
  const log: LogEvent[] = [];
  const counted = metrics();
  const observing = observe({ write: (event) => void log.push(event) }, counted, () => NOW);
  return {
    ...observing,
    log,
    metrics: () => counted.text(sampleOf([groupSample("web")])),
    pass: (outcome, before = "fresh") =>
      observing.observer.onPass({ group, outcome, before, status, durationMs: 1 }),
  };
}

function unchanged(
  kind: "home" | "replica",
  notes: readonly string[] = [],
  drift: readonly DriftFound[] = [],
): GroupOutcome {
  const bucket = parseBucketName("acme");
  const from = { kind, bucket, region: parseRegion("us-east-1") };
  return { kind: "unchanged", group, from, generation: "a", secrets: 1, bytes: 1, drift, notes };
}

describe("what the daemon tells", () => {
  it("names every fault of a configuration that it refuses, as far as a line goes", () => {
    const { observer, log } = observed();
    const issues = ["a.yaml:1:1: bad", "a.yaml:2:1: worse", ...Array(5).fill("a.yaml:3:1: same")];
    observer.onConfigRefused(new PosternError("ConfigInvalid", "got 7", { issues }));
    const same = Array(3).fill("a.yaml:3:1: same").join("; ");
    const message = `got 7: a.yaml:1:1: bad; a.yaml:2:1: worse; ${same}; and 2 more`;
    assert.deepEqual(log, [
      { event: "config-refused", code: "ConfigInvalid", message, hint: null },
    ]);
  });

  it("counts a configuration that it refuses", async () => {
    const { observer, metrics: text } = observed();
    observer.onConfig(1);
    observer.onConfigRefused(fault);
    assert.match(await text(), /^postern_config_last_reload_successful 0$/m);
  });

  it("tells a note when it is news, and again with each change", () => {
    const { pass, log } = observed();
    const changes = { added: [], changed: [], removed: [] };
    pass(unchanged("home", ["a", "b"]));
    pass(unchanged("home", ["b", "c"]));
    pass(unchanged("home", ["a"]));
    pass({ ...unchanged("home", ["a"]), kind: "changed", changes } as GroupOutcome);
    assert.deepEqual(
      log.flatMap((event) => (event.event === "group-note" ? [event.note] : [])),
      ["a", "b", "c", "a", "a"],
    );
  });

  it("tells twenty files that were tampered with, and counts all of them", async () => {
    const { pass, log, metrics: text } = observed();
    const drift = Array.from(
      { length: 25 },
      (_, n) => ({ kind: "content", path: `f${n}` }) as const,
    );
    pass(unchanged("home", [], drift));
    assert.equal(log.filter(({ event }) => event === "tampering").length, 20);
    assert.match(await text(), /^postern_drift_total\{group="web",kind="content"\} 25$/m);
  });

  it("tells a state when it changes, and not each time", () => {
    const { pass, log } = observed();
    pass(unchanged("home"));
    pass(unchanged("home"), "stale");
    assert.deepEqual(
      log.filter(({ event }) => event === "state-changed"),
      [{ event: "state-changed", group: "web", from: "stale", to: "fresh" }],
    );
  });

  it("knows that a group is read from a replica until it is read from the home again", () => {
    const { pass, isFailedOver } = observed();
    const seen = ["home", "replica", "failed", "home"].map((from) => {
      const failed: GroupOutcome = { kind: "failed", group, error: fault };
      pass(from === "failed" ? failed : unchanged(from === "home" ? "home" : "replica"));
      return isFailedOver("web");
    });
    assert.deepEqual(seen, [false, true, true, false]);
  });

  const reloads = [
    [{ kind: "done" }, "reload-done", { done: 1, failed: 0, rollbacks: 0 }],
    [{ kind: "not-needed", why: "w" }, "reload-not-needed", { done: 0, failed: 0, rollbacks: 0 }],
    [{ kind: "later", why: "w", delayMs: 1 }, "reload-later", { done: 0, failed: 0, rollbacks: 0 }],
    [
      { kind: "failed", error: fault, delayMs: 1 },
      "reload-failed",
      { done: 0, failed: 1, rollbacks: 0 },
    ],
    [{ kind: "rolled-back", error: fault }, "rolled-back", { done: 0, failed: 1, rollbacks: 1 }],
  ] as const;
  for (const [result, event, { done, failed, rollbacks }] of reloads)
    it(`counts and tells a reload that is ${result.kind}`, async () => {
      const { observer, log, metrics: text } = observed();
      observer.onReload({ groups: [group], reload: nginx, result });
      assert.deepEqual(
        log.map((told) => [told.event, "target" in told && told.target]),
        [[event, "nginx.service"]],
      );
      const said = await text();
      assert.ok(said.includes(`postern_reloads_total{group="web",result="done"} ${done}\n`));
      assert.ok(said.includes(`postern_reloads_total{group="web",result="failed"} ${failed}\n`));
      assert.ok(said.includes(`postern_rollbacks_total{group="web"} ${rollbacks}\n`));
    });
});
