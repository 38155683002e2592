import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { PosternError } from "../../agent/core/errors.ts";
import { parseS3Prefix, type SecretName } from "../../agent/core/names.ts";
import type { Fetched, FetchOutcome, KnownSecret } from "../../agent/source/fetched.ts";
import { fetchPrefix, type PrefixRequest } from "../../agent/source/prefix.ts";
import { BUCKET, OWNER } from "../support/aws.ts";
import { type FakeS3, fakeS3, SERVER_TIME } from "../support/fake-s3.ts";

const CONTENTS = { "web/a": "alpha", "web/b/c": "beta" };

function request(s3: FakeS3, over: Partial<PrefixRequest> = {}): PrefixRequest {
  return {
    s3,
    bucket: BUCKET,
    owner: OWNER,
    prefix: parseS3Prefix("web/"),
    known: undefined,
    maxObjectBytes: 100,
    maxGroupBytes: 1000,
    settleMs: 5000,
    onBadName: "refuse",
    allowEmpty: false,
    rootBytes: 50,
    // this host's clock is a day off: it must not count
    now: () => SERVER_TIME - 86_400_000,
    ...over,
  };
}

function assertFetched(outcome: FetchOutcome): asserts outcome is Fetched {
  assert.equal(outcome.kind, "fetched");
}

/** What a host knows after it stored `outcome`. */
function knownOf(outcome: FetchOutcome): ReadonlyMap<SecretName, KnownSecret> {
  assertFetched(outcome);
  return new Map(outcome.objects.map(({ name, etag }) => [name, { etag }]));
}

function contentsOf(outcome: FetchOutcome): Record<string, string | undefined> {
  assertFetched(outcome);
  return Object.fromEntries(
    outcome.objects.map(({ name, body }) => [name, body?.expose().toString()]),
  );
}

