import {
  ListObjectVersionsCommand,
  type DeleteMarkerEntry,
  type S3Client,
} from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compareKeys, type Bucket as StoredBucket } from "../../agent/sandbox/objects.ts";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
import { ask, codeIn, s3Client, sandboxFor } from "../support/sandbox.ts";

const Bucket = "postern-sandbox";

type Input = Partial<ListObjectVersionsCommand["input"]>;

/** What a listing says of a version; a rolled-up prefix is its name alone. */
interface Entry {
  readonly key: string;
  readonly versionId?: string | undefined;
  readonly latest?: boolean | undefined;
  readonly marker?: boolean;
}

/**
 * All pages, in the order of the document: the SDK gives versions, markers and prefixes apart.
 * @param between runs between two pages
 */
async function listAll(
  client: S3Client,
  input: Input,
  between: (page: readonly Entry[]) => void = () => undefined,
): Promise<readonly (readonly Entry[])[]> {
  const pages: (readonly Entry[])[] = [];
  let markers: Input = {};
  for (;;) {
    const command = new ListObjectVersionsCommand({ Bucket, ...input, ...markers });
    const got = await client.send(command);
    const entry =
      (marker: boolean) =>
      (each: DeleteMarkerEntry): Entry => ({
        key: each.Key ?? "",
        versionId: each.VersionId,
        latest: each.IsLatest,
        marker,
      });
    const page = [
      ...(got.Versions ?? []).map(entry(false)),
      ...(got.DeleteMarkers ?? []).map(entry(true)),
      ...(got.CommonPrefixes ?? []).map(({ Prefix = "" }) => ({ key: Prefix })),
    ];
    pages.push(page);
    if (got.IsTruncated !== true) return pages;
    assert.ok(pages.length < 200, "a listing without an end");
    markers = { KeyMarker: got.NextKeyMarker };
    if (got.NextVersionIdMarker !== undefined)
      markers = { ...markers, VersionIdMarker: got.NextVersionIdMarker };
    between(page);
  }
}

/** What S3 would list: by key, newest first, prefixes in place of what is below them. */
function expected(bucket: StoredBucket, prefix = "", delimiter = ""): readonly Entry[] {
  const entries = bucket
    .keys()
    .filter((key) => key.startsWith(prefix))
    .flatMap((key): readonly Entry[] => {
      const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      if (end !== -1) return [{ key: key.slice(0, end + 1) }];
      return bucket.versions(key).map((version, at) => ({
        key,
        versionId: version.versionId,
        latest: at === 0,
        marker: version.kind === "delete-marker",
      }));
    });
  const groups = new Set<string>();
  return entries.filter(({ key, versionId }) => {
    const again = versionId === undefined && groups.has(key);
    groups.add(key);
    return !again;
  });
}

function bucketOf(sandbox: Sandbox): StoredBucket {
  const bucket = sandbox.buckets.get(Bucket);
  assert.ok(bucket !== undefined);
  return bucket;
}

function sortEntries(entries: readonly Entry[]): readonly Entry[] {
  const name = ({ key, versionId = "" }: Entry): string => `${key} ${versionId}`;
  return entries.toSorted((a, b) => compareKeys(name(a), name(b)));
}

