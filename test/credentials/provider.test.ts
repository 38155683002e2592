import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { AwsCredentialIdentity } from "@smithy/types";
import fc from "fast-check";
import nock from "nock";
import type { CredentialsConfig } from "../../agent/config/config.ts";
import { createRequestCounter } from "../../agent/aws/requests.ts";
import {
  createCredentialProvider,
  type CredentialProvider,
  loadCredentials,
  refreshInMs,
} from "../../agent/credentials/provider.ts";
import { ENDLESS } from "../support/aws.ts";
import { createImds } from "../../agent/credentials/imds.ts";
import { fixedChance, type HeldClock, heldClock } from "../support/time.ts";

const HOUR = 3_600_000;
const HOST = "http://169.254.169.254";
const ROLE = "/latest/meta-data/iam/security-credentials/";

interface Fake extends CredentialProvider {
  readonly clock: HeldClock;
  readonly asked: () => number;
}

/** A provider whose source hands out one hour's keys, or fails while `down` says so. */
function fake(down: () => boolean = () => false): Fake {
  const clock = heldClock();
  let asked = 0;
  const load = async (): Promise<AwsCredentialIdentity> => {
    asked += 1;
    await Promise.resolve();
    if (down()) throw new Error("canary");
    return {
      accessKeyId: `AKIA${asked}`,
      secretAccessKey: "s",
      expiration: new Date(clock.now() + HOUR),
    };
  };
  const tools = { clock, chance: fixedChance(0), load };
  return { ...createCredentialProvider({ from: "instance" }, tools), clock, asked: () => asked };
}

function keyOf(provider: CredentialProvider): Promise<string> {
  return provider.credentials().then(({ accessKeyId }) => accessKeyId);
}

describe("credential provider", () => {
  it("asks its source once for all who ask at once, and for all who ask later", async () => {
    const provider = fake();
    assert.deepEqual(await Promise.all([keyOf(provider), keyOf(provider)]), ["AKIA1", "AKIA1"]);
    provider.clock.advance(HOUR - 301_000);
    assert.equal(await keyOf(provider), "AKIA1");
    assert.equal(provider.asked(), 1);
  });

  it("has new ones five minutes before the old ones end", async () => {
    const provider = fake();
    await keyOf(provider);
    provider.clock.advance(HOUR - 300_000);
    assert.equal(await keyOf(provider), "AKIA2");
  });

  it("goes on with good ones while their source is down, asking it once a minute", async () => {
    let down = false;
    const provider = fake(() => down);
    await keyOf(provider);
    down = true;
    provider.clock.advance(HOUR - 300_000);
    for (let count = 0; count < 10; count += 1) assert.equal(await keyOf(provider), "AKIA1");
    assert.equal(provider.asked(), 2);
    provider.clock.advance(60_000);
    await keyOf(provider);
    assert.equal(provider.asked(), 3);
  });

  it("fails once they have expired, as an outage, without asking at every request", async () => {
    let down = false;
    const provider = fake(() => down);
    await keyOf(provider);
    down = true;
    provider.clock.advance(HOUR);
    for (let count = 0; count < 10; count += 1)
      await assert.rejects(provider.credentials(), (error: Error & { code: string }) => {
        assert.equal(error.code, "Credentials");
        assert.doesNotMatch(error.message, /canary/);
        return true;
      });
    assert.equal(provider.asked(), 2);
    down = false;
    provider.clock.advance(5000);
    assert.equal(await keyOf(provider), "AKIA3");
  });

  it("asks for new ones when AWS calls these expired, once for many that learn of it", async () => {
    const provider = fake();
    await keyOf(provider);
    provider.renew();
    assert.equal(await keyOf(provider), "AKIA1", "it had asked a moment ago");
    provider.clock.advance(5000);
    provider.renew();
    assert.equal(await keyOf(provider), "AKIA2");
    provider.renew();
    assert.equal(await keyOf(provider), "AKIA2");
  });

  it("never asks again later than halfway, nor all the time", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: -HOUR, max: 24 * HOUR }), random, (left, chance) => {
        const wait = refreshInMs(left, chance);
        assert.ok(wait >= 5000);
        if (left > 720_000) assert.ok(wait <= left - 300_000 && wait >= left - 360_000);
      }),
    );
    assert.equal(refreshInMs(Number.POSITIVE_INFINITY, 0), Number.POSITIVE_INFINITY);
  });
});

