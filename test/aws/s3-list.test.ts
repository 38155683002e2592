import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import nock from "nock";
import { parseS3Prefix } from "../../agent/core/names.ts";
import { BUCKET, OWNER, wiredS3 } from "../support/aws.ts";

const HOST = "https://acme-secrets.s3.us-east-1.amazonaws.com";
const REQUEST = { bucket: BUCKET, owner: OWNER, prefix: parseS3Prefix("app1/") };
const QUERY = { "list-type": "2", prefix: "app1/", "encoding-type": "url" };

function listing(keys: readonly string[], more = ""): string {
  const contents = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><LastModified>2026-11-01T12:00:00.000Z</LastModified><ETag>&quot;e1&quot;</ETag><Size>7</Size></Contents>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>acme-secrets</Name><EncodingType>url</EncodingType>${contents.join("")}${more}</ListBucketResult>`;
}

describe("ListObjectsV2", () => {
  before(() => nock.disableNetConnect());
  afterEach(() => nock.cleanAll());
  after(() => {
    nock.enableNetConnect();
    nock.restore();
  });

  it("lists below the group's own prefix and pins the owner", async () => {
    const scope = nock(HOST, { reqheaders: { "x-amz-expected-bucket-owner": OWNER } })
      .get("/")
      .query((query) => {
        const { "x-id": _, ...rest } = query;
        assert.deepEqual(rest, QUERY);
        return true;
      })
      .reply(200, listing(["app1/a"]), { date: "Sun, 01 Nov 2026 12:00:09 GMT" });
    const { s3, requests } = wiredS3();
    const page = await s3.list(REQUEST);
    scope.done();
    assert.deepEqual(page, {
      objects: [{ key: "app1/a", etag: '"e1"', size: 7, lastModified: Date.UTC(2026, 10, 1, 12) }],
      next: undefined,
      serverTime: Date.UTC(2026, 10, 1, 12, 0, 9),
    });
    assert.equal(requests.read().list, 1);
  });

  it("decodes keys that XML could not hold, and the plus that S3 writes for a space", async () => {
    nock(HOST)
      .get("/")
      .query(true)
      .reply(200, listing(["app1/a+b%2Bc%00%01%E2%82%AC%25"]));
    const page = await wiredS3().s3.list(REQUEST);
    assert.equal(page.objects[0]?.key, "app1/a b+c\u0000\u0001€%");
  });

  it("hands on the token of the next page, and sends it", async () => {
    const more =
      "<IsTruncated>true</IsTruncated><NextContinuationToken>t/+1=</NextContinuationToken>";
    nock(HOST).get("/").query(QUERY).reply(200, listing([], more));
    nock(HOST)
      .get("/")
      .query({ ...QUERY, "continuation-token": "t/+1=" })
      .reply(200, listing([]));
    const { s3 } = wiredS3();
    const { next } = await s3.list(REQUEST);
    assert.equal(next, "t/+1=");
    assert.equal((await s3.list({ ...REQUEST, token: next })).next, undefined);
    assert.ok(nock.isDone());
  });

  const broken: readonly (readonly [why: string, body: string])[] = [
    ["cut short", listing(["app1/a"]).slice(0, 200)],
    ["not XML", "<html>"],
    ["a captive portal's page", "<html><body>captive portal</body></html>"],
    ["of another bucket", listing([]).replace("acme-secrets", "other-bucket")],
    ["truncated without a token", listing([], "<IsTruncated>true</IsTruncated>")],
    ["a key that cannot be decoded", listing(["app1/%zz"])],
    ["an object without an ETag", listing(["app1/a"]).replace(/<ETag>.*<\/ETag>/, "")],
  ];
  for (const [why, body] of broken)
    it(`takes a listing that is ${why} for an outage`, async () => {
      nock(HOST).get("/").query(true).times(3).reply(200, body);
      await assert.rejects(wiredS3().s3.list(REQUEST), { code: "Unavailable" });
      assert.ok(nock.isDone());
    });

  it("names the missing right when denied", async () => {
    nock(HOST)
      .get("/")
      .query(true)
      .reply(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
    await assert.rejects(wiredS3().s3.list(REQUEST), {
      code: "Denied",
      hint: 'the role lacks s3:ListBucket on "arn:aws:s3:::acme-secrets" with s3:prefix "app1/", or bucket_owner is not the account that owns the bucket',
    });
  });

  it("leaves retrying to the caller's policy, three attempts and no more", async () => {
    nock(HOST).get("/").query(true).times(9).reply(503, "<Error><Code>SlowDown</Code></Error>");
    const { s3, requests } = wiredS3();
    await assert.rejects(s3.list(REQUEST), { code: "Throttled" });
    assert.deepEqual([requests.read().list, requests.read().retries], [3, 2]);
  });
});
