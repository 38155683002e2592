import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { errorOf, s3Client, sandboxFor } from "../support/sandbox.ts";

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

describe("a bucket whose default is a KMS key", () => {
  /** A bucket with a default key, another key, and writers with and without rights on the default. */
  async function keyedBucket(t: TestContext, bucketKey = false) {
    const everything = { readPrefixes: [""], writePrefixes: [""] };
    const sandbox = await sandboxFor(t, {
      grants: ["writer", "keyless"].map((role) => ({ role, ...everything })),
      keyGrants: [{ role: "writer", key: "*", actions: ["kms:GenerateDataKey"] }],
    });
    const key = sandbox.keys.create({ region: sandbox.region });
    const other = sandbox.keys.create({ region: sandbox.region });
    const bucket = sandbox.buckets.get(sandbox.bucket);
    bucket?.configure({ encryption: { kind: "aws:kms", keyId: key.arn, bucketKey } });
    const client = (role: string) => s3Client(t, sandbox, sandbox.credentials.issue(role));
    return { sandbox, key, other, bucket, client };
  }

  it("seals what comes without a header: put, copied, in parts", async (t) => {
    const { sandbox, key } = await keyedBucket(t);
    const client = s3Client(t, sandbox);
    const Bucket = sandbox.bucket;
    const CopySource = `${Bucket}/a`;
    for (const answer of [
      await client.send(new PutObjectCommand({ Bucket, Key: "a", Body: "x" })),
      await client.send(new CopyObjectCommand({ Bucket, Key: "b", CopySource })),
      await client.send(new CreateMultipartUploadCommand({ Bucket, Key: "c" })),
    ])
      assert.deepEqual([answer.ServerSideEncryption, answer.SSEKMSKeyId], ["aws:kms", key.arn]);
    const got = await client.send(new GetObjectCommand({ Bucket, Key: "b" }));
    assert.equal(got.SSEKMSKeyId, key.arn);
  });

  it("asks writers and readers for the rights that a header would", async (t) => {
    const { sandbox, client } = await keyedBucket(t);
    const object = { Bucket: sandbox.bucket, Key: "a" };
    const put = new PutObjectCommand({ ...object, Body: "x" });
    await assert.rejects(client("keyless").send(put), { message: /kms:GenerateDataKey/ });
    await client("writer").send(put);
    const get = new GetObjectCommand(object);
    await assert.rejects(client("writer").send(get), { message: /kms:Decrypt/ });
  });

  it("gives way to what a writer asks for", async (t) => {
    const { sandbox, key, other } = await keyedBucket(t, true);
    const rows: readonly (readonly [
      input: Partial<PutObjectCommand["input"]>,
      kind: string,
      keyArn: RegExp,
      bucketKey: boolean | undefined,
    ])[] = [
      [{ ServerSideEncryption: "AES256" }, "AES256", /^undefined$/, undefined],
      [{}, "aws:kms", new RegExp(`^${key.arn}$`), true],
      [{ BucketKeyEnabled: false }, "aws:kms", new RegExp(`^${key.arn}$`), undefined],
      [
        { ServerSideEncryption: "aws:kms", SSEKMSKeyId: other.id },
        "aws:kms",
        new RegExp(`^${other.arn}$`),
        true,
      ],
      // S3's own key, rather than the bucket's
      [{ ServerSideEncryption: "aws:kms" }, "aws:kms", /0000a3$/, true],
    ];
    for (const [input, kind, keyArn, bucketKey] of rows) {
      const put = new PutObjectCommand({ Bucket: sandbox.bucket, Key: "a", Body: "x", ...input });
      const answer = await s3Client(t, sandbox).send(put);
      assert.deepEqual([answer.ServerSideEncryption, answer.BucketKeyEnabled], [kind, bucketKey]);
      assert.match(String(answer.SSEKMSKeyId), keyArn);
    }
  });

  it("refuses writes while the key is missing, and a key without its kind", async (t) => {
    const { sandbox, bucket, other } = await keyedBucket(t);
    const put = (input: Partial<PutObjectCommand["input"]>) =>
      s3Client(t, sandbox).send(
        new PutObjectCommand({ Bucket: sandbox.bucket, Key: "a", Body: "x", ...input }),
      );
    assert.equal(await errorOf(put({ SSEKMSKeyId: other.id })), "InvalidArgument");
    const strange = { ServerSideEncryption: "AES256", SSEKMSKeyId: other.id } as const;
    assert.equal(await errorOf(put(strange)), "InvalidArgument");
    bucket?.configure({ encryption: { kind: "aws:kms", keyId: "alias/gone", bucketKey: false } });
    assert.equal(await errorOf(put({})), "KMS.NotFoundException");
    bucket?.configure({ encryption: { kind: "aws:kms", bucketKey: false } });
    assert.match((await put({})).SSEKMSKeyId ?? "", /0000a3$/);
  });
});
