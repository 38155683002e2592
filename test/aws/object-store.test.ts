import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import nock from "nock";
import { lookAtBucket } from "../../agent/aws/bucket-facts.ts";
import { createConnection } from "../../agent/aws/connection.ts";
import {
  createObjectStore,
  type ObjectStore,
  type ServerSideEncryption,
} from "../../agent/aws/object-store.ts";
import type { StoreOptions } from "../../agent/aws/store-client.ts";
import { createAsk } from "../../agent/aws/s3-ask.ts";
import { listVersions } from "../../agent/aws/s3-versions.ts";
import { systemChance } from "../../agent/core/clock.ts";
import {
  parseAccountId,
  parseBucketName,
  parseRegion,
  parseS3Key,
} from "../../agent/core/names.ts";
import { CREDENTIALS, PUBLIC, wiredCall } from "../support/aws.ts";

const HOST = "https://acme-secrets.s3.eu-west-1.amazonaws.com";
const OWNER = "111122223333";
const KEY = parseS3Key("web/a b");
const KMS_KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234";
const PATH = "/web/a%20b";
// on every call, or the whole account's own mistake would be somebody else's gain
const OWNED = { reqheaders: { "x-amz-expected-bucket-owner": OWNER } };
const HEAD = {
  etag: '"one"',
  "last-modified": "Wed, 25 Nov 2026 08:00:00 GMT",
  "content-length": "3",
};

function wired(): { readonly store: ObjectStore; readonly options: StoreOptions } {
  const { call } = wiredCall();
  const options: StoreOptions = {
    bucket: parseBucketName("acme-secrets"),
    owner: parseAccountId(OWNER),
    region: parseRegion("eu-west-1"),
    credentials: () => Promise.resolve(CREDENTIALS),
    endpoints: PUBLIC,
    connection: createConnection(2000),
    call,
    chance: systemChance,
    now: () => Date.now(),
  };
  return { store: createObjectStore(options), options };
}

function fault(code: string): string {
  return `<Error><Code>${code}</Code><Message>canary</Message></Error>`;
}

const created = { key: KEY, body: Buffer.from("new"), condition: { kind: "absent" } } as const;

/** Of the only request that `act` makes. */
async function headersOf(
  reply: () => nock.Interceptor,
  act: (store: ObjectStore) => Promise<unknown>,
): Promise<Readonly<Record<string, string>>> {
  let seen: Record<string, string> = {};
  reply().reply(function () {
    seen = { ...this.req.headers };
    return [200, "", { etag: '"two"', "x-amz-version-id": "v2" }];
  });
  await act(wired().store);
  return seen;
}

