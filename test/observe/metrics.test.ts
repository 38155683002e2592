import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createMetrics, type Snapshot } from "../../agent/observe/metrics.ts";
import { writeTextfile } from "../../agent/observe/textfile.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
const NONE = { list: 0, get: 0, notModified: 0, decrypt: 0, imds: 0, retries: 0 };
const web = {
  group: "web",
  state: "stale",
  lastSuccess: 1_000_000,
  freshUntil: 2_000_000,
  secrets: 2,
  bytes: 15,
  isReloadOwed: true,
} as const;
const snapshot: Snapshot = {
  groups: [web],
  requests: { ...NONE, list: 3, retries: 1 },
  credentialsExpireAt: 5_000_000,
};

describe("the metrics", () => {
  it("say where every group stands", async () => {
    const text = await createMetrics("1.2.3").text(snapshot);
    for (const line of [
      'postern_group_state{group="web",state="stale"} 1',
      'postern_group_state{group="web",state="fresh"} 0',
      'postern_group_last_success_timestamp_seconds{group="web"} 1000',
      'postern_group_fresh_until_timestamp_seconds{group="web"} 2000',
      'postern_reload_owed{group="web"} 1',
      "postern_credentials_expiry_timestamp_seconds 5000",
      'postern_requests_total{operation="list"} 3',
      "postern_request_retries_total 1",
    ])
      assert.ok(text.split("\n").includes(line), line);
  });

  it("count on, whatever is asked how often", async () => {
    const metrics = createMetrics("1");
    metrics.pass("web", "changed", 20);
    metrics.reload("web", "done");
    await metrics.text(snapshot);
    const text = await metrics.text({ ...snapshot, requests: { ...NONE, list: 5, retries: 1 } });
    assert.match(text, /^postern_requests_total\{operation="list"\} 5$/m);
    assert.match(text, /^postern_request_retries_total 1$/m);
    assert.match(text, /^postern_passes_total\{group="web",outcome="changed"\} 1$/m);
    assert.match(text, /^postern_reloads_total\{group="web",result="done"\} 1$/m);
  });

  it("forget where a group stands that left the configuration", async () => {
    const metrics = createMetrics("1");
    await metrics.text(snapshot);
    const text = await metrics.text({ ...snapshot, groups: [] });
    assert.doesNotMatch(text, /postern_group_\w+\{group="web"/);
  });

  it("are put into a file at once, which all may read", () => {
    const folder = mkdtempSync(join(temp, "m-"));
    writeTextfile(folder, "a 1\n");
    writeTextfile(folder, "a 2\n");
    assert.equal(readFileSync(join(folder, "postern.prom"), "utf8"), "a 2\n");
    assert.equal(statSync(join(folder, "postern.prom")).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(folder), ["postern.prom"]);
    assert.throws(() => writeTextfile(join(folder, "nowhere"), "a"), { code: "CannotWrite" });
    assert.equal(existsSync(join(folder, "nowhere")), false);
  });
});