describe("a listing of versions", () => {
  it("is by key, then newest first, with markers where they were made", async (t) => {
    const sandbox = await sandboxFor(t);
    const bucket = bucketOf(sandbox);
    for (const key of ["b", "a", "🙂", "\uff5e", "a"]) await sandbox.put(key, Buffer.from("1"));
    sandbox.remove("a");
    bucket.setVersioning("Suspended");
    await sandbox.put("b", Buffer.from("null"));
    const got = await ask(sandbox, { path: `/${Bucket}?versions=` });
    const rows = [
      ...got.text.matchAll(
        /<(Version|DeleteMarker)><Key>([^<]*)<\/Key><VersionId>([^<]*)<\/VersionId><IsLatest>(\w+)</g,
      ),
    ];
    assert.deepEqual(
      rows.map(([, kind, key, versionId, latest]) => ({
        key,
        versionId,
        latest: latest === "true",
        marker: kind === "DeleteMarker",
      })),
      expected(bucket),
    );
    assert.deepEqual(
      rows.map(([, kind = "", key = "", , latest = ""]) => `${kind} ${key} ${latest}`),
      [
        "DeleteMarker a true",
        "Version a false",
        "Version a false",
        "Version b true",
        "Version b false",
        "Version \uff5e true",
        "Version 🙂 true",
      ],
    );
  });

  it("gives every version once, whatever the page's size, prefix and delimiter", async (t) => {
    const sandbox = await sandboxFor(t);
    const bucket = bucketOf(sandbox);
    const client = s3Client(t, sandbox);
    const key = fc.constantFrom("a", "a/b", "a/c", "ab", "é/🙂", "b");
    const steps = fc.array(fc.tuple(fc.constantFrom("put", "put", "remove", "suspended"), key), {
      minLength: 1,
      maxLength: 14,
    });
    const property = fc.asyncProperty(
      steps,
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom("", "a", "a/", "z"),
      fc.boolean(),
      async (made, MaxKeys, Prefix, folders) => {
        for (const known of bucket.keys())
          for (const { versionId } of bucket.versions(known))
            bucket.removeVersion(known, versionId);
        for (const [what, name] of made) {
          bucket.setVersioning(what === "suspended" ? "Suspended" : "Enabled");
          if (what === "remove") bucket.remove(name);
          else await sandbox.put(name, Buffer.from(what));
        }
        const input = { MaxKeys, Prefix, ...(folders ? { Delimiter: "/" } : {}) };
        const pages = await listAll(client, input);
        const all = expected(bucket, Prefix, folders ? "/" : "");
        assert.deepEqual(sortEntries(pages.flat()), sortEntries(all));
        let from = 0;
        for (const [at, page] of pages.entries()) {
          assert.ok(page.length === MaxKeys || at === pages.length - 1);
          // each page is the next stretch of the whole
          const stretch = all.slice(from, from + page.length);
          assert.deepEqual(sortEntries(page), sortEntries(stretch));
          from += page.length;
        }
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  it("loses nothing to who deletes each page before asking for the next", async (t) => {
    const sandbox = await sandboxFor(t);
    const bucket = bucketOf(sandbox);
    for (const key of ["a", "a", "a", "a", "b", "b", "c"]) await sandbox.put(key, Buffer.from("1"));
    sandbox.remove("a");
    const all = expected(bucket);
    const pages = await listAll(s3Client(t, sandbox), { MaxKeys: 2 }, (page) => {
      for (const { key, versionId = "" } of page) bucket.removeVersion(key, versionId);
    });
    const plain = ({ key, versionId }: Entry): string => `${key} ${versionId}`;
    assert.deepEqual(pages.flat().map(plain).toSorted(), all.map(plain).toSorted());
  });

  it("begins after a whole key when no version is named, and then says so", async (t) => {
    const sandbox = await sandboxFor(t);
    for (const key of ["a", "a", "b"]) await sandbox.put(key, Buffer.from("1"));
    const command = new ListObjectVersionsCommand({ Bucket, KeyMarker: "a", MaxKeys: 1 });
    const got = await s3Client(t, sandbox).send(command);
    assert.deepEqual(
      [got.Versions?.map(({ Key }) => Key), got.KeyMarker, got.VersionIdMarker],
      [["b"], "a", ""],
    );
    assert.deepEqual([got.IsTruncated, got.NextKeyMarker], [false, undefined]);
  });

  it("stops at 1000 versions, and at none", async (t) => {
    const sandbox = await sandboxFor(t);
    for (let at = 0; at < 1001; at += 1) await sandbox.put("a", Buffer.from("1"));
    const client = s3Client(t, sandbox);
    const list = async (MaxKeys?: number) =>
      client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys }));
    for (const page of [await list(), await list(5000)]) {
      assert.deepEqual([page.Versions?.length, page.IsTruncated], [1000, true]);
      assert.equal(page.NextVersionIdMarker, page.Versions?.at(-1)?.VersionId);
    }
    const none = await list(0);
    assert.deepEqual([none.Versions, none.IsTruncated], [undefined, false]);
  });

  const refused: readonly (readonly [query: string, message: RegExp])[] = [
    ["version-id-marker=x", /cannot be specified without a key marker/],
    ["key-marker=a&version-id-marker=", /cannot be empty/],
    ["key-marker=a&version-id-marker=x", /Invalid version id specified/],
  ];
  for (const [query, message] of refused)
    it(`refuses ${query}`, async (t) => {
      const got = await ask(await sandboxFor(t), { path: `/${Bucket}?${query}&versions=` });
      assert.equal(codeIn(got), "InvalidArgument");
      assert.match(got.text, message);
    });
});
