import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { systemChance, systemClock } from "../../agent/core/clock.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { createFaults } from "../../agent/sandbox/faults.ts";
import { listen, type Front, type Listener } from "../../agent/sandbox/http.ts";
import { createRequestLog } from "../../agent/sandbox/request-log.ts";
import type { Service, WireRequest, WireResponse } from "../../agent/sandbox/service.ts";
import { exchange } from "../support/wire.ts";

interface Bench {
  readonly listener: Listener;
  readonly seen: WireRequest[];
  readonly crashes: unknown[];
  readonly front: Front;
}

const ANSWER: WireResponse = { status: 200, headers: { "X-A": "b" }, body: Buffer.from("body") };

async function bench(
  t: TestContext,
  answer: () => WireResponse = () => ANSWER,
  more: Partial<Front> = {},
): Promise<Bench> {
  const [seen, crashes]: [WireRequest[], unknown[]] = [[], []];
  const service: Service = {
    name: "s3",
    asked: ({ rawPath }) => ({ operation: "Test", key: rawPath }),
    answer(request) {
      seen.push(request);
      return { response: answer() };
    },
    refuse: (refusal) => ({ status: 500, headers: {}, body: Buffer.from(refusal) }),
  };
  const front: Front = {
    clock: systemClock,
    chance: systemChance,
    faults: createFaults(),
    log: createRequestLog(),
    crashed: (error) => void crashes.push(error),
    ...more,
  };
  const listener = await listen(service, front);
  t.after(() => listener.close());
  return { listener, seen, crashes, front };
}

describe("the front", () => {
  it("hands a request over as it was sent, and the answer back", async (t) => {
    const { listener, seen } = await bench(t);
    const got = await exchange(listener.url, {
      method: "POST",
      path: "/a//b/../%2f?c=%2F&d",
      headers: { "X-Mixed": "V" },
      body: "body",
    });
    assert.deepEqual([got.status, got.text, got.headers["x-a"]], [200, "body", "b"]);
    assert.equal(got.headers["content-length"], "4");
    const [request] = seen;
    assert.equal(request?.rawPath, "/a//b/../%2f");
    assert.equal(request.rawQuery, "c=%2F&d");
    assert.deepEqual(request.headers.get("x-mixed"), ["V"]);
    assert.equal(request.body.toString(), "body");
    assert.equal(request.remote, "127.0.0.1");
  });

  it("sends no body to HEAD, 204 and 304, but HEAD the length", async (t) => {
    const head = await bench(t);
    const got = await exchange(head.listener.url, { method: "HEAD", path: "/" });
    assert.deepEqual([got.text, got.headers["content-length"]], ["", "4"]);
    for (const status of [204, 304]) {
      const { listener } = await bench(t, () => ({ ...ANSWER, status }));
      const bodiless = await exchange(listener.url, { path: "/" });
      assert.deepEqual(
        [bodiless.status, bodiless.text, bodiless.headers["content-length"]],
        [status, "", undefined],
      );
    }
  });

  it("refuses a body above its limit, and takes one at it", async (t) => {
    const { listener, seen } = await bench(t, undefined, { maxBodyBytes: 4 });
    const put = (body: string) => exchange(listener.url, { method: "PUT", path: "/", body });
    assert.equal((await put("12345")).status, 413);
    assert.equal((await put("1234")).status, 200);
    assert.equal(seen.length, 1);
  });

  it("answers its own fault as the service's, and tells of it", async (t) => {
    const fault = new Error("broken");
    const { listener, crashes, front } = await bench(t, () => {
      throw fault;
    });
    const got = await exchange(listener.url, { path: "/" });
    assert.deepEqual([got.status, got.text], [500, "internal"]);
    assert.deepEqual(crashes, [fault]);
    assert.equal(front.log.entries()[0]?.status, 500);
  });

  it("takes its date from the clock that a skew moves", async (t) => {
    const clock = { ...systemClock, now: () => Date.UTC(2026, 0, 1) };
    const { listener, front } = await bench(t, undefined, { clock });
    const dateOf = async () => (await exchange(listener.url, { path: "/" })).headers["date"];
    assert.equal(await dateOf(), "Thu, 01 Jan 2026 00:00:00 GMT");
    front.faults.add({ kind: "clock-skew", ms: -60_000 });
    assert.equal(await dateOf(), "Wed, 31 Dec 2025 23:59:00 GMT");
  });

  it("says which port it cannot have", async (t) => {
    const { listener, front } = await bench(t);
    const port = Number(listener.url.port);
    const refuse = (): WireResponse => ANSWER;
    const service: Service = {
      name: "s3",
      asked: () => ({ operation: "", key: "" }),
      answer: () => ({ response: ANSWER }),
      refuse,
    };
    await assert.rejects(listen(service, front, port), (error: unknown) => {
      assert.ok(error instanceof PosternError);
      assert.equal(error.message, `cannot listen on 127.0.0.1:${port}: EADDRINUSE`);
      return error.code === "Unavailable";
    });
  });
});
