import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pack } from "tar-stream";
import type { GetAnswer, GetRequest } from "../../agent/aws/s3-get.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { parseAccountId, parseBucketName, parseS3Key } from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import {
  fetchBundle,
  judgeRevision,
  type RevisionRule,
  unpackBundle,
} from "../../agent/source/bundle.ts";

const BUNDLE = {
  bucket: parseBucketName("acme-secrets"),
  owner: parseAccountId("111122223333"),
  key: parseS3Key("web.bundle"),
  maxBytes: 1000,
};
const LIMITS = { maxBytes: 1000, maxEntries: 10 };

async function archiveOf(...names: readonly string[]): Promise<SecretBytes> {
  const archive = pack();
  for (const name of names) archive.entry({ name }, `value of ${name}`);
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  return new SecretBytes(Buffer.concat(chunks));
}

describe("fetchBundle", () => {
  function s3(answer: GetAnswer): {
    get: (request: GetRequest) => Promise<GetAnswer>;
    asked: GetRequest[];
  } {
    const asked: GetRequest[] = [];
    return {
      asked,
      get: (request) => {
        asked.push(request);
        return Promise.resolve(answer);
      },
    };
  }
  const body = new SecretBytes(Buffer.from("sealed"));
  const object = {
    kind: "object",
    body,
    etag: '"new"',
    versionId: "v1",
    lastModified: 1000,
  } as const;

  it("asks for exactly its object, of its owner, unless it is the known one", async () => {
    const fake = s3({ ...object, serverTime: 2000, kmsKey: undefined });
    const outcome = await fetchBundle({ ...BUNDLE, s3: fake, knownEtag: '"old"' });
    assert.deepEqual(outcome, { ...object, kind: "fetched" });
    assert.deepEqual(fake.asked, [{ ...BUNDLE, ifNoneMatch: '"old"', signal: undefined }]);
  });

  it("says when the bundle is the known one", async () => {
    const outcome = await fetchBundle({
      ...BUNDLE,
      s3: s3({ kind: "unchanged" }),
      knownEtag: '"old"',
    });
    assert.deepEqual(outcome, { kind: "unchanged" });
  });

  it("leaves a missing bundle to the caller's judgement", async () => {
    const missing = new PosternError("NotFound", "no such object", { awsCode: "NoSuchKey" });
    const fake = { get: () => Promise.reject(missing) };
    await assert.rejects(fetchBundle({ ...BUNDLE, s3: fake, knownEtag: undefined }), missing);
  });
});

describe("judgeRevision", () => {
  const RULE: RevisionRule = { revision: 7, highestSeen: 7, minRevision: 0, acceptOlder: false };
  const ROWS: readonly (readonly [
    why: string,
    rule: Partial<RevisionRule>,
    expected: RegExp | undefined,
  ])[] = [
    ["the first that a host sees", { highestSeen: undefined }, undefined],
    ["revision 0 as the first", { revision: 0, highestSeen: undefined }, undefined],
    ["a newer one", { revision: 8 }, undefined],
    ["the same one again", {}, undefined],
    [
      "an older one",
      { revision: 6 },
      /expected revision 7, which this host has seen, or newer, got 6/,
    ],
    ["an older one when asked to", { revision: 6, acceptOlder: true }, undefined],
    ["the floor itself", { minRevision: 7 }, undefined],
    ["one below the floor", { minRevision: 8 }, /expected revision 8 or newer, got 7/],
    [
      "the first below the floor",
      { highestSeen: undefined, minRevision: 8 },
      /revision 8 or newer/,
    ],
    [
      "one below the floor when asked for older",
      { minRevision: 8, acceptOlder: true },
      /revision 8/,
    ],
  ];
  for (const [why, rule, expected] of ROWS)
    it(`${expected === undefined ? "accepts" : "refuses"} ${why}`, () => {
      const fault = judgeRevision({ ...RULE, ...rule });
      if (expected === undefined) assert.equal(fault, undefined);
      else assert.match(fault ?? "accepted", expected);
    });
});

describe("unpackBundle", () => {
  it("gives every secret under its name", async () => {
    const { secrets, skipped } = await unpackBundle(await archiveOf("./b", "nested/a"), {
      limits: LIMITS,
      onBadName: "refuse",
    });
    assert.deepEqual(
      secrets.map(({ name, body }) => [name, body.expose().toString()]),
      [
        ["b", "value of ./b"],
        ["nested/a", "value of nested/a"],
      ],
    );
    assert.deepEqual(skipped, []);
  });

  const CLASH = ["good", "bad\u0007", "Case", "case"];

  it("refuses the whole set for one bad name, and reports every one", async () => {
    await assert.rejects(
      unpackBundle(await archiveOf(...CLASH), { limits: LIMITS, onBadName: "refuse" }),
      (error: PosternError) => {
        assert.equal(error.code, "BadName");
        assert.equal(error.issues.length, 3);
        assert.match(error.issues.join("\n"), /"bad\\u0007": .*control character/);
        assert.doesNotMatch(`${error.message}${error.issues.join("")}`, /value of/);
        return true;
      },
    );
  });

  it("leaves bad names out when told to skip them, and says which", async () => {
    const rule = { limits: LIMITS, onBadName: "skip" } as const;
    const { secrets, skipped } = await unpackBundle(await archiveOf(...CLASH), rule);
    assert.deepEqual(
      secrets.map(({ name }) => name),
      ["good"],
    );
    assert.deepEqual(skipped.map(({ key }) => key).sort(), ["Case", "bad\u0007", "case"]);
  });

  it("wipes what it does not hand out", async (t) => {
    const wipe = t.mock.method(SecretBytes.prototype, "wipe");
    const archive = await archiveOf(...CLASH);
    await assert.rejects(unpackBundle(archive, { limits: LIMITS, onBadName: "refuse" }));
    assert.equal(wipe.mock.callCount(), CLASH.length);
    await unpackBundle(archive, { limits: LIMITS, onBadName: "skip" });
    assert.equal(wipe.mock.callCount(), CLASH.length + 3);
  });

  it("never skips a name that leaves the root", async () => {
    const rule = { limits: LIMITS, onBadName: "skip" } as const;
    await assert.rejects(
      unpackBundle(await archiveOf("good", "../evil"), rule),
      /expected no ".."/,
    );
  });

  it("counts the path that names are joined to", async () => {
    const rule = { limits: LIMITS, onBadName: "refuse", rootBytes: 4090 } as const;
    await assert.rejects(unpackBundle(await archiveOf("sixsix"), rule), /at most 4095 bytes/);
    assert.equal((await unpackBundle(await archiveOf("four"), rule)).secrets.length, 1);
  });
});