describe("credential sources", () => {
  before(() => nock.disableNetConnect());
  afterEach(() => nock.cleanAll());
  after(() => nock.restore());

  function provide(source: CredentialsConfig): CredentialProvider {
    const tools = { clock: heldClock(Date.now()), chance: fixedChance(0), budget: ENDLESS };
    const requests = createRequestCounter();
    const imds = createImds({ endpoint: undefined, ...tools, requests });
    const load = (): Promise<AwsCredentialIdentity> => loadCredentials(source, imds, tools);
    return createCredentialProvider(source, { ...tools, load });
  }

  function v2(expiresAt = Date.now() + HOUR): nock.Scope {
    nock(HOST).put("/latest/api/token").reply(200, "t1");
    return nock(HOST, { reqheaders: { "x-aws-ec2-metadata-token": "t1" } })
      .get(ROLE)
      .reply(200, "web-role")
      .get(`${ROLE}web-role`)
      .reply(200, {
        Code: "Success",
        AccessKeyId: "ASIA1",
        SecretAccessKey: "s",
        Token: "t",
        Expiration: new Date(expiresAt).toISOString(),
      });
  }

  it("takes the instance's role through IMDSv2", async () => {
    const scope = v2();
    assert.equal(await keyOf(provide({ from: "instance" })), "ASIA1");
    scope.done();
  });

  for (const status of [400, 403, 404, 405, 500])
    it(`never falls back to IMDSv1, though it would answer, when the token is refused with ${status}`, async () => {
      nock(HOST).put("/latest/api/token").times(3).reply(status);
      const v1 = nock(HOST).get(ROLE).reply(200, "web-role").get(`${ROLE}web-role`).reply(200, {});
      await assert.rejects(provide({ from: "instance" }).credentials(), { code: "Credentials" });
      assert.equal(v1.pendingMocks().length, 2);
    });

  it("passes on expired ones that IMDS hands out, for AWS to judge", async () => {
    v2(Date.now() - HOUR);
    assert.equal(await keyOf(provide({ from: "instance" })), "ASIA1");
  });

  it("recovers after IMDS refused a token for a while", async () => {
    nock(HOST).put("/latest/api/token").reply(403);
    v2();
    assert.equal(await keyOf(provide({ from: "instance" })), "ASIA1");
  });

  it("looks at no environment keys unless the config names them", async () => {
    process.env["AWS_ACCESS_KEY_ID"] = "AKIASTRAY";
    process.env["AWS_SECRET_ACCESS_KEY"] = "s";
    try {
      v2();
      assert.equal(await keyOf(provide({ from: "instance" })), "ASIA1");
      assert.equal(await keyOf(provide({ from: "environment" })), "AKIASTRAY");
    } finally {
      delete process.env["AWS_ACCESS_KEY_ID"];
      delete process.env["AWS_SECRET_ACCESS_KEY"];
    }
  });

  for (const source of [
    { from: "environment" },
    { from: "container" },
    { from: "web-identity" },
    { from: "profile", profile: "none" },
  ] as const)
    it(`falls back to no other source when ${source.from} has none`, async () => {
      const scope = v2();
      process.env["AWS_CONFIG_FILE"] = "/dev/null";
      process.env["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
      await assert.rejects(provide(source).credentials(), { code: "Credentials" });
      assert.equal(scope.isDone(), false);
    });
});
