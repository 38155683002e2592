import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type ChecksumAlgorithm,
} from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { ask, codeIn, errorOf, s3Client, sandboxFor } from "../support/sandbox.ts";
import { getSignedUrl } from "../support/presign.ts";
import { exchange, signed } from "../support/wire.ts";

const Bucket = "postern-sandbox";

describe("an object", () => {
  it("comes back as it was put: bytes, type, metadata, ETag, version", async (t) => {
    const sandbox = await sandboxFor(t);
    const s3 = s3Client(t, sandbox);
    const Body = Buffer.from([0, 255, 10, 13]);
    const put = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: "web/a",
        Body,
        ContentType: "text/x",
        CacheControl: "no-store",
        Metadata: { owner: "web" },
      }),
    );
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: "web/a" }));
    assert.deepEqual(Buffer.from((await got.Body?.transformToByteArray()) ?? []), Body);
    assert.equal(got.ContentType, "text/x");
    assert.equal(got.CacheControl, "no-store");
    assert.equal(got.ContentEncoding, undefined);
    assert.deepEqual(got.Metadata, { owner: "web" });
    assert.equal(got.ETag, `"${createHash("md5").update(Body).digest("hex")}"`);
    assert.equal(got.VersionId, put.VersionId);
    assert.equal(got.ServerSideEncryption, "AES256");
    assert.equal(got.LastModified?.getMilliseconds(), 0);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "web/a" }));
    assert.equal(head.ContentLength, 4);
  });

  const keys = [
    "plain",
    "with space",
    "plus+and&amp;",
    "percent%2Fslash",
    "dot/../up",
    "./here",
    "double//slash",
    "trailing/",
    "back\\slash",
    "emoji🙂",
    "quote'\"<>",
    "star*(paren)!",
    "control\u0001tab\t",
    "line\nfeed",
    "k".repeat(1024),
  ];
  for (const Key of keys)
    it(`may be called ${JSON.stringify(Key.slice(0, 20))}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const s3 = s3Client(t, sandbox);
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
      const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
      assert.equal(await got.Body?.transformToString(), Key);
      assert.deepEqual(sandbox.buckets.get(Bucket)?.keys(), [Key]);
    });

  it("is found by the bucket in the path and in the host's name", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.put("web/a", Buffer.from("value"));
    const hosts: readonly (readonly [host: string, path: string])[] = [
      [sandbox.endpoints.s3.host, `/${Bucket}/web/a`],
      ["localhost", `/${Bucket}/web/a`],
      [`${Bucket}.s3.localhost:9000`, "/web/a"],
      [`${Bucket}.localhost`, "/web/a"],
      [`${Bucket}.s3.us-east-1.amazonaws.com`, "/web/a"],
      [`${Bucket}.s3-us-east-1.amazonaws.com`, "/web/a"],
      ["s3.us-east-1.amazonaws.com", `/${Bucket}/web/a`],
    ];
    for (const [host, path] of hosts)
      assert.equal((await ask(sandbox, { path, headers: { host } })).text, "value", host);
  });

  it("answers ranges as RFC 9110 has it", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.put("a", Buffer.from("0123456789"));
    const rows: readonly (readonly [range: string, status: number, body: string])[] = [
      ["bytes=0-3", 206, "0123"],
      ["bytes=8-", 206, "89"],
      ["bytes=-3", 206, "789"],
      ["bytes=5-99", 206, "56789"],
      ["bytes=-99", 206, "0123456789"],
      ["bytes=4-2", 200, "0123456789"],
      ["bytes=0-1,3-4", 200, "0123456789"],
      ["lines=1-2", 200, "0123456789"],
    ];
    for (const [range, status, body] of rows) {
      const got = await ask(sandbox, { path: `/${Bucket}/a`, headers: { range } });
      assert.deepEqual([got.status, got.text], [status, body], range);
    }
    const beyond = await ask(sandbox, { path: `/${Bucket}/a`, headers: { range: "bytes=10-" } });
    assert.deepEqual([beyond.status, codeIn(beyond)], [416, "InvalidRange"]);
    const part = await ask(sandbox, { path: `/${Bucket}/a`, headers: { range: "bytes=2-3" } });
    assert.equal(part.headers["content-range"], "bytes 2-3/10");
  });

  it("answers conditions: 304 without a body, 412 with one", async (t) => {
    const sandbox = await sandboxFor(t);
    const { etag } = await sandbox.put("a", Buffer.from("value"));
    const [past, future] = ["Mon, 01 Jan 2001 00:00:00 GMT", "Tue, 01 Jan 2199 00:00:00 GMT"];
    const rows: readonly (readonly [headers: Record<string, string>, status: number])[] = [
      [{ "if-none-match": etag }, 304],
      [{ "if-none-match": etag.replaceAll('"', "") }, 304],
      [{ "if-none-match": '"other"' }, 200],
      [{ "if-match": etag }, 200],
      [{ "if-match": '"other"' }, 412],
      [{ "if-modified-since": future }, 304],
      [{ "if-modified-since": past }, 200],
      [{ "if-unmodified-since": past }, 412],
      [{ "if-match": etag, "if-unmodified-since": past }, 200],
      [{ "if-none-match": '"other"', "if-modified-since": future }, 200],
    ];
    for (const [headers, status] of rows) {
      const got = await ask(sandbox, { path: `/${Bucket}/a`, headers });
      assert.equal(got.status, status, JSON.stringify(headers));
      if (status === 304) assert.deepEqual([got.text, got.headers["etag"]], ["", etag]);
      if (status === 412) assert.equal(codeIn(got), "PreconditionFailed");
    }
  });
});

describe("an upload", () => {
  const algorithms = [
    ["CRC32", 4],
    ["CRC32C", 4],
    ["CRC64NVME", 8],
    ["SHA1", 20],
    ["SHA256", 32],
  ] as const;
  for (const [algorithm, length] of algorithms)
    it(`is checked and kept with its ${algorithm}`, async (t) => {
      const s3 = s3Client(t, await sandboxFor(t));
      const put = { Bucket, Key: "a", Body: "value", ChecksumAlgorithm: algorithm };
      const wrong = { [`Checksum${algorithm}`]: Buffer.alloc(length).toString("base64") };
      const forged = new PutObjectCommand({ ...put, ...wrong });
      assert.equal(await errorOf(s3.send(forged)), "BadDigest");
      const answer = await s3.send(new PutObjectCommand(put));
      const got = await s3.send(
        new GetObjectCommand({ Bucket, Key: "a", ChecksumMode: "ENABLED" }),
      );
      const name = `Checksum${algorithm}` as const;
      assert.ok(answer[name]);
      assert.equal(got[name], answer[name]);
      assert.equal(got.ChecksumType, "FULL_OBJECT");
      assert.equal(await got.Body?.transformToString(), "value");
    });

  it("without a checksum gets a CRC64NVME", async (t) => {
    const sandbox = await sandboxFor(t);
    const put = await ask(sandbox, {
      method: "PUT",
      path: `/${Bucket}/a`,
      // the check value of CRC-64/NVME: "123456789" gives ae8b14860a799888
      body: "123456789",
    });
    assert.equal(put.headers["x-amz-checksum-crc64nvme"], "rosUhgp5mIg=");
  });

  const bad: readonly (readonly [why: string, headers: Record<string, string>, code: string])[] = [
    ["MD5 of something else", { "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" }, "BadDigest"],
    ["no MD5", { "content-md5": "nonsense" }, "InvalidDigest"],
    ["CRC32 of something else", { "x-amz-checksum-crc32": "AAAAAA==" }, "BadDigest"],
    ["no CRC32", { "x-amz-checksum-crc32": "nonsense" }, "InvalidRequest"],
    [
      "two checksums",
      { "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-sha1": "AAAA" },
      "InvalidRequest",
    ],
    [
      "an announced checksum that never comes",
      { "x-amz-sdk-checksum-algorithm": "CRC32" },
      "InvalidRequest",
    ],
    ["too much metadata", { "x-amz-meta-a": "x".repeat(2048) }, "MetadataTooLarge"],
    ["tags, which are not served", { "x-amz-tagging": "a=b" }, "NotImplemented"],
    ["an unknown encryption", { "x-amz-server-side-encryption": "rot13" }, "InvalidArgument"],
  ];
  for (const [why, headers, code] of bad)
    it(`is refused and leaves nothing: ${why}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const got = await ask(sandbox, {
        method: "PUT",
        path: `/${Bucket}/a`,
        headers,
        body: "value",
      });
      assert.equal(codeIn(got), code);
      assert.deepEqual(sandbox.buckets.get(Bucket)?.keys(), []);
    });

  it("is refused when its key is longer than 1024 bytes", async (t) => {
    const sandbox = await sandboxFor(t);
    const path = `/${Bucket}/${"k".repeat(1025)}`;
    assert.equal(codeIn(await ask(sandbox, { method: "PUT", path })), "KeyTooLongError");
  });

  it("is refused when nobody says how long it is", async (t) => {
    const sandbox = await sandboxFor(t);
    const headers = { "transfer-encoding": "chunked" };
    const put = { method: "PUT", path: `/${Bucket}/a`, headers, body: "value" };
    const got = await ask(sandbox, put);
    assert.deepEqual([got.status, codeIn(got)], [411, "MissingContentLength"]);
  });

  it("may be presigned, and then be read by a presigned URL", async (t) => {
    const sandbox = await sandboxFor(t);
    const url = await getSignedUrl(sandbox, "PUT", `/${Bucket}/a b`);
    const put = await exchange(sandbox.endpoints.s3, { method: "PUT", path: url, body: "value" });
    assert.equal(put.status, 200);
    const read = await getSignedUrl(sandbox, "GET", `/${Bucket}/a b`);
    assert.equal((await exchange(sandbox.endpoints.s3, { path: read })).text, "value");
    const other = read.replace("a%20b", "other");
    assert.equal(
      codeIn(await exchange(sandbox.endpoints.s3, { path: other })),
      "SignatureDoesNotMatch",
    );
  });

  it("waits for 100 Continue when asked to", async (t) => {
    const sandbox = await sandboxFor(t);
    const sent = { method: "PUT", path: `/${Bucket}/a`, body: "value" };
    const withContinue = await signed(sandbox.endpoints.s3, sent, sandbox.publisher);
    const headers = { ...withContinue.headers, "content-length": "5", expect: "100-continue" };
    assert.equal((await exchange(sandbox.endpoints.s3, { ...sent, headers })).status, 200);
  });
});

