import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import nock from "nock";
import { createRequestCounter, type RequestCounter } from "../../agent/aws/requests.ts";
import { createImds, type Imds } from "../../agent/credentials/imds.ts";
import { ENDLESS } from "../support/aws.ts";
import { fixedChance, type HeldClock, heldClock } from "../support/time.ts";

const HOST = "http://169.254.169.254";
const TOKEN = "/latest/api/token";
const DOCUMENT = "/latest/dynamic/instance-identity/document";
const ROLE = "/latest/meta-data/iam/security-credentials/";
const IDENTITY = { accountId: "111122223333", region: "eu-west-1", instanceId: "i-0abc" };

const KEYS = {
  Code: "Success",
  AccessKeyId: "ASIA1",
  SecretAccessKey: "s",
  Token: "t",
  Expiration: "2026-11-01T12:00:00Z",
};

interface Wired {
  readonly imds: Imds;
  readonly clock: HeldClock;
  readonly requests: RequestCounter;
}

function wired(): Wired {
  const clock = heldClock();
  const requests = createRequestCounter();
  const chance = fixedChance(0);
  return {
    imds: createImds({ endpoint: undefined, clock, chance, requests, budget: ENDLESS }),
    clock,
    requests,
  };
}

function withToken(token: string): nock.Scope {
  return nock(HOST, { reqheaders: { "x-aws-ec2-metadata-token": token } });
}