describe("the store of objects", () => {
  before(() => nock.disableNetConnect());
  afterEach(() => {
    assert.deepEqual(nock.pendingMocks(), []);
    nock.cleanAll();
  });
  after(() => nock.restore());

  const put = (): nock.Interceptor => nock(HOST, OWNED).put(`${PATH}?x-id=PutObject`);

  for (const [what, condition, header, value] of [
    ["what is not there", { kind: "absent" }, "if-none-match", "*"],
    ["one state alone", { kind: "etag", etag: '"one"' }, "if-match", '"one"'],
  ] as const)
    it(`writes over ${what}`, async () => {
      const headers = await headersOf(put, (store) => store.put({ ...created, condition }));
      assert.equal(headers[header], value);
      assert.deepEqual(
        Object.keys(headers).filter((name) => /acl|grant/.test(name)),
        [],
      );
    });

  const SSE: readonly (readonly [ServerSideEncryption | undefined, string?, string?])[] = [
    [undefined],
    [{ type: "s3" }, "AES256"],
    [{ type: "kms", key: KMS_KEY }, "aws:kms", KMS_KEY],
    [{ type: "dsse", key: KMS_KEY }, "aws:kms:dsse", KMS_KEY],
  ];
  for (const [sse, kind, key] of SSE)
    it(`asks for ${sse?.type ?? "the bucket's own"} encryption`, async () => {
      const headers = await headersOf(put, (store) => store.put({ ...created, sse }));
      assert.equal(headers["x-amz-server-side-encryption"], kind);
      assert.equal(headers["x-amz-server-side-encryption-aws-kms-key-id"], key);
    });

  it("says which state is there when the condition does not hold", async () => {
    put().reply(412, fault("PreconditionFailed"));
    nock(HOST, OWNED)
      .head(PATH)
      .reply(200, "", { ...HEAD, "x-amz-version-id": "v9" });
    const outcome = await wired().store.put(created);
    assert.ok(outcome.kind === "conflict");
    assert.equal(outcome.current?.versionId, "v9");
  });

  it("asks again while another write is under way", async () => {
    put().reply(409, fault("ConditionalRequestConflict"));
    put().reply(200, "", { etag: '"two"', "x-amz-version-id": "v2" });
    assert.deepEqual(await wired().store.put(created), {
      kind: "written",
      etag: '"two"',
      versionId: "v2",
    });
  });

  it("deletes one state alone", async () => {
    const remove = (): nock.Interceptor => nock(HOST, OWNED).delete(`${PATH}?x-id=DeleteObject`);
    const headers = await headersOf(remove, (store) => store.remove(KEY, '"one"'));
    assert.equal(headers["if-match"], '"one"');
    remove().reply(404, fault("NoSuchKey"));
    nock(HOST, OWNED).head(PATH).reply(404);
    const gone = await wired().store.remove(KEY, '"one"');
    assert.equal(gone.kind, "removed");
  });

  it("tells missing from denied only where S3 does", async () => {
    nock(HOST, OWNED).head(PATH).reply(404);
    assert.equal(await wired().store.head(KEY), undefined);
    nock(HOST, OWNED).head(PATH).reply(403);
    await assert.rejects(wired().store.head(KEY), { code: "MissingOrDenied" });
  });

  it("never repeats what S3 says of a denial", async () => {
    put().reply(403, fault("AccessDenied"));
    await assert.rejects(wired().store.put(created), (error: Error) => {
      assert.ok(!error.message.includes("canary"));
      return "code" in error && error.code === "Denied";
    });
  });

  it("lists the versions of a prefix, page after page, in S3's own order", async () => {
    const page = (body: string): string =>
      `<ListVersionsResult><Name>acme-secrets</Name><EncodingType>url</EncodingType>${body}</ListVersionsResult>`;
    const state = (kind: string, key: string, id: string, latest: boolean): string =>
      `<${kind}><Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>${latest}</IsLatest>` +
      `<LastModified>2026-11-25T08:00:00.000Z</LastModified>` +
      `${kind === "Version" ? '<ETag>"e"</ETag><Size>3</Size>' : ""}</${kind}>`;
    const query = { versions: "", prefix: "web/", "encoding-type": "url" };
    nock(HOST, OWNED)
      .get("/")
      .query(query)
      .reply(
        200,
        page(
          `<IsTruncated>true</IsTruncated><NextKeyMarker>web/a+b</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>${state("DeleteMarker", "web/a+b", "v2", true)}${state("Version", "web/a+b", "v1", false)}`,
        ),
      );
    nock(HOST, OWNED)
      .get("/")
      .query({ ...query, "key-marker": "web/a b", "version-id-marker": "v1" })
      .reply(200, page(`<IsTruncated>false</IsTruncated>${state("Version", "web/c", "v3", true)}`));
    const { options } = wired();
    const found = await listVersions(
      { bucket: options.bucket, owner: options.owner, prefix: "web/" },
      { ...options, ask: createAsk(options) },
    );
    assert.deepEqual(
      found.map(({ key, versionId, isLatest, object }) => [key, versionId, isLatest, object?.size]),
      [
        ["web/a b", "v2", true, undefined],
        ["web/a b", "v1", false, 3],
        ["web/c", "v3", true, 3],
      ],
    );
  });

  it("takes a setting that was never made for what S3 makes of it", async () => {
    const xml = { "content-type": "application/xml" };
    const settings = [
      ["versioning", 200, "<VersioningConfiguration/>"],
      ["publicAccessBlock", 404, fault("NoSuchPublicAccessBlockConfiguration")],
      ["policyStatus", 404, fault("NoSuchBucketPolicy")],
      ["ownershipControls", 404, fault("OwnershipControlsNotFoundError")],
    ] as const;
    for (const [name, status, body] of settings)
      nock(HOST, OWNED)
        .get("/")
        .query({ [name]: "" })
        .reply(status, body, xml);
    assert.deepEqual(await lookAtBucket(wired().options), {
      versioned: false,
      blocksPublic: false,
      isPublic: false,
      hasAcls: true,
    });
  });
});
