import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemChance, systemClock } from "../../agent/core/clock.ts";
import { createCredentials, type CredentialsRegistry } from "../../agent/sandbox/credentials.ts";

const NOW = Date.UTC(2026, 0, 1) + 250;

function registry(): CredentialsRegistry {
  const clock = { ...systemClock, now: () => NOW };
  const account = "111122223333";
  return createCredentials({ account, clock, chance: systemChance, lifetimeMs: 10_000 });
}

describe("the sandbox's credentials", () => {
  it("of a role are temporary, and known with their token and end", () => {
    const known = registry();
    const issued = known.issue("web", "i-1");
    assert.match(issued.accessKeyId, /^ASIA[A-Z2-7]{16}$/);
    assert.equal(issued.secretAccessKey.length, 40);
    assert.equal(issued.expiresAt, NOW - 250 + 10_000);
    assert.deepEqual(known.lookup(issued.accessKeyId), {
      secret: issued.secretAccessKey,
      token: issued.sessionToken,
      expiresAt: issued.expiresAt,
      principal: {
        kind: "role",
        arn: "arn:aws:iam::111122223333:role/web",
        account: "111122223333",
        name: "web",
        sessionArn: "arn:aws:sts::111122223333:assumed-role/web/i-1",
      },
    });
  });

  it("of a user are permanent and have no token", () => {
    const known = registry();
    const { accessKeyId } = known.addUser("ci");
    assert.match(accessKeyId, /^AKIA[A-Z2-7]{16}$/);
    const { token, expiresAt } = known.lookup(accessKeyId) ?? {};
    assert.deepEqual([token, expiresAt], [undefined, undefined]);
  });

  it("are never issued twice, and unknown ones stay unknown", () => {
    const known = registry();
    assert.notEqual(known.issue("web").accessKeyId, known.issue("web").accessKeyId);
    assert.equal(known.lookup("AKIAIOSFODNN7EXAMPLE"), undefined);
  });
});