describe("aws-chunked", () => {
  const send = async (
    body: string,
    more: Record<string, string>,
    sandbox: Awaited<ReturnType<typeof sandboxFor>>,
  ) =>
    ask(sandbox, {
      method: "PUT",
      path: `/${Bucket}/a`,
      body,
      headers: {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "5",
        ...more,
      },
    });
  const crc = { "x-amz-trailer": "x-amz-checksum-crc32" };
  const rows: readonly (readonly [
    why: string,
    body: string,
    headers: Record<string, string>,
    code: string | undefined,
  ])[] = [
    ["no trailer", "5\r\nvalue\r\n0\r\n\r\n", {}, undefined],
    ["two chunks", "2\r\nva\r\n3\r\nlue\r\n0\r\n\r\n", {}, undefined],
    ["a checksum", "5\r\nvalue\r\n0\r\nx-amz-checksum-crc32:HXdYNA==\r\n\r\n", crc, undefined],
    [
      "a wrong checksum",
      "5\r\nvalue\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
      crc,
      "BadDigest",
    ],
    ["a missing trailer", "5\r\nvalue\r\n0\r\n\r\n", crc, "MalformedTrailerError"],
    ["a short chunk", "5\r\nval\r\n0\r\n\r\n", {}, "IncompleteBody"],
    ["no last chunk", "5\r\nvalue\r\n", {}, "IncompleteBody"],
    ["no chunks", "value", {}, "IncompleteBody"],
    ["another length", "4\r\nvalu\r\n0\r\n\r\n", {}, "IncompleteBody"],
  ];
  for (const [why, body, headers, code] of rows)
    it(`is ${code === undefined ? "read" : "refused"}: ${why}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const got = await send(body, headers, sandbox);
      assert.equal(codeIn(got), code, got.text);
      const stored = sandbox.buckets.get(Bucket)?.current("a");
      assert.equal(
        stored?.kind === "object" ? stored.body.toString() : undefined,
        code === undefined ? "value" : undefined,
      );
    });
});

describe("versions", () => {
  it("keep every state of a key, and a delete only hides it", async (t) => {
    const s3 = s3Client(t, await sandboxFor(t));
    const key = { Bucket, Key: "a" };
    const first = await s3.send(new PutObjectCommand({ ...key, Body: "1" }));
    const second = await s3.send(new PutObjectCommand({ ...key, Body: "2" }));
    assert.notEqual(first.VersionId, second.VersionId);
    const deleted = await s3.send(new DeleteObjectCommand(key));
    assert.equal(deleted.DeleteMarker, true);
    assert.equal(await errorOf(s3.send(new GetObjectCommand(key))), "NoSuchKey");
    const old = await s3.send(new GetObjectCommand({ ...key, VersionId: first.VersionId }));
    assert.equal(await old.Body?.transformToString(), "1");
    const marker = { ...key, VersionId: deleted.VersionId };
    assert.equal(await errorOf(s3.send(new GetObjectCommand(marker))), "MethodNotAllowed");
    const history = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    assert.deepEqual(
      history.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest]),
      [
        [second.VersionId, false],
        [first.VersionId, false],
      ],
    );
    assert.deepEqual(
      history.DeleteMarkers?.map(({ IsLatest }) => IsLatest),
      [true],
    );
    await s3.send(new DeleteObjectCommand(marker));
    const back = await s3.send(new GetObjectCommand(key));
    assert.equal(await back.Body?.transformToString(), "2");
    const unknown = new GetObjectCommand({ ...key, VersionId: "unknown" });
    assert.equal(await errorOf(s3.send(unknown)), "NoSuchVersion");
  });

  it("are not kept where nobody asked for them", async (t) => {
    const sandbox = await sandboxFor(t, { versioned: false });
    const s3 = s3Client(t, sandbox);
    const key = { Bucket, Key: "a" };
    const first = await s3.send(new PutObjectCommand({ ...key, Body: "1" }));
    assert.equal(first.VersionId, undefined);
    await s3.send(new PutObjectCommand({ ...key, Body: "2" }));
    assert.equal(sandbox.buckets.get(Bucket)?.versions("a").length, 1);
    await s3.send(new DeleteObjectCommand(key));
    assert.deepEqual(sandbox.buckets.get(Bucket)?.keys(), []);
    await s3.send(new DeleteObjectCommand(key));
  });

  it("are deleted many at once, each with its own fate", async (t) => {
    const sandbox = await sandboxFor(t);
    const s3 = s3Client(t, sandbox);
    const { versionId } = await sandbox.put("a", Buffer.from("1"));
    await sandbox.put("b<&>", Buffer.from("1"));
    const Objects = [{ Key: "a", VersionId: versionId }, { Key: "b<&>" }, { Key: "missing" }];
    const result = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    assert.deepEqual(
      result.Deleted?.map(({ Key, DeleteMarker }) => [Key, DeleteMarker]),
      [
        ["a", undefined],
        ["b<&>", true],
        ["missing", true],
      ],
    );
    assert.equal(sandbox.buckets.get(Bucket)?.current("a"), undefined);
    const unchecked = await ask(sandbox, {
      method: "POST",
      path: `/${Bucket}?delete=`,
      body: "<Delete><Object><Key>a</Key></Object></Delete>",
    });
    assert.equal(codeIn(unchecked), "InvalidRequest");
  });
});

describe("a copy", () => {
  it("takes the bytes and, unless replaced, the metadata along", async (t) => {
    const sandbox = await sandboxFor(t);
    const s3 = s3Client(t, sandbox);
    const original = await sandbox.put("a b+c", Buffer.from("value"), { metadata: { k: "v" } });
    const CopySource = `${Bucket}/a%20b%2Bc`;
    await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource }));
    const copy = await s3.send(new GetObjectCommand({ Bucket, Key: "copy" }));
    assert.deepEqual([await copy.Body?.transformToString(), copy.Metadata], ["value", { k: "v" }]);
    const replaced = { MetadataDirective: "REPLACE", Metadata: { n: "w" } } as const;
    await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource, ...replaced }));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "copy" }));
    assert.deepEqual(head.Metadata, { n: "w" });
    const old = `${CopySource}?versionId=${original.versionId}`;
    await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: old }));
  });

  const faults: readonly (readonly [why: string, input: object, error: string])[] = [
    ["onto itself without a change", { Key: "a" }, "InvalidRequest"],
    ["from nowhere", { CopySource: `${Bucket}/missing` }, "NoSuchKey"],
    ["from no bucket", { CopySource: "no-such-bucket/a" }, "NoSuchBucket"],
    ["from another state", { CopySourceIfMatch: '"other"' }, "PreconditionFailed"],
    ["without a key", { CopySource: Bucket }, "InvalidArgument"],
    ["from another owner", { ExpectedSourceBucketOwner: "999999999999" }, "AccessDenied"],
  ];
  for (const [why, input, error] of faults)
    it(`is refused ${why}`, async (t) => {
      const sandbox = await sandboxFor(t);
      await sandbox.put("a", Buffer.from("value"));
      const command = { Bucket, Key: "copy", CopySource: `${Bucket}/a`, ...input };
      assert.equal(await errorOf(s3Client(t, sandbox).send(new CopyObjectCommand(command))), error);
    });

  it("gets a checksum of the algorithm asked for", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.put("a", Buffer.from("value"));
    const ChecksumAlgorithm: ChecksumAlgorithm = "SHA256";
    const copied = await s3Client(t, sandbox).send(
      new CopyObjectCommand({ Bucket, Key: "b", CopySource: `${Bucket}/a`, ChecksumAlgorithm }),
    );
    const sha256 = createHash("sha256").update("value").digest("base64");
    assert.equal(copied.CopyObjectResult?.ChecksumSHA256, sha256);
  });
});
