import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBudget } from "../../agent/aws/budget.ts";
import { openServices } from "../../agent/daemon/services.ts";
import {
  parseAccountId,
  parseBucketName,
  parseRegion,
  parseS3Key,
} from "../../agent/core/names.ts";
import { sandboxFor } from "../support/sandbox.ts";
import { fixedChance, heldClock } from "../support/time.ts";

describe("services that are opened again", () => {
  it("go on with the budget that they are handed, and ask neither S3 nor IMDS without room", async (t) => {
    const sandbox = await sandboxFor(t);
    const { s3, kms, imds } = sandbox.endpoints;
    const clock = heldClock();
    const budget = createBudget(1, clock);
    budget.take(10);
    const services = openServices(
      {
        credentials: { from: "instance" },
        endpoints: { kind: "explicit", s3, kms, imds, pathStyle: true },
        limits: { concurrency: 1, requestTimeoutMs: 1000, requestsPerMinute: 600 },
      },
      { env: process.env, clock, chance: fixedChance(0), budget },
    );
    t.after(() => services.close());
    const spent = { code: "Throttled", message: "this host's request budget is spent" };
    const object = {
      bucket: parseBucketName(sandbox.bucket),
      owner: parseAccountId(sandbox.account),
      key: parseS3Key("web/a"),
      maxBytes: 10,
    };
    await assert.rejects(services.s3(parseRegion(sandbox.region)).get(object), spent);
    await assert.rejects(services.imds.identity(), spent);
    await assert.rejects(services.provider.credentials(), spent);
    assert.deepEqual(sandbox.log.entries(), []);
  });
});
