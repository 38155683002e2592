import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { exportGroups, importGroup } from "../../agent/publish/carry.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { configOf, publisherFor } from "../support/publishing.ts";
import { publishTexts, removeNamed } from "../support/publishing-acts.ts";
import { tempDir } from "../support/temp.ts";

const temp = tempDir();

describe("what is carried back into a bucket under SSE-KMS", () => {
  it("is the same when it is carried there again, though S3 gives it another ETag", async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    const { arn } = sandbox.keys.create({ region: sandbox.region });
    const encryption = { kind: "aws:kms", keyId: arn, bucketKey: true } as const;
    sandbox.buckets.get(sandbox.bucket)?.configure({ encryption });
    const decrypt = { mode: "kms", keys: [arn] };
    const config = configOf(sandbox, { web: { prefix: "web/", decrypt } });
    const group = (await publisherFor(t, config, sandbox.publisher)).group("web");
    await publishTexts(group, { a: "one", b: "two" });
    const folder = mkdtempSync(join(temp, "carried-"));
    const cargo = await exportGroups(folder, [group]);
    await removeNamed(group, ["a"]);
    const bring = async (): Promise<unknown> =>
      Object.fromEntries(await importGroup(folder, cargo, group, false));
    assert.deepEqual(await bring(), { "web/a": "imported", "web/b": "same" });
    assert.deepEqual(await bring(), { "web/a": "same", "web/b": "same" });
  });
});
