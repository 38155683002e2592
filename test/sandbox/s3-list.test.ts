import {
  ListObjectsCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
import { ask, codeIn, s3Client, sandboxFor } from "../support/sandbox.ts";

const Bucket = "postern-sandbox";

async function seed(sandbox: Sandbox, keys: readonly string[]): Promise<void> {
  for (const key of keys) await sandbox.put(key, Buffer.from(key));
}

describe("a listing", () => {
  it("is ordered by UTF-8 bytes, which JavaScript's own order is not", async (t) => {
    const sandbox = await sandboxFor(t);
    const inOrder = ["A", "a", "a/b", "a0", "é", "\uff5e", "🙂"];
    await seed(sandbox, inOrder.toReversed());
    const page = await s3Client(t, sandbox).send(new ListObjectsV2Command({ Bucket }));
    assert.deepEqual(
      page.Contents?.map(({ Key }) => Key),
      inOrder,
    );
    assert.equal(page.KeyCount, inOrder.length);
    assert.equal(page.Contents?.[0]?.Size, 1);
    assert.deepEqual(page.Contents?.[0]?.ChecksumAlgorithm, ["CRC64NVME"]);
  });

  const keys = ["a", "b/1", "b/2", "b/c/3", "d", "e/4"];
  const rows: readonly (readonly [
    why: string,
    input: object,
    contents: readonly string[],
    prefixes: readonly string[],
  ])[] = [
    ["everything", {}, keys, []],
    ["a prefix", { Prefix: "b/" }, ["b/1", "b/2", "b/c/3"], []],
    ["a prefix that is no folder", { Prefix: "b" }, ["b/1", "b/2", "b/c/3"], []],
    ["nothing", { Prefix: "z" }, [], []],
    ["folders", { Delimiter: "/" }, ["a", "d"], ["b/", "e/"]],
    ["folders in a folder", { Prefix: "b/", Delimiter: "/" }, ["b/1", "b/2"], ["b/c/"]],
    ["after a key", { StartAfter: "b/2" }, ["b/c/3", "d", "e/4"], []],
    ["after what is no key", { StartAfter: "c" }, ["d", "e/4"], []],
    ["folders after a key in one", { StartAfter: "b/1", Delimiter: "/" }, ["d"], ["b/", "e/"]],
    ["folders after the last key of one", { StartAfter: "b/z", Delimiter: "/" }, ["d"], ["e/"]],
    ["no keys at all", { MaxKeys: 0 }, [], []],
  ];
  for (const [why, input, contents, prefixes] of rows)
    it(`holds ${why}`, async (t) => {
      const sandbox = await sandboxFor(t);
      await seed(sandbox, keys);
      const page = await s3Client(t, sandbox).send(new ListObjectsV2Command({ Bucket, ...input }));
      assert.deepEqual(page.Contents?.map(({ Key }) => Key) ?? [], contents);
      assert.deepEqual(page.CommonPrefixes?.map(({ Prefix }) => Prefix) ?? [], prefixes);
      assert.equal(page.IsTruncated, false);
    });

  it("gives every key once, whatever the page's size, prefix and delimiter", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = s3Client(t, sandbox);
    const segment = fc.constantFrom("a", "b", "ab", "é", "🙂", "+", " ");
    const name = fc.array(segment, { minLength: 1, maxLength: 4 }).map((each) => each.join("/"));
    const sets = fc.uniqueArray(name, { minLength: 1, maxLength: 8 });
    const sizes = fc.integer({ min: 1, max: 4 });
    const property = fc.asyncProperty(
      sets,
      sizes,
      fc.constantFrom("", "a", "a/"),
      fc.boolean(),
      async (keys, MaxKeys, Prefix, folders) => {
        for (const key of sandbox.buckets.get(Bucket)?.keys() ?? []) sandbox.remove(key);
        await seed(sandbox, keys);
        const input = { Bucket, MaxKeys, Prefix, ...(folders ? { Delimiter: "/" } : {}) };
        const got: string[] = [];
        for await (const page of paginateListObjectsV2({ client }, input)) {
          const names = [
            ...(page.Contents ?? []).map(({ Key = "" }) => Key),
            ...(page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix),
          ];
          assert.ok(names.length <= MaxKeys);
          got.push(...names);
        }
        const within = keys.filter((key) => key.startsWith(Prefix));
        const rolledUp = within.map((key) => {
          const slash = folders ? key.indexOf("/", Prefix.length) : -1;
          return slash === -1 ? key : key.slice(0, slash + 1);
        });
        assert.deepEqual(got.toSorted(), [...new Set(rolledUp)].toSorted());
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  it("stops at 1000 keys, however many are asked for", async (t) => {
    const sandbox = await sandboxFor(t);
    await seed(
      sandbox,
      Array.from({ length: 1001 }, (_, at) => `k${at}`),
    );
    const client = s3Client(t, sandbox);
    const page = await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 5000 }));
    assert.deepEqual([page.KeyCount, page.MaxKeys, page.IsTruncated], [1000, 1000, true]);
    const ContinuationToken = page.NextContinuationToken;
    const rest = await client.send(new ListObjectsV2Command({ Bucket, ContinuationToken }));
    assert.deepEqual([rest.KeyCount, rest.IsTruncated], [1, false]);
  });

  it("of the first version goes on after a marker", async (t) => {
    const sandbox = await sandboxFor(t);
    await seed(sandbox, ["a/1", "a/2", "b", "c"]);
    const client = s3Client(t, sandbox);
    const input = { Bucket, Delimiter: "/", MaxKeys: 1 };
    const first = await client.send(new ListObjectsCommand(input));
    assert.deepEqual([first.CommonPrefixes?.[0]?.Prefix, first.NextMarker], ["a/", "a/"]);
    const next = await client.send(new ListObjectsCommand({ ...input, Marker: "a/" }));
    assert.deepEqual([next.Contents?.[0]?.Key, next.NextMarker], ["b", "b"]);
    const plain = await client.send(new ListObjectsCommand({ Bucket, MaxKeys: 1 }));
    assert.deepEqual([plain.IsTruncated, plain.NextMarker], [true, undefined]);
  });

  it("encodes keys for XML when asked to, and only then", async (t) => {
    const sandbox = await sandboxFor(t);
    await seed(sandbox, ["a b+c/\u0001<é>"]);
    const plain = await ask(sandbox, { path: `/${Bucket}?list-type=2` });
    assert.match(plain.text, /<Key>a b\+c\/&#x1;&lt;é&gt;<\/Key>/);
    const encoded = await ask(sandbox, { path: `/${Bucket}?encoding-type=url&list-type=2` });
    assert.match(encoded.text, /<Key>a\+b%2Bc\/%01%3C%C3%A9%3E<\/Key>/);
    assert.match(encoded.text, /<EncodingType>url<\/EncodingType>/);
  });

  const bad = ["max-keys=-1", "max-keys=x", "encoding-type=xml", "continuation-token=x"];
  for (const query of bad)
    it(`refuses ${query}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const parameters = ["list-type=2", query].toSorted().join("&");
      const got = await ask(sandbox, { path: `/${Bucket}?${parameters}` });
      assert.equal(codeIn(got), "InvalidArgument");
    });
});
