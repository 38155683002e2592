import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRequestCounter } from "../../agent/aws/requests.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { GROUP_STATES } from "../../agent/core/group-state.ts";
import { parseGroupName } from "../../agent/core/names.ts";
import { everyMetric, groupSample, metrics, NOW, sampleOf, seriesOf } from "../support/metrics.ts";
import { assertSound, withoutPromtool } from "../support/promtool.ts";

const web = parseGroupName("web");
const db = parseGroupName("db");

describe("the metrics", () => {
  it("say where a group stands, as one state of all", async () => {
    const series = seriesOf(
      await metrics().text(sampleOf([groupSample("web", { state: "denied" })])),
    );
    for (const state of GROUP_STATES)
      assert.equal(
        series.get(`postern_group_state{group="web",state="${state}"}`),
        state === "denied" ? 1 : 0,
      );
    assert.equal(
      series.get('postern_group_last_success_timestamp_seconds{group="web"}'),
      NOW / 1000 - 30,
    );
    assert.equal(series.get('postern_group_bundle_revision{group="web"}'), 7);
    assert.equal(series.get('postern_group_secrets{group="web"}'), 3);
  });

  it("let a group expire by the clock alone", async () => {
    const series = seriesOf(
      await metrics().text(sampleOf([groupSample("web")], { now: NOW + 3_600_000 })),
    );
    assert.equal(series.get('postern_group_state{group="web",state="expired"}'), 1);
    assert.equal(series.get('postern_group_state{group="web",state="fresh"}'), 0);
  });

  it("have no time for what never was, and lose it when it is gone", async () => {
    const all = metrics();
    await all.text(sampleOf([groupSample("web")]));
    const gone = {
      status: { ...groupSample("web").status, secrets: null, lastSuccess: null, reloadOwed: true },
    };
    const sample = { ...gone, failedOver: true };
    const text = await all.text(sampleOf([sample], { credentialsExpireAt: undefined }));
    assert.doesNotMatch(text, /^postern_(group_(last|secrets|generation|bundle)|credentials)/m);
    assert.match(text, /^postern_reload_owed\{group="web"\} 1$/m);
    assert.match(text, /^postern_group_failed_over\{group="web"\} 1$/m);
  });

  it("begin every counter of a group at zero", async () => {
    const series = seriesOf(await metrics().text(sampleOf([groupSample("web")])));
    for (const one of [
      'passes_total{group="web",outcome="failed"}',
      'rollbacks_total{group="web"}',
    ])
      assert.equal(series.get(`postern_${one}`), 0, one);
  });

  it("count passes, reloads, rollbacks and drift by group", async () => {
    const all = metrics();
    all.pass(web, "changed", 40);
    all.pass(web, "unchanged", 4);
    all.pass(web, "unchanged", 70_000);
    all.reload(web, "failed");
    all.rollback(db);
    all.drift(web, "mode", 3);
    const text = await all.text(sampleOf([groupSample("web"), groupSample("db")]));
    const series = seriesOf(text);
    const expected: readonly (readonly [string, number])[] = [
      ['postern_passes_total{group="web",outcome="unchanged"}', 2],
      ['postern_passes_total{group="db",outcome="unchanged"}', 0],
      ['postern_reloads_total{group="web",result="failed"}', 1],
      ['postern_rollbacks_total{group="db"}', 1],
      ['postern_drift_total{group="web",kind="mode"}', 3],
      ['postern_pass_duration_seconds_bucket{le="0.05"}', 2],
      ['postern_pass_duration_seconds_bucket{le="60"}', 2],
      ["postern_pass_duration_seconds_count", 3],
    ];
    for (const [name, value] of expected) assert.equal(series.get(name), value, name);
  });

  it("drop every series of a group that left the config, and of none other", async () => {
    const all = metrics();
    const touch = (): void => {
      for (const group of [web, db]) {
        all.pass(group, "failed", 1);
        all.reload(group, "done");
        all.rollback(group);
        all.drift(group, "content", 1);
      }
    };
    touch();
    await all.text(sampleOf([groupSample("web"), groupSample("db")]));
    // a pass that was under way when the config was read
    touch();
    const text = await all.text(sampleOf([groupSample("db")]));
    assert.doesNotMatch(text, /"web"/);
    assert.match(text, /postern_drift_total\{group="db",kind="content"\} 2/);
    touch();
    assert.doesNotMatch(await all.text(sampleOf([groupSample("db")])), /"web"/);
    const back = seriesOf(await all.text(sampleOf([groupSample("web"), groupSample("db")])));
    assert.equal(back.get('postern_rollbacks_total{group="web"}'), 0);
  });

  it("count requests by how they were answered, once however often they are read", async () => {
    const all = metrics();
    const counter = createRequestCounter();
    await counter.track("get", () => Promise.resolve("x"));
    await counter.track("get", () => Promise.resolve("x"), { resultOf: () => "not_modified" });
    for (const code of ["Denied", "Throttled", "MissingOrDenied", "Unavailable"] as const)
      await assert.rejects(
        counter.track("list", () => Promise.reject(new PosternError(code, "no"))),
      );
    counter.retried();
    const requests = { results: counter.results(), retries: counter.read().retries };
    await all.text(sampleOf([], { requests }));
    const text = await all.text(sampleOf([], { requests }));
    const series = seriesOf(text);
    const count = (operation: string, result: string): number | undefined =>
      series.get(`postern_requests_total{operation="${operation}",result="${result}"}`);
    assert.deepEqual(
      [count("get", "ok"), count("get", "not_modified"), count("list", "ok")],
      [1, 1, 0],
    );
    assert.deepEqual(
      [count("list", "denied"), count("list", "throttled"), count("list", "error")],
      [2, 1, 1],
    );
    assert.equal(series.get("postern_request_retries_total"), 1);
    await counter.track("imds", () => Promise.resolve("x"), { count: 3 });
    const later = { results: counter.results(), retries: 1 };
    const after = seriesOf(await all.text(sampleOf([], { requests: later })));
    assert.equal(after.get('postern_requests_total{operation="get",result="ok"}'), 1);
    assert.equal(after.get('postern_requests_total{operation="imds",result="ok"}'), 3);
  });

  it("remember when the config was last accepted", async () => {
    const all = metrics();
    all.configRead(true, NOW - 60_000);
    all.configRead(false, NOW);
    const series = seriesOf(await all.text(sampleOf([])));
    assert.equal(series.get("postern_config_last_reload_successful"), 0);
    assert.equal(
      series.get("postern_config_last_reload_success_timestamp_seconds"),
      NOW / 1000 - 60,
    );
  });

  it("measure this process", async () => {
    const series = seriesOf(await metrics().text(sampleOf([])));
    for (const [name, least] of [
      ["cpu_seconds_total", 0.01],
      ["resident_memory_bytes", 1e6],
      ["open_fds", 3],
      ["start_time_seconds", 1e9],
    ] as const)
      assert.ok((series.get(`postern_process_${name}`) ?? 0) > least, name);
  });

  it("share nothing with other metrics of this process", async () => {
    const one = metrics();
    one.pass(web, "changed", 1);
    assert.doesNotMatch(await metrics().text(sampleOf([])), /"web"/);
  });

  it("are as Prometheus wants them", { skip: withoutPromtool }, async () => {
    assertSound(["check", "metrics"], await everyMetric());
  });
});
