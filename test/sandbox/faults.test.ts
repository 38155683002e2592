import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Clock } from "../../agent/core/clock.ts";
import { systemClock } from "../../agent/core/clock.ts";
import { createFaults, type FaultRule } from "../../agent/sandbox/faults.ts";
import { ask, codeIn, errorOf, s3Client, sandboxFor } from "../support/sandbox.ts";

const Bucket = "postern-sandbox";
const path = `/${Bucket}/web/a`;
const asked = { operation: "GetObject", key: "web/a", bucket: Bucket };

describe("a fault's rule", () => {
  const rows: readonly (readonly [why: string, rule: Partial<FaultRule>, strikes: boolean])[] = [
    ["everything", {}, true],
    ["its service", { service: "s3" }, true],
    ["no other service", { service: "kms" }, false],
    ["its operation", { operation: "GetObject" }, true],
    ["no other operation", { operation: "PutObject" }, false],
    ["its key", { keyPattern: "web/a" }, true],
    ["no longer key", { keyPattern: "web/" }, false],
    ["a pattern's keys", { keyPattern: /^web\//g }, true],
    ["no other keys", { keyPattern: /^db\// }, false],
    ["its bucket", { bucket: Bucket }, true],
    ["no other bucket", { bucket: "other" }, false],
    ["nothing at probability 0", { probability: 0 }, false],
    ["nothing when used up", { times: 0 }, false],
  ];
  for (const [why, rule, strikes] of rows)
    it(`befalls ${why}`, () => {
      const faults = createFaults();
      faults.add({ kind: "500", ...rule } as FaultRule);
      for (const round of [1, 2])
        assert.equal(faults.strike("s3", asked).length, strikes ? 1 : 0, `round ${round}`);
    });

  it("is used up after so many times, and can be taken away", () => {
    const faults = createFaults();
    faults.add({ kind: "500", times: 2 });
    const remove = faults.add({ kind: "throttle" });
    const kinds = () => faults.strike("s3", asked).map(({ kind }) => kind);
    assert.deepEqual([kinds(), kinds(), kinds()], [["500"], ["500"], ["throttle"]]);
    remove();
    assert.deepEqual(kinds(), []);
    faults.add({ kind: "reset" });
    faults.clear();
    assert.deepEqual(kinds(), []);
  });

  it("adds latency and skew to the first of the others", () => {
    const faults = createFaults();
    faults.add({ kind: "latency", ms: 1 });
    faults.add({ kind: "500" });
    faults.add({ kind: "throttle" });
    faults.add({ kind: "latency", ms: 2 });
    faults.add({ kind: "clock-skew", ms: 3 });
    assert.deepEqual(
      faults.strike("s3", asked).map(({ kind }) => kind),
      ["latency", "500", "latency", "clock-skew"],
    );
  });

  it("strikes by chance, the same chance for the same seed", () => {
    const run = (seed: number) => {
      const faults = createFaults(seed);
      faults.add({ kind: "500", probability: 0.3 });
      return Array.from({ length: 1000 }, () => faults.strike("s3", asked).length);
    };
    const strikes = run(7).filter((count) => count === 1).length;
    assert.ok(strikes > 230 && strikes < 370, `${strikes} of 1000`);
    assert.deepEqual(run(7), run(7));
    assert.notDeepEqual(run(7), run(8));
  });
});

describe("a fault on the wire", () => {
  const told: readonly (readonly [rule: FaultRule, status: number, code: string])[] = [
    [{ kind: "throttle" }, 503, "SlowDown"],
    [{ kind: "500" }, 500, "InternalError"],
    [{ kind: "503" }, 503, "ServiceUnavailable"],
    [{ kind: "expired-credentials" }, 400, "ExpiredToken"],
    [{ kind: "clock-skew", ms: 3_600_000 }, 403, "RequestTimeTooSkewed"],
  ];
  for (const [rule, status, code] of told)
    it(`is S3's own ${code}`, async (t) => {
      const sandbox = await sandboxFor(t);
      await sandbox.put("web/a", Buffer.from("value"));
      const remove = sandbox.faults.add(rule);
      const got = await ask(sandbox, { path });
      assert.deepEqual([got.status, codeIn(got)], [status, code]);
      remove();
      assert.equal((await ask(sandbox, { path })).text, "value");
    });

  it("resets the connection, and leaves what a PUT would have written unwritten", async (t) => {
    const sandbox = await sandboxFor(t);
    sandbox.faults.add({ kind: "reset", times: 1 });
    const put = ask(sandbox, { method: "PUT", path, body: "value" });
    await assert.rejects(put, { code: "ECONNRESET" });
    assert.deepEqual(sandbox.buckets.get(Bucket)?.keys(), []);
  });

  it("loses the answer to a PUT that was done", async (t) => {
    const sandbox = await sandboxFor(t);
    sandbox.faults.add({ kind: "lost", times: 1 });
    const put = ask(sandbox, { method: "PUT", path, body: "value" });
    await assert.rejects(put, { code: "ECONNRESET" });
    assert.equal((await ask(sandbox, { path })).text, "value");
    assert.deepEqual(
      sandbox.log.entries().map(({ operation, status, faults }) => [operation, status, faults]),
      [
        ["PutObject", 200, ["lost"]],
        ["GetObject", 200, []],
      ],
    );
  });

  it("cuts a body short of the length it announced", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.put("web/a", Buffer.from("0123456789"));
    sandbox.faults.add({ kind: "truncate", bytes: 4 });
    await assert.rejects(ask(sandbox, { path }), { code: "ECONNRESET" });
  });

  it("flips one bit of the body and none of the object", async (t) => {
    const sandbox = await sandboxFor(t);
    const body = Buffer.from("0123456789");
    await sandbox.put("web/a", body);
    sandbox.faults.add({ kind: "bitflip", times: 1 });
    const got = await ask(sandbox, { path });
    const wrong = [...got.body].map((byte, at) => byte ^ (body[at] ?? 0)).filter((bits) => bits);
    assert.deepEqual(wrong, [1]);
    assert.deepEqual((await ask(sandbox, { path })).body, body);
  });

  it("answers with something that is not S3's", async (t) => {
    const sandbox = await sandboxFor(t);
    sandbox.faults.add({ kind: "garbage" });
    const got = await ask(sandbox, { path });
    assert.deepEqual([got.status, got.headers["content-type"]], [200, "text/html"]);
    assert.equal(got.headers["x-amz-request-id"], undefined);
  });

  it("hangs until the sandbox closes", async (t) => {
    const sandbox = await sandboxFor(t);
    sandbox.faults.add({ kind: "hang" });
    const hung = assert.rejects(ask(sandbox, { path }), { code: "ECONNRESET" });
    while (sandbox.log.entries().length === 0) await new Promise((next) => setImmediate(next));
    await sandbox.close();
    await hung;
  });

  it("makes every request wait by the sum of the latencies", async (t) => {
    const slept: number[] = [];
    const clock: Clock = { ...systemClock, sleep: async (ms) => void slept.push(ms) };
    const sandbox = await sandboxFor(t, { clock });
    sandbox.faults.add({ kind: "latency", ms: 20 });
    sandbox.faults.add({ kind: "latency", ms: 5, operation: "GetObject" });
    await ask(sandbox, { path });
    await ask(sandbox, { method: "PUT", path, body: "value" });
    assert.deepEqual(slept, [25, 20]);
  });

  it("is ridden out by the SDK's own retries", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.put("web/a", Buffer.from("value"));
    const client = s3Client(t, sandbox, sandbox.publisher, {
      maxAttempts: 3,
      retryMode: "standard",
    });
    sandbox.faults.add({ kind: "reset", times: 1 });
    sandbox.faults.add({ kind: "500", times: 1 });
    const got = await client.send(new GetObjectCommand({ Bucket, Key: "web/a" }));
    assert.equal(await got.Body?.transformToString(), "value");
    sandbox.faults.add({ kind: "expired-credentials" });
    const put = new PutObjectCommand({ Bucket, Key: "web/a", Body: "x" });
    assert.equal(await errorOf(client.send(put)), "ExpiredToken");
  });
});

describe("the log", () => {
  it("says what was asked, by whom, and how it ended, and nothing that is secret", async (t) => {
    const grants = [{ role: "web", readPrefixes: ["web/"], writePrefixes: [] }];
    const sandbox = await sandboxFor(t, { grants });
    await sandbox.put("web/a", Buffer.from("s3cr3t"));
    const host = sandbox.credentials.issue("web", "i-1");
    await ask(sandbox, { path }, host);
    await ask(sandbox, { path: `/${Bucket}?list-type=2&prefix=db%2F` }, host);
    await ask(sandbox, { method: "HEAD", path }, { ...host, secretAccessKey: "wrong" });
    sandbox.faults.add({ kind: "throttle", times: 1 });
    await ask(sandbox, { path }, host);
    const principal = "arn:aws:sts::111122223333:assumed-role/web/i-1";
    const entries = sandbox.log.entries();
    assert.deepEqual(
      entries.map((entry) => [entry.operation, entry.key, entry.principal, entry.status]),
      [
        ["GetObject", "web/a", principal, 200],
        ["ListObjectsV2", "db/", principal, 403],
        ["HeadObject", "web/a", undefined, 403],
        ["GetObject", "web/a", undefined, 503],
      ],
    );
    assert.deepEqual(entries.at(-1)?.faults, ["throttle"]);
    assert.deepEqual([entries[0]?.bytes, entries[2]?.bytes], [6, 0]);
    const { secretAccessKey, sessionToken } = host;
    for (const secret of ["s3cr3t", "Signature", secretAccessKey, sessionToken])
      assert.ok(!JSON.stringify(entries).includes(secret));
    sandbox.log.clear();
    assert.deepEqual(sandbox.log.entries(), []);
  });
});
