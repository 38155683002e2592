import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PosternError } from "../../agent/core/errors.ts";
import { parseS3Prefix, parseSecretName, type SecretName } from "../../agent/core/names.ts";
import type { Fetched, FetchOutcome, KnownSecret } from "../../agent/source/fetched.ts";
import { fetchOnly, type OnlyRequest } from "../../agent/source/only.ts";
import { BUCKET, OWNER } from "../support/aws.ts";
import { type FakeS3, fakeS3, SERVER_TIME } from "../support/fake-s3.ts";

const CONTENTS = { "tls/site.crt": "crt", "tls/site.key": "key", "tls/other": "no" };

function request(s3: FakeS3, over: Partial<OnlyRequest> = {}): OnlyRequest {
  return {
    s3,
    bucket: BUCKET,
    owner: OWNER,
    prefix: parseS3Prefix("tls/"),
    names: [parseSecretName("site.key"), parseSecretName("site.crt")],
    known: undefined,
    maxObjectBytes: 100,
    maxGroupBytes: 1000,
    settleMs: 5000,
    now: () => SERVER_TIME - 86_400_000,
    ...over,
  };
}

function assertFetched(outcome: FetchOutcome): asserts outcome is Fetched {
  assert.equal(outcome.kind, "fetched");
}

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

describe("only", () => {
  it("gets exactly the named keys and never lists", async () => {
    const s3 = fakeS3(CONTENTS);
    const outcome = await fetchOnly(request(s3));
    assert.deepEqual(contentsOf(outcome), { "site.crt": "crt", "site.key": "key" });
    assertFetched(outcome);
    assert.equal(await outcome.confirm(), "same");
    assert.equal(s3.lists.length, 0);
    for (const { key, bucket, owner } of s3.gets) {
      assert.ok(["tls/site.crt", "tls/site.key"].includes(key));
      assert.deepEqual([bucket, owner], [BUCKET, OWNER]);
    }
  });

  it("asks conditionally for what it knows, and gets only what changed", async () => {
    const s3 = fakeS3(CONTENTS);
    const known = knownOf(await fetchOnly(request(s3)));
    assert.deepEqual(await fetchOnly(request(s3, { known })), { kind: "unchanged" });
    s3.put("tls/site.key", "key 2");
    const next = await fetchOnly(request(s3, { known }));
    assert.deepEqual(contentsOf(next), { "site.crt": undefined, "site.key": "key 2" });
    assertFetched(next);
    assert.deepEqual(
      next.objects.map(({ etag }) => etag),
      ["tls/site.crt", "tls/site.key"].map((key) => s3.objects.get(key)?.etag),
    );
  });

  it("tells what the config no longer names", async () => {
    const s3 = fakeS3(CONTENTS);
    const known = knownOf(await fetchOnly(request(s3)));
    const fewer = request(s3, { known, names: [parseSecretName("site.crt")] });
    const outcome = await fetchOnly(fewer);
    assertFetched(outcome);
    assert.deepEqual(outcome.removed, ["site.key"]);
    assert.deepEqual(contentsOf(outcome), { "site.crt": undefined });
  });

  it("says missing or denied when S3 does not say which, and fails the whole set", async () => {
    const s3 = fakeS3(CONTENTS);
    s3.mayList = false;
    s3.objects.delete("tls/site.key");
    await assert.rejects(fetchOnly(request(s3)), (error: PosternError) => {
      assert.deepEqual([error.code, error.awsCode], ["MissingOrDenied", "AccessDenied"]);
      assert.equal(error.message, '"s3://acme-secrets/tls/site.key" is missing or denied');
      return true;
    });
    assert.ok(s3.bodies.every(({ length }) => length === 0));
  });

  it("says not found when S3 does", async () => {
    const s3 = fakeS3({ "tls/site.crt": "crt" });
    await assert.rejects(fetchOnly(request(s3)), { code: "NotFound" });
  });

  it("lets changes settle by S3's clock, and wipes what it read", async () => {
    const s3 = fakeS3(CONTENTS);
    s3.put("tls/site.crt", "young", SERVER_TIME - 1000);
    assert.deepEqual(await fetchOnly(request(s3)), {
      kind: "waiting",
      why: "settling",
      untilMs: 4000,
    });
    assert.equal(s3.bodies.length, 2);
    assert.ok(s3.bodies.every(({ length }) => length === 0));
  });

  it("refuses bodies that are too large together, and wipes them", async () => {
    const s3 = fakeS3(CONTENTS);
    await assert.rejects(fetchOnly(request(s3, { maxGroupBytes: 5 })), { code: "TooLarge" });
    assert.ok(s3.bodies.every(({ length }) => length === 0));
    assert.equal((await fetchOnly(request(s3, { maxGroupBytes: 6 }))).kind, "fetched");
  });

  it("notices that a set of several moved while it was read", async () => {
    const s3 = fakeS3(CONTENTS);
    const outcome = await fetchOnly(request(s3));
    assertFetched(outcome);
    s3.put("tls/site.crt", "crt 2");
    assert.equal(await outcome.confirm(), "moved");
    assert.equal(s3.bodies.at(-1)?.length, 0);
  });

  it("needs no second look at a set of one", async () => {
    const s3 = fakeS3(CONTENTS);
    const outcome = await fetchOnly(request(s3, { names: [parseSecretName("site.crt")] }));
    assertFetched(outcome);
    assert.equal(await outcome.confirm(), "same");
    assert.equal(s3.gets.length, 1);
  });
});