describe("prefix", () => {
  it("fetches a whole set, and nothing when nothing changed", async () => {
    const s3 = fakeS3(CONTENTS);
    const first = await fetchPrefix(request(s3));
    assert.deepEqual(contentsOf(first), { a: "alpha", "b/c": "beta" });
    const known = knownOf(first);
    s3.gets.length = 0;
    assert.deepEqual(await fetchPrefix(request(s3, { known })), { kind: "unchanged" });
    assert.equal(s3.gets.length, 0);
  });

  it("gets only what changed, each only as it was listed, and tells what is gone", async () => {
    const s3 = fakeS3({ ...CONTENTS, "web/old": "x" });
    const known = knownOf(await fetchPrefix(request(s3)));
    s3.put("web/a", "alpha 2");
    s3.put("web/new", "new");
    s3.objects.delete("web/old");
    s3.gets.length = 0;
    const next = await fetchPrefix(request(s3, { known }));
    assert.deepEqual(contentsOf(next), { a: "alpha 2", "b/c": undefined, new: "new" });
    assertFetched(next);
    assert.deepEqual(next.removed, ["old"]);
    assert.deepEqual(
      s3.gets.map(({ key, ifMatch }) => [key, ifMatch]),
      ["web/a", "web/new"].map((key) => [key, s3.objects.get(key)?.etag]),
    );
  });

  it("sees a set change in which secrets only went away", async () => {
    const s3 = fakeS3(CONTENTS);
    const known = knownOf(await fetchPrefix(request(s3)));
    s3.objects.delete("web/a");
    const next = await fetchPrefix(request(s3, { known }));
    assert.deepEqual(contentsOf(next), { "b/c": undefined });
  });

  it("asks for nothing but its own prefix of its own bucket's owner", async () => {
    const s3 = fakeS3({ "app1/a": "1", "app10/a": "10", "app1-old/a": "x", app1: "y" });
    const outcome = await fetchPrefix(request(s3, { prefix: parseS3Prefix("app1/") }));
    assertFetched(outcome);
    await outcome.confirm();
    assert.deepEqual(contentsOf(outcome), { a: "1" });
    for (const { prefix, bucket, owner } of s3.lists)
      assert.deepEqual([prefix, bucket, owner], ["app1/", BUCKET, OWNER]);
    for (const { key, bucket, owner } of s3.gets)
      assert.deepEqual([key, bucket, owner], ["app1/a", BUCKET, OWNER]);
  });

  for (const key of ["app10/a", "we", "/web/a", "Web/a", "../web/a"])
    it(`refuses a listing that holds ${key}, whatever store wrote it`, async () => {
      const s3 = fakeS3(CONTENTS);
      const list = s3.list.bind(s3);
      s3.list = async (asked) => {
        const page = await list(asked);
        const hostile = { key, etag: '"e"', size: 1, lastModified: 0 };
        return { ...page, objects: [...page.objects, hostile] };
      };
      await assert.rejects(fetchPrefix(request(s3)), { code: "BadData" });
      assert.equal(s3.gets.length, 0);
    });

  it("reads every key once however S3 cuts its pages", async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(names, fc.integer({ min: 1, max: 7 }), async (keys, pageSize) => {
        const s3 = fakeS3(Object.fromEntries(keys.map((key) => [`web/${key}`, key])));
        s3.pageSize = pageSize;
        const outcome = await fetchPrefix(request(s3));
        assert.deepEqual(contentsOf(outcome), Object.fromEntries(keys.map((key) => [key, key])));
        assert.equal(s3.gets.length, keys.length);
        assert.equal(s3.lists.length, Math.ceil(keys.length / pageSize));
      }),
      { numRuns: 50 },
    );
  });

  it("gives up on a listing that does not end, and on too many keys", async () => {
    const endless = fakeS3(CONTENTS);
    endless.list = () => Promise.resolve({ objects: [], next: "t", serverTime: undefined });
    await assert.rejects(fetchPrefix(request(endless)), { code: "Unavailable" });
    const keys = Array.from({ length: 10_001 }, (_, index) => [`web/k${index}`, ""]);
    const many = fakeS3(Object.fromEntries(keys));
    await assert.rejects(fetchPrefix(request(many)), { code: "TooLarge" });
    assert.equal(many.gets.length, 0);
  });

  it("refuses a name that this host's path makes too long, before it is asked for", async () => {
    const s3 = fakeS3({ "web/abcd": "x" });
    await assert.rejects(fetchPrefix(request(s3, { rootBytes: 4091 })), { code: "BadName" });
    assert.equal(s3.gets.length, 0);
    assertFetched(await fetchPrefix(request(s3, { rootBytes: 4090 })));
  });

  it("refuses the whole set for one bad name, and says which and why", async () => {
    const s3 = fakeS3({ ...CONTENTS, "web/../x": "x", "web/A": "clash" });
    await assert.rejects(fetchPrefix(request(s3)), (error: PosternError) => {
      assert.equal(error.code, "BadName");
      assert.equal(error.issues.length, 3);
      assert.match(error.issues.join("\n"), /"\.\.\/x": expected path segments other/);
      return true;
    });
    assert.equal(s3.gets.length, 0);
  });

  it("leaves bad names out, and says so, when told to skip them", async () => {
    const s3 = fakeS3({ ...CONTENTS, "web/../x": "x", "web/folder/": "" });
    const outcome = await fetchPrefix(request(s3, { onBadName: "skip" }));
    assertFetched(outcome);
    assert.deepEqual(Object.keys(contentsOf(outcome)), ["a", "b/c"]);
    assert.deepEqual(
      outcome.skipped.map(({ key }) => key),
      ["../x"],
    );
    assert.deepEqual(outcome.ignored, ["folder/"]);
  });

  it("refuses what is too large before it reads a byte", async () => {
    const s3 = fakeS3({ "web/a": "x".repeat(101), "web/b": "x" });
    await assert.rejects(fetchPrefix(request(s3)), { code: "TooLarge" });
    await assert.rejects(fetchPrefix(request(s3, { maxObjectBytes: 101, maxGroupBytes: 101 })), {
      code: "TooLarge",
    });
    assert.equal(s3.gets.length, 0);
    const outcome = await fetchPrefix(request(s3, { maxObjectBytes: 101, maxGroupBytes: 102 }));
    assert.equal(outcome.kind, "fetched");
    assert.ok(s3.gets.every(({ maxBytes }) => maxBytes === 101));
  });

  it("refuses a prefix that is suddenly empty, unless that is allowed", async () => {
    const s3 = fakeS3(CONTENTS);
    const known = knownOf(await fetchPrefix(request(s3)));
    s3.objects.clear();
    await assert.rejects(fetchPrefix(request(s3, { known })), { code: "BadData" });
    await assert.rejects(fetchPrefix(request(s3)), { code: "BadData" });
    const outcome = await fetchPrefix(request(s3, { known, allowEmpty: true }));
    assertFetched(outcome);
    assert.deepEqual([outcome.objects, outcome.removed], [[], ["a", "b/c"]]);
    const empty = request(s3, { known: new Map(), allowEmpty: true });
    assert.deepEqual(await fetchPrefix(empty), { kind: "unchanged" });
  });

  it("lets changes settle by S3's clock, not by this host's", async () => {
    const s3 = fakeS3(CONTENTS);
    const known = knownOf(await fetchPrefix(request(s3)));
    s3.put("web/a", "young", SERVER_TIME - 2000);
    s3.gets.length = 0;
    assert.deepEqual(await fetchPrefix(request(s3, { known })), {
      kind: "waiting",
      why: "settling",
      untilMs: 3000,
    });
    assert.equal(s3.gets.length, 0);
    s3.put("web/a", "old enough", SERVER_TIME - 5000);
    assert.equal((await fetchPrefix(request(s3, { known }))).kind, "fetched");
  });

  it("does not wait for a young object that it already has", async () => {
    const s3 = fakeS3(CONTENTS);
    s3.put("web/b/c", "young", SERVER_TIME);
    const known = knownOf(await fetchPrefix(request(s3, { settleMs: 0 })));
    s3.put("web/a", "old enough", SERVER_TIME - 5000);
    assert.equal((await fetchPrefix(request(s3, { known }))).kind, "fetched");
  });

  const moves: readonly (readonly [why: string, move: (s3: FakeS3) => void])[] = [
    ["overwritten", (s3) => s3.put("web/b/c", "moved")],
    ["deleted", (s3) => s3.objects.delete("web/b/c")],
  ];
  for (const [why, move] of moves)
    it(`waits, and wipes what it has, when an object is ${why} between LIST and GET`, async () => {
      const s3 = fakeS3(CONTENTS);
      s3.onGet = ({ key }) => {
        if (key === "web/b/c") move(s3);
      };
      assert.deepEqual(await fetchPrefix(request(s3)), { kind: "waiting", why: "moved" });
      assert.ok(s3.bodies.length > 0 && s3.bodies.every(({ length }) => length === 0));
    });

  const later: readonly (readonly [why: string, verdict: string, move: (s3: FakeS3) => void])[] = [
    ["stayed", "same", () => undefined],
    ["changed", "moved", (s3) => s3.put("web/a", "x")],
    ["grew", "moved", (s3) => s3.put("web/z", "x")],
    ["shrank", "moved", (s3) => s3.objects.delete("web/a")],
    [
      "swapped one key for another",
      "moved",
      (s3) => {
        s3.objects.delete("web/a");
        s3.put("web/z", "x");
      },
    ],
  ];
  for (const [why, verdict, move] of later)
    it(`says ${verdict} of a set that ${why} while it was staged`, async () => {
      const s3 = fakeS3(CONTENTS);
      const outcome = await fetchPrefix(request(s3));
      assertFetched(outcome);
      move(s3);
      assert.equal(await outcome.confirm(), verdict);
    });

  it("wipes every body when one cannot be read, also those that come later", async () => {
    const s3 = fakeS3({ "web/a": "1", "web/b": "2", "web/c": "3" });
    const denied = new PosternError("Denied", "denied", { awsCode: "AccessDenied" });
    s3.onGet = async ({ key }) => {
      if (key === "web/b") throw await delay(5, denied);
    };
    const get = s3.get.bind(s3);
    // "c" is answered last, although it was told to stop
    s3.get = async (asked) => {
      const answer = await get({ ...asked, signal: undefined });
      if (asked.key === "web/c") await delay(10);
      return answer;
    };
    await assert.rejects(fetchPrefix(request(s3)), denied);
    assert.equal(s3.bodies.length, 2);
    assert.ok(s3.bodies.every(({ length }) => length === 0));
  });

  it("stops asking after the first fault", async () => {
    const keys = Array.from({ length: 500 }, (_, index) => [`web/k${index}`, "x"]);
    const s3 = fakeS3(Object.fromEntries(keys));
    s3.onGet = () => Promise.reject(new PosternError("Unavailable", "no answer"));
    await assert.rejects(fetchPrefix(request(s3)), { code: "Unavailable" });
    assert.ok(s3.gets.length <= 64, `${s3.gets.length} GETs`);
  });

  it("ends with the pass", async () => {
    const s3 = fakeS3(CONTENTS);
    const stop = new AbortController();
    s3.onGet = () => stop.abort(new PosternError("Unavailable", "the pass ran out of time"));
    await assert.rejects(fetchPrefix(request(s3, { signal: stop.signal })), {
      message: "the pass ran out of time",
    });
  });
});