function grant(token: string): void {
  nock(HOST, { reqheaders: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" } })
    .put(TOKEN)
    .reply(200, token);
}

describe("IMDS", () => {
  before(() => nock.disableNetConnect());
  afterEach(() => nock.cleanAll());
  after(() => nock.restore());

  it("asks for a token first, and once for all its questions", async () => {
    grant("t1");
    withToken("t1").get(DOCUMENT).reply(200, IDENTITY);
    withToken("t1").get(ROLE).reply(200, "web-role");
    const { imds, requests } = wired();
    const [identity, again, role] = await Promise.all([
      imds.identity(),
      imds.identity(),
      imds.role(),
    ]);
    assert.deepEqual(identity, {
      account: "111122223333",
      region: "eu-west-1",
      instance: "i-0abc",
    });
    assert.equal(again, identity);
    assert.equal(role, "web-role");
    assert.equal(requests.read().imds, 3);
    assert.ok(nock.isDone());
  });

  it("asks for no token for those who wait until one came", async () => {
    const { imds, requests } = wired();
    await imds.untilToken();
    assert.equal(requests.read().imds, 0);
    nock(HOST).put(TOKEN).reply(500);
    const failing = assert.rejects(imds.role(new AbortController().signal));
    await imds.untilToken();
    assert.equal(requests.read().imds, 1);
    nock(HOST).put(TOKEN).times(2).reply(500);
    await failing;
  });

  it("renews a token that IMDS no longer knows, once", async () => {
    grant("t1");
    withToken("t1").get(ROLE).reply(401);
    grant("t2");
    withToken("t2").get(ROLE).reply(200, "web-role");
    assert.equal(await wired().imds.role(), "web-role");
    assert.ok(nock.isDone());
  });

  it("renews its token before IMDS lets it die", async () => {
    grant("t1");
    withToken("t1").get(ROLE).reply(200, "web-role");
    const { imds, clock } = wired();
    await imds.role();
    clock.advance(21_600_000);
    grant("t2");
    withToken("t2").get(ROLE).reply(200, "other-role");
    assert.equal(await imds.role(), "other-role");
  });

  for (const status of [400, 403, 404, 405, 500])
    it(`never falls back to v1, though it would answer, when the token is refused with ${status}`, async () => {
      nock(HOST).put(TOKEN).times(3).reply(status);
      const v1 = nock(HOST).get(DOCUMENT).reply(200, IDENTITY);
      await assert.rejects(wired().imds.identity(), { code: "Unavailable" });
      assert.equal(v1.isDone(), false);
    });

  it("follows no redirect", async () => {
    nock(HOST).put(TOKEN).times(3).reply(302, "", { location: "http://127.0.0.1/" });
    const elsewhere = nock("http://127.0.0.1").put("/").reply(200, "t1").get("/").reply(200, "t1");
    await assert.rejects(wired().imds.identity(), { code: "Unavailable" });
    assert.equal(elsewhere.pendingMocks().length, 2);
  });

  it("asks no proxy", async () => {
    const names = ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "NODE_USE_ENV_PROXY"];
    for (const name of names) process.env[name] = "http://proxy.example:3128";
    try {
      grant("t1");
      withToken("t1").get(ROLE).reply(200, "web-role");
      assert.equal(await wired().imds.role(), "web-role");
    } finally {
      for (const name of names) delete process.env[name];
    }
  });

  it("asks again after a failure, and remembers none", async () => {
    nock(HOST)
      .put(TOKEN)
      .replyWithError(Object.assign(new Error("x"), { code: "ECONNRESET" }));
    grant("t1");
    withToken("t1").get(DOCUMENT).reply(503);
    withToken("t1").get(DOCUMENT).reply(200, IDENTITY);
    const { imds, requests } = wired();
    assert.equal((await imds.identity()).instance, "i-0abc");
    assert.equal(requests.read().retries, 2);
  });

  it("can be asked again when it failed for good", async () => {
    nock(HOST).put(TOKEN).times(3).reply(500);
    const { imds } = wired();
    await assert.rejects(imds.identity(), { code: "Unavailable" });
    grant("t1");
    withToken("t1").get(DOCUMENT).reply(200, IDENTITY);
    assert.equal((await imds.identity()).account, "111122223333");
  });

  it("says that an instance has no role", async () => {
    grant("t1");
    withToken("t1").get(ROLE).reply(404, "<html>");
    await assert.rejects(wired().imds.role(), { code: "Credentials" });
  });

  it("asks for the role's credentials with the token of its other questions", async () => {
    grant("t1");
    withToken("t1").get(DOCUMENT).reply(200, IDENTITY);
    withToken("t1").get(ROLE).reply(200, "web-role");
    withToken("t1").get(`${ROLE}web-role`).reply(200, KEYS);
    const { imds, requests } = wired();
    const [, credentials] = await Promise.all([imds.identity(), imds.credentials()]);
    assert.deepEqual(credentials, {
      accessKeyId: "ASIA1",
      secretAccessKey: "s",
      sessionToken: "t",
      expiration: new Date("2026-11-01T12:00:00Z"),
    });
    assert.equal(requests.read().imds, 4);
    assert.ok(nock.isDone());
  });

  const unusable: readonly (readonly [why: string, status: number, body: string])[] = [
    ["not there yet", 404, "<html>"],
    ["no JSON", 200, "hunter2-canary"],
    ["refused", 200, JSON.stringify({ Code: "AssumeRoleUnauthorizedAccess", Message: "m" })],
    ["without a token", 200, JSON.stringify({ ...KEYS, Token: undefined })],
    ["without an end", 200, JSON.stringify({ ...KEYS, Expiration: "soon" })],
  ];
  for (const [why, status, body] of unusable)
    it(`takes role credentials that are ${why} for an outage, and repeats nothing of them`, async () => {
      grant("t1");
      withToken("t1").get(ROLE).reply(200, "web-role");
      withToken("t1").get(`${ROLE}web-role`).times(3).reply(status, body);
      await assert.rejects(wired().imds.credentials(), (error: Error & { code: string }) => {
        assert.equal(error.code, "Unavailable");
        assert.equal(error.cause, undefined);
        return true;
      });
      assert.ok(nock.isDone());
    });

  const odd: readonly (readonly [why: string, body: string])[] = [
    ["no JSON", "<html>"],
    ["null", "null"],
    ["without an account", JSON.stringify({ ...IDENTITY, accountId: undefined })],
    ["with an odd account", JSON.stringify({ ...IDENTITY, accountId: "12" })],
    ["with an odd region", JSON.stringify({ ...IDENTITY, region: "../x" })],
    ["endless", " ".repeat(20_000)],
  ];
  for (const [why, body] of odd)
    it(`refuses an identity document that is ${why}`, async () => {
      grant("t1");
      withToken("t1").get(DOCUMENT).times(3).reply(200, body);
      await assert.rejects(wired().imds.identity(), { code: "Unavailable" });
    });
});
