import {
  CreateBucketCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketOwnershipControlsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  type ServerSideEncryptionRule,
} from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { AuthorisationRequest } from "../../agent/sandbox/authorise.ts";
import { BLOCKED, type BucketSettings } from "../../agent/sandbox/bucket-settings.ts";
import { ask, codeIn, errorOf, s3Client, sandboxFor } from "../support/sandbox.ts";

const Bucket = "another-bucket";
const OPEN = {
  BlockPublicAcls: false,
  IgnorePublicAcls: false,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
};

async function bucketFor(t: TestContext) {
  const sandbox = await sandboxFor(t);
  const bucket = sandbox.buckets.create(Bucket);
  const client = s3Client(t, sandbox);
  const block = async () =>
    (await client.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration;
  const ownership = async () =>
    (await client.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls
      ?.Rules?.[0]?.ObjectOwnership;
  const encryption = async () =>
    (await client.send(new GetBucketEncryptionCommand({ Bucket })))
      .ServerSideEncryptionConfiguration?.Rules;
  const policyStatus = async () =>
    (await client.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic;
  return { sandbox, bucket, client, block, ownership, encryption, policyStatus };
}

describe("a new bucket", () => {
  it("is closed to the public, its owner's alone, encrypted and without a policy", async (t) => {
    const { block, ownership, encryption, policyStatus } = await bucketFor(t);
    assert.deepEqual(await block(), {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    });
    assert.equal(await ownership(), "BucketOwnerEnforced");
    assert.deepEqual(await encryption(), [
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" }, BucketKeyEnabled: false },
    ]);
    assert.equal(await errorOf(policyStatus()), "NoSuchBucketPolicy");
  });

  it("is made with the ownership that its maker asks for", async (t) => {
    const { sandbox, client } = await bucketFor(t);
    const make = (ObjectOwnership: "ObjectWriter") =>
      client.send(new CreateBucketCommand({ Bucket: "written", ObjectOwnership }));
    await make("ObjectWriter");
    assert.equal(sandbox.buckets.get("written")?.settings().ownership, "ObjectWriter");
    assert.equal(await errorOf(make("Nobody" as "ObjectWriter")), "InvalidArgument");
  });
});

describe("a bucket's settings", () => {
  it("keep what was put, say when they were deleted, and are never the plain operation", async (t) => {
    const { bucket, client, block, ownership } = await bucketFor(t);
    const PublicAccessBlockConfiguration = { ...OPEN, BlockPublicAcls: true };
    await client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    assert.deepEqual(await block(), PublicAccessBlockConfiguration);
    await client.send(new DeletePublicAccessBlockCommand({ Bucket }));
    assert.equal(await errorOf(block()), "NoSuchPublicAccessBlockConfiguration");
    const OwnershipControls = { Rules: [{ ObjectOwnership: "BucketOwnerPreferred" as const }] };
    await client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls }));
    assert.equal(await ownership(), "BucketOwnerPreferred");
    await client.send(new DeleteBucketOwnershipControlsCommand({ Bucket }));
    assert.equal(await errorOf(ownership()), "OwnershipControlsNotFoundError");
    assert.deepEqual(bucket.settings().encryption, { kind: "AES256", bucketKey: false });
  });

  it("keep a default encryption as it was put, and fall back to S3's own keys", async (t) => {
    const { client, encryption } = await bucketFor(t);
    const rule: ServerSideEncryptionRule = {
      ApplyServerSideEncryptionByDefault: {
        SSEAlgorithm: "aws:kms",
        KMSMasterKeyID: "alias/no-such-key",
      },
      BucketKeyEnabled: true,
    };
    const ServerSideEncryptionConfiguration = { Rules: [rule] };
    await client.send(
      new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }),
    );
    assert.deepEqual(await encryption(), [rule]);
    await client.send(new DeleteBucketEncryptionCommand({ Bucket }));
    assert.deepEqual(await encryption(), [
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" }, BucketKeyEnabled: false },
    ]);
  });

  it("are what a program sets them to", async (t) => {
    const { bucket, block, policyStatus } = await bucketFor(t);
    bucket.configure({
      publicAccessBlock: { ...BLOCKED, restrictPublicBuckets: false },
      policyIsPublic: true,
    });
    assert.equal((await block())?.RestrictPublicBuckets, false);
    assert.equal((await block())?.BlockPublicAcls, true);
    assert.equal(await policyStatus(), true);
    bucket.configure({ publicAccessBlock: undefined, policyIsPublic: false });
    assert.equal(await errorOf(block()), "NoSuchPublicAccessBlockConfiguration");
    assert.equal(await policyStatus(), false);
  });

  const rejected: readonly (readonly [parameter: string, body: string, code: string])[] = [
    ["publicAccessBlock", "", "MalformedXML"],
    [
      "publicAccessBlock",
      "<PublicAccessBlockConfiguration><BlockPublicAcls>maybe</BlockPublicAcls></PublicAccessBlockConfiguration>",
      "MalformedXML",
    ],
    ["ownershipControls", "<OwnershipControls></OwnershipControls>", "MalformedXML"],
    [
      "ownershipControls",
      "<OwnershipControls><Rule><ObjectOwnership>Nobody</ObjectOwnership></Rule></OwnershipControls>",
      "MalformedXML",
    ],
    [
      "encryption",
      "<ServerSideEncryptionConfiguration><Rule><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>",
      "MalformedXML",
    ],
    [
      "encryption",
      "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
      "InvalidArgument",
    ],
    [
      "encryption",
      "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>rot13</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
      "MalformedXML",
    ],
    ["policyStatus", "<PolicyStatus></PolicyStatus>", "NotImplemented"],
  ];
  for (const [parameter, body, code] of rejected)
    it(`do not change when ?${parameter} is put as ${JSON.stringify(body.slice(-60))}: ${code}`, async (t) => {
      const { sandbox, bucket } = await bucketFor(t);
      const before = bucket.settings();
      const put = { method: "PUT", path: `/${Bucket}?${parameter}=`, body };
      assert.equal(codeIn(await ask(sandbox, put)), code);
      assert.deepEqual(bucket.settings(), before);
    });

  const actions: readonly (readonly [command: object, action: string])[] = [
    [new GetPublicAccessBlockCommand({ Bucket }), "s3:GetBucketPublicAccessBlock"],
    [
      new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: OPEN }),
      "s3:PutBucketPublicAccessBlock",
    ],
    [new DeletePublicAccessBlockCommand({ Bucket }), "s3:PutBucketPublicAccessBlock"],
    [new GetBucketOwnershipControlsCommand({ Bucket }), "s3:GetBucketOwnershipControls"],
    [
      new PutBucketOwnershipControlsCommand({
        Bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
      }),
      "s3:PutBucketOwnershipControls",
    ],
    [new DeleteBucketOwnershipControlsCommand({ Bucket }), "s3:PutBucketOwnershipControls"],
    [new GetBucketPolicyStatusCommand({ Bucket }), "s3:GetBucketPolicyStatus"],
    [new GetBucketEncryptionCommand({ Bucket }), "s3:GetEncryptionConfiguration"],
    [
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } }],
        },
      }),
      "s3:PutEncryptionConfiguration",
    ],
    [new DeleteBucketEncryptionCommand({ Bucket }), "s3:PutEncryptionConfiguration"],
    [new GetBucketVersioningCommand({ Bucket }), "s3:GetBucketVersioning"],
    [
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
      "s3:PutBucketVersioning",
    ],
  ];
  for (const [command, action] of actions)
    it(`take ${action} and nothing else for ${command.constructor.name}`, async (t) => {
      const { sandbox, bucket, client } = await bucketFor(t);
      const before: BucketSettings = bucket.settings();
      const asked: AuthorisationRequest[] = [];
      sandbox.setAuthoriser({
        decide(request) {
          asked.push(request);
          return { allowed: false, explicit: false, layer: "identity" };
        },
      });
      assert.equal(
        await errorOf(client.send(command as GetBucketVersioningCommand)),
        "AccessDenied",
      );
      assert.deepEqual(
        asked.map((request) => [request.action, request.resource]),
        [[action, `arn:aws:s3:::${Bucket}`]],
      );
      assert.deepEqual([bucket.settings(), bucket.versioning()], [before, "Unversioned"]);
    });
});

describe("ACLs", () => {
  const rows: readonly (readonly [
    ownership: BucketSettings["ownership"],
    input: object,
    error: string,
  ])[] = [
    ["BucketOwnerEnforced", { ACL: "public-read" }, "AccessControlListNotSupported"],
    ["BucketOwnerEnforced", { ACL: "private" }, "AccessControlListNotSupported"],
    ["BucketOwnerEnforced", { GrantRead: "id=1" }, "AccessControlListNotSupported"],
    ["BucketOwnerEnforced", { ACL: "bucket-owner-full-control" }, "none"],
    ["BucketOwnerPreferred", { ACL: "private" }, "none"],
    ["BucketOwnerPreferred", { ACL: "public-read" }, "NotImplemented"],
    [undefined, { GrantRead: "id=1" }, "NotImplemented"],
  ];
  for (const [ownership, input, error] of rows)
    it(`of a write under ${ownership ?? "no ownership controls"}: ${JSON.stringify(input)} gets ${error}`, async (t) => {
      const { bucket, client } = await bucketFor(t);
      bucket.configure({ ownership });
      const put = new PutObjectCommand({ Bucket, Key: "a", Body: "", ...input });
      assert.equal(await errorOf(client.send(put)), error);
    });
});
