import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { s3Client, sandboxFor } from "../support/sandbox.ts";

/** A sandbox with one object under a key, and how a role reads it. */
async function sealedObject(t: TestContext) {
  const everything = { readPrefixes: [""], writePrefixes: [""] };
  const sandbox = await sandboxFor(t, {
    grants: ["reader", "keyless"].map((role) => ({ role, ...everything })),
    keyGrants: [{ role: "reader", key: "*", actions: ["kms:Decrypt"] }],
  });
  const key = sandbox.keys.create({ region: sandbox.region });
  const object = { Bucket: sandbox.bucket, Key: "web/a" };
  const sealing = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: key.id } as const;
  const put = new PutObjectCommand({ ...object, ...sealing, Body: "sealed" });
  await s3Client(t, sandbox).send(put);
  const readAs = async (role: string): Promise<string | undefined> => {
    const client = s3Client(t, sandbox, sandbox.credentials.issue(role));
    const got = await client.send(new GetObjectCommand(object));
    assert.equal(got.SSEKMSKeyId, key.arn);
    return got.Body?.transformToString();
  };
  return { sandbox, key, readAs };
}

describe("an object under a key of the sandbox's KMS", () => {
  it("is read by who may read it and use its key", async (t) => {
    const { readAs } = await sealedObject(t);
    assert.equal(await readAs("reader"), "sealed");
  });

  it("is not read by who may not use its key", async (t) => {
    const { readAs } = await sealedObject(t);
    await assert.rejects(readAs("keyless"), { name: "AccessDenied", message: /kms:Decrypt/ });
  });

  it("is read by nobody while its key is disabled, or about to be deleted", async (t) => {
    const { sandbox, key, readAs } = await sealedObject(t);
    const rows = [
      ["Disabled", "KMS.DisabledException"],
      ["PendingDeletion", "KMS.KMSInvalidStateException"],
    ] as const;
    for (const [state, name] of rows) {
      sandbox.keys.transition(key, state);
      await assert.rejects(readAs("reader"), { name });
    }
    sandbox.keys.transition(key, "Enabled");
    assert.equal(await readAs("reader"), "sealed");
  });
});
