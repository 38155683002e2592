import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { DecryptCommand, DescribeKeyCommand, EncryptCommand } from "@aws-sdk/client-kms";
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { kmsClient } from "../support/kms.ts";
import { errorOf, s3Client, sandboxFor } from "../support/sandbox.ts";

const Bucket = "postern-sandbox";
const Plaintext = Buffer.from("x");

/** A sandbox whose user "ci" may put and get in web/ and encrypt under one of two keys. */
async function ciFor(t: TestContext) {
  const sandbox = await sandboxFor(t);
  const [key, other] = [1, 2].map(() => sandbox.keys.create({ region: sandbox.region }));
  assert.ok(key !== undefined && other !== undefined);
  const ci = sandbox.credentials.addUser("ci");
  sandbox.grant(
    {
      principal: "ci",
      actions: ["s3:PutObject", "s3:GetObject"],
      resources: [`arn:aws:s3:::${Bucket}/web/*`],
    },
    { principal: "ci", actions: ["kms:Encrypt"], resources: [key.arn] },
  );
  await sandbox.put("web/a", Buffer.from("value"));
  await sandbox.put("db/a", Buffer.from("value"));
  return { sandbox, ci, key, other, s3: s3Client(t, sandbox, ci), kms: kmsClient(t, sandbox, ci) };
}

describe("a user with exact rights", () => {
  const allowed: readonly object[] = [
    new PutObjectCommand({ Bucket, Key: "web/a", Body: "" }),
    new PutObjectCommand({ Bucket, Key: "web/b", Body: "", IfNoneMatch: "*" }),
    new GetObjectCommand({ Bucket, Key: "web/a" }),
    new CopyObjectCommand({ Bucket, Key: "web/b", CopySource: `${Bucket}/web/a` }),
  ];
  for (const command of allowed)
    it(`may ${command.constructor.name}`, async (t) => {
      const { s3 } = await ciFor(t);
      assert.equal(await errorOf(s3.send(command as PutObjectCommand)), "none");
    });

  const denied: readonly object[] = [
    new PutObjectCommand({ Bucket, Key: "db/a", Body: "" }),
    new PutObjectCommand({ Bucket: "no-such-bucket", Key: "web/a", Body: "" }),
    new GetObjectCommand({ Bucket, Key: "db/a" }),
    // who may not list is not told that nothing is there
    new GetObjectCommand({ Bucket, Key: "web/missing" }),
    new GetObjectCommand({ Bucket, Key: "web/a", VersionId: "null" }),
    new GetObjectTaggingCommand({ Bucket, Key: "web/a" }),
    new CopyObjectCommand({ Bucket, Key: "web/b", CopySource: `${Bucket}/db/a` }),
    new DeleteObjectCommand({ Bucket, Key: "web/a" }),
    new ListObjectsV2Command({ Bucket, Prefix: "web/" }),
    new ListObjectVersionsCommand({ Bucket, Prefix: "web/" }),
    new ListBucketsCommand({}),
    new CreateBucketCommand({ Bucket: "another-bucket" }),
    new GetPublicAccessBlockCommand({ Bucket }),
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Suspended" } }),
  ];
  for (const [at, command] of denied.entries())
    it(`may not ${command.constructor.name} (${at})`, async (t) => {
      const { s3 } = await ciFor(t);
      const name = await errorOf(s3.send(command as PutObjectCommand));
      // S3 looks for the bucket first
      const missing = (command as PutObjectCommand).input.Bucket === "no-such-bucket";
      assert.equal(name, missing ? "NoSuchBucket" : "AccessDenied");
    });

  it("may encrypt under its key, and do nothing else with it, nor with another", async (t) => {
    const { kms, key, other } = await ciFor(t);
    const sealed = await kms.send(new EncryptCommand({ KeyId: key.arn, Plaintext }));
    const { CiphertextBlob } = sealed;
    for (const command of [
      new EncryptCommand({ KeyId: other.arn, Plaintext }),
      new DecryptCommand({ CiphertextBlob }),
      new DescribeKeyCommand({ KeyId: key.arn }),
    ])
      assert.equal(await errorOf(kms.send(command as EncryptCommand)), "AccessDeniedException");
  });

  it("may put under a KMS key what it may generate data keys for", async (t) => {
    const { sandbox, s3, key } = await ciFor(t);
    const sealing = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: key.arn } as const;
    const put = new PutObjectCommand({ Bucket, Key: "web/a", Body: "x", ...sealing });
    assert.equal(await errorOf(s3.send(put)), "AccessDenied");
    const actions = ["kms:GenerateDataKey"];
    sandbox.grant({ principal: "ci", actions, resources: [key.arn] });
    assert.equal(await errorOf(s3.send(put)), "none");
  });

  it("lists within its prefixes, and then learns what is missing there", async (t) => {
    const { sandbox, s3 } = await ciFor(t);
    sandbox.grant({
      principal: "ci",
      actions: ["s3:ListBucket"],
      resources: [`arn:aws:s3:::${Bucket}`],
      prefixes: ["web/*"],
    });
    const rows = [
      [new ListObjectsV2Command({ Bucket, Prefix: "web/" }), "none"],
      [new ListObjectsV2Command({ Bucket, Prefix: "db/" }), "AccessDenied"],
      [new ListObjectsV2Command({ Bucket }), "AccessDenied"],
      [new GetObjectCommand({ Bucket, Key: "web/missing" }), "NoSuchKey"],
    ] as const;
    for (const [command, error] of rows)
      assert.equal(await errorOf(s3.send(command as GetObjectCommand)), error);
  });

  it("leaves the publisher and the hosts what they had", async (t) => {
    const host = { role: "web", readPrefixes: ["web/"], writePrefixes: [] };
    const actionGrants = [{ principal: "web", actions: ["s3:PutObject"], resources: ["*"] }];
    const sandbox = await sandboxFor(t, { grants: [host], actionGrants });
    await sandbox.put("web/a", Buffer.from("value"));
    sandbox.grant({ principal: "ci", actions: ["s3:PutObject"], resources: ["*"] });
    const web = s3Client(t, sandbox, sandbox.credentials.issue("web"));
    const publisher = s3Client(t, sandbox);
    const [put, get] = [
      new PutObjectCommand({ Bucket, Key: "web/b", Body: "" }),
      new GetObjectCommand({ Bucket, Key: "web/a" }),
    ];
    for (const client of [web, publisher])
      for (const command of [put, get]) assert.equal(await errorOf(client.send(command)), "none");
  });

  it("is told from another user by its keys, and may have two", async (t) => {
    const { sandbox, ci } = await ciFor(t);
    const get = new GetObjectCommand({ Bucket, Key: "web/a" });
    const other = s3Client(t, sandbox, sandbox.credentials.addUser("other"));
    assert.equal(await errorOf(other.send(get)), "AccessDenied");
    const second = sandbox.credentials.addUser("ci");
    assert.notEqual(second.accessKeyId, ci.accessKeyId);
    assert.equal(await errorOf(s3Client(t, sandbox, second).send(get)), "none");
  });
});
