import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseKmsKeyArn } from "../../agent/core/names.ts";
import { parseMessage } from "../../agent/decrypt/message.ts";
import { resealGroup } from "../../agent/publish/reseal.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { configOf, publisherFor } from "../support/publishing.ts";
import { publishTexts } from "../support/publishing-acts.ts";

const FAR = "us-west-2";
const LIES = { "web/a": { prefix: "web/" }, "web.bundle": { bundle: "web.bundle" } };

describe("what is resealed", () => {
  for (const [key, lies] of Object.entries(LIES))
    it(`still opens where its replica is read: ${key}`, async (t) => {
      const sandbox = await startSandbox({ otherRegions: [FAR] });
      t.after(() => sandbox.close());
      const { region, keys } = sandbox;
      const [old, next] = ["", ""].map(() => keys.create({ region }).arn);
      const far = keys.create({ region: FAR }).arn;
      const decrypt = { mode: "envelope", keys: [old, next, far] };
      const failover = [{ bucket: "far-away", region: FAR, keys: [far] }];
      const config = configOf(sandbox, { web: { ...lies, decrypt } }, { failover });
      const group = (await publisherFor(t, config, sandbox.publisher)).group("web");
      await publishTexts(group, { a: "one" });
      const sealedUnder = (): readonly string[] => {
        const current = sandbox.buckets.get(sandbox.bucket)?.current(key);
        assert.ok(current?.kind === "object");
        return parseMessage(current.body, key).dataKeys.map((one) => one.key);
      };
      assert.deepEqual(sealedUnder(), [old, far]);
      await resealGroup(group, { key: parseKmsKeyArn(next ?? "") });
      assert.deepEqual(sealedUnder(), [next, far]);
    });
});
