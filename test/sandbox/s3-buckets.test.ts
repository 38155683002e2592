import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ask, codeIn, errorOf, s3Client, sandboxFor } from "../support/sandbox.ts";

const Bucket = "another-bucket";

describe("a bucket", () => {
  it("is made, found, listed and removed", async (t) => {
    const client = s3Client(t, await sandboxFor(t));
    await client.send(new CreateBucketCommand({ Bucket }));
    const head = await client.send(new HeadBucketCommand({ Bucket }));
    assert.equal(head.BucketRegion, "us-east-1");
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    assert.deepEqual(
      Buckets?.map(({ Name }) => Name),
      [Bucket, "postern-sandbox"],
    );
    await client.send(new DeleteBucketCommand({ Bucket }));
    assert.equal(await errorOf(client.send(new DeleteBucketCommand({ Bucket }))), "NoSuchBucket");
  });

  it("is not removed while it holds a version of anything", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = s3Client(t, sandbox);
    await sandbox.put("a", Buffer.from("1"));
    sandbox.remove("a");
    const remove = new DeleteBucketCommand({ Bucket: sandbox.bucket });
    assert.equal(await errorOf(client.send(remove)), "BucketNotEmpty");
  });

  it("keeps its objects when it is made again in us-east-1, and elsewhere refuses to be", async (t) => {
    const east = await sandboxFor(t);
    await east.put("a", Buffer.from("1"));
    const again = (bucket: string) => new CreateBucketCommand({ Bucket: bucket });
    await s3Client(t, east).send(again(east.bucket));
    assert.deepEqual(east.buckets.get(east.bucket)?.keys(), ["a"]);
    const west = await sandboxFor(t, { region: "eu-west-1" });
    const error = await errorOf(s3Client(t, west).send(again(west.bucket)));
    assert.equal(error, "BucketAlreadyOwnedByYou");
  });

  for (const name of ["ab", "Upper", "a..b", "1.2.3.4", "xn--a"])
    it(`is not called ${name}`, async (t) => {
      const got = await ask(await sandboxFor(t), { method: "PUT", path: `/${name}` });
      assert.equal(codeIn(got), "InvalidBucketName");
    });

  it("names its region, unless that is us-east-1", async (t) => {
    for (const [region, constraint] of [
      ["us-east-1", undefined],
      ["eu-west-1", "eu-west-1"],
    ] as const) {
      const sandbox = await sandboxFor(t, { region });
      const location = new GetBucketLocationCommand({ Bucket: sandbox.bucket });
      const got = await s3Client(t, sandbox).send(location);
      assert.equal(got.LocationConstraint, constraint);
    }
  });

  it("begins without versions, and then can only suspend them", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = s3Client(t, sandbox);
    const bucket = sandbox.buckets.create(Bucket);
    const status = async () =>
      (await client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
    const set = (Status: "Enabled" | "Suspended") =>
      client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
    assert.equal(await status(), undefined);
    await ask(sandbox, { method: "PUT", path: `/${Bucket}/a`, body: "unversioned" });
    await set("Enabled");
    assert.equal(await status(), "Enabled");
    await ask(sandbox, { method: "PUT", path: `/${Bucket}/a`, body: "versioned" });
    await set("Suspended");
    await ask(sandbox, { method: "PUT", path: `/${Bucket}/a`, body: "suspended" });
    const bodies = bucket
      .versions("a")
      .map((version) => (version.kind === "object" ? version.body.toString() : "marker"));
    assert.deepEqual(bodies, ["suspended", "versioned"]);
    bucket.remove("a");
    assert.deepEqual(
      bucket.versions("a").map(({ kind, versionId }) => [kind, versionId === "null"]),
      [
        ["delete-marker", true],
        ["object", false],
      ],
    );
    const disabled = await ask(sandbox, {
      method: "PUT",
      path: `/${Bucket}?versioning=`,
      body: "<VersioningConfiguration><Status>Disabled</Status></VersioningConfiguration>",
    });
    assert.equal(codeIn(disabled), "MalformedXML");
  });

  it("has objects without tags and grants", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = s3Client(t, sandbox);
    await sandbox.put("a", Buffer.from("1"));
    const object = { Bucket: sandbox.bucket, Key: "a" };
    assert.deepEqual((await client.send(new GetObjectTaggingCommand(object))).TagSet, []);
    const acl = await client.send(new GetObjectAclCommand(object));
    assert.match(acl.Owner?.ID ?? "", /^[0-9a-f]{64}$/);
    const missing = new GetObjectAclCommand({ ...object, Key: "b" });
    assert.equal(await errorOf(client.send(missing)), "NoSuchKey");
  });
});
