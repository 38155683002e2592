import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { errorOf, s3Client, sandboxFor } from "../support/sandbox.ts";

const upload = { Bucket: "postern-sandbox", Key: "big" };
const FIVE_MIB = Buffer.alloc(5 * 1024 * 1024, "a");
const REST = Buffer.from("rest");

async function start(client: S3Client, input: object = {}): Promise<string> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...upload, ...input }));
  assert.ok(UploadId);
  return UploadId;
}

async function putPart(
  client: S3Client,
  UploadId: string,
  PartNumber: number,
  Body: Buffer,
): Promise<CompletedPart> {
  const part = { ...upload, UploadId, PartNumber, Body };
  const { ETag } = await client.send(new UploadPartCommand(part));
  return { PartNumber, ETag };
}

function complete(client: S3Client, UploadId: string, Parts: CompletedPart[]) {
  const MultipartUpload = { Parts };
  return client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }));
}

describe("a multipart upload", () => {
  it("becomes one object, with the ETag of its parts", async (t) => {
    const client = s3Client(t, await sandboxFor(t));
    const id = await start(client, { ContentType: "text/x", Metadata: { k: "v" } });
    const rest = await putPart(client, id, 2, REST);
    const parts = [await putPart(client, id, 1, FIVE_MIB), rest];
    const listed = await client.send(new ListPartsCommand({ ...upload, UploadId: id }));
    assert.deepEqual(
      listed.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size]),
      [
        [1, FIVE_MIB.length],
        [2, REST.length],
      ],
    );
    const done = await complete(client, id, parts);
    const md5s = [FIVE_MIB, REST].map((part) => createHash("md5").update(part).digest());
    const md5 = createHash("md5").update(Buffer.concat(md5s)).digest("hex");
    assert.equal(done.ETag, `"${md5}-2"`);
    const got = await client.send(new GetObjectCommand(upload));
    assert.deepEqual([got.ContentType, got.Metadata], ["text/x", { k: "v" }]);
    const body = Buffer.from((await got.Body?.transformToByteArray()) ?? []);
    assert.ok(body.equals(Buffer.concat([FIVE_MIB, REST])));
    assert.equal(await errorOf(complete(client, id, parts)), "NoSuchUpload");
  });

  it("has the checksum of the parts' checksums where SHA256 was asked for", async (t) => {
    const client = s3Client(t, await sandboxFor(t));
    const id = await start(client, { ChecksumAlgorithm: "SHA256" });
    const part = { ...upload, UploadId: id, PartNumber: 1, Body: REST };
    const { ETag, ChecksumSHA256 } = await client.send(
      new UploadPartCommand({ ...part, ChecksumAlgorithm: "SHA256" }),
    );
    const done = await complete(client, id, [{ PartNumber: 1, ETag, ChecksumSHA256 }]);
    const inner = createHash("sha256").update(REST).digest();
    const outer = createHash("sha256").update(inner).digest("base64");
    assert.deepEqual([done.ChecksumSHA256, done.ChecksumType], [`${outer}-1`, "COMPOSITE"]);
  });

  const faults: readonly (readonly [
    why: string,
    choose: (a: CompletedPart, b: CompletedPart) => CompletedPart[],
    error: string,
  ])[] = [
    ["out of order", (a, b) => [b, a], "InvalidPartOrder"],
    ["with a part that was never sent", (a) => [a, { PartNumber: 9, ETag: '"x"' }], "InvalidPart"],
    ["with another part's ETag", (a, b) => [{ ...a, ETag: b.ETag }], "InvalidPart"],
    ["with a small part before the last", (a, b) => [b, { ...a, PartNumber: 3 }], "EntityTooSmall"],
    ["without parts", () => [], "MalformedXML"],
  ];
  for (const [why, choose, error] of faults)
    it(`is refused ${why}, and nothing is written`, async (t) => {
      const sandbox = await sandboxFor(t);
      const client = s3Client(t, sandbox);
      const id = await start(client);
      const first = await putPart(client, id, 1, FIVE_MIB);
      const second = await putPart(client, id, 2, REST);
      await putPart(client, id, 3, FIVE_MIB);
      assert.equal(await errorOf(complete(client, id, choose(first, second))), error);
      assert.deepEqual(sandbox.buckets.get(upload.Bucket)?.keys(), []);
    });

  it("is gone once aborted", async (t) => {
    const client = s3Client(t, await sandboxFor(t));
    const id = await start(client);
    const uploads = new ListMultipartUploadsCommand({ Bucket: upload.Bucket });
    assert.equal((await client.send(uploads)).Uploads?.[0]?.UploadId, id);
    await client.send(new AbortMultipartUploadCommand({ ...upload, UploadId: id }));
    assert.equal((await client.send(uploads)).Uploads, undefined);
    assert.equal(await errorOf(putPart(client, id, 1, REST)), "NoSuchUpload");
  });
});
