import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import nock from "nock";
import type { GetRequest } from "../../agent/aws/s3-get.ts";
import { encodeKey } from "../../agent/aws/s3-ask.ts";
import { parseBucketName, parseS3Key } from "../../agent/core/names.ts";
import { BUCKET, CREDENTIALS, OWNER, wiredS3 } from "../support/aws.ts";
import { withServer } from "../support/server.ts";
import { s3Signature } from "../support/sigv4.ts";

const HOST = "https://acme-secrets.s3.us-east-1.amazonaws.com";
const SECRET = "hunter2-canary";
const HEADERS = {
  etag: '"e1"',
  "last-modified": "Sun, 01 Nov 2026 12:00:00 GMT",
  "content-length": String(SECRET.length),
};
const REQUEST: GetRequest = {
  bucket: BUCKET,
  owner: OWNER,
  key: parseS3Key("web/db password+1"),
  maxBytes: 100,
};
const PATH = "/web/db%20password%2B1";

function xml(code: string, more = ""): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>m</Message>${more}</Error>`;
}

describe("GetObject", () => {
  before(() => nock.disableNetConnect());
  afterEach(() => nock.cleanAll());
  after(() => {
    nock.enableNetConnect();
    nock.restore();
  });

  it("asks the region's own endpoint for exactly this key, pinned to the owner and signed", async () => {
    const scope = nock(HOST, {
      reqheaders: {
        "x-amz-expected-bucket-owner": OWNER,
        "x-amz-checksum-mode": "ENABLED",
        "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-amz-security-token": CREDENTIALS.sessionToken,
        authorization: (value) =>
          /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/us-east-1\/s3\/aws4_request, SignedHeaders=host;x-amz-checksum-mode;x-amz-content-sha256;x-amz-date;x-amz-expected-bucket-owner;x-amz-security-token, Signature=[0-9a-f]{64}$/.test(
            value,
          ),
      },
      badheaders: ["if-match", "if-none-match"],
    })
      .get(PATH)
      .reply(200, SECRET, {
        ...HEADERS,
        date: "Sun, 01 Nov 2026 12:00:09 GMT",
        "x-amz-version-id": "v1",
        "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:111122223333:key/1",
      });
    const { s3, requests } = wiredS3();
    const answer = await s3.get(REQUEST);
    scope.done();
    assert.ok(answer.kind === "object");
    assert.equal(answer.body.expose().toString(), SECRET);
    assert.deepEqual(
      [answer.etag, answer.versionId, answer.kmsKey, answer.lastModified, answer.serverTime],
      [
        '"e1"',
        "v1",
        "arn:aws:kms:us-east-1:111122223333:key/1",
        Date.UTC(2026, 10, 1, 12),
        Date.UTC(2026, 10, 1, 12, 0, 9),
      ],
    );
    assert.equal(requests.read().get, 1);
  });

  it("asks for a bucket with a dot by path, where its certificate is good", async () => {
    const scope = nock("https://s3.us-east-1.amazonaws.com")
      .get(`/acme.secrets${PATH}`)
      .reply(200, SECRET, HEADERS);
    await wiredS3().s3.get({ ...REQUEST, bucket: parseBucketName("acme.secrets") });
    scope.done();
  });

  it("says unchanged to 304, and changed to 412", async () => {
    nock(HOST, { reqheaders: { "if-none-match": '"e1"' } })
      .get(PATH)
      .reply(304);
    nock(HOST, { reqheaders: { "if-match": '"e1"' } })
      .get(PATH)
      .reply(412, xml("PreconditionFailed"));
    const { s3, requests } = wiredS3();
    assert.deepEqual(await s3.get({ ...REQUEST, ifNoneMatch: '"e1"' }), { kind: "unchanged" });
    assert.deepEqual(await s3.get({ ...REQUEST, ifMatch: '"e1"' }), { kind: "changed" });
    assert.deepEqual([requests.read().get, requests.read().notModified], [2, 1]);
    assert.deepEqual([requests.results().get.ok, requests.results().get.not_modified], [1, 1]);
  });

  it("is not misled by a store that ignores conditions", async () => {
    nock(HOST).get(PATH).twice().reply(200, SECRET, HEADERS);
    const { s3 } = wiredS3();
    assert.deepEqual(await s3.get({ ...REQUEST, ifNoneMatch: '"e1"' }), { kind: "unchanged" });
    assert.deepEqual(await s3.get({ ...REQUEST, ifMatch: '"e0"' }), { kind: "changed" });
  });

  const refusals: readonly (readonly [why: string, status: number, body: string, code: string])[] =
    [
      ["a denial", 403, xml("AccessDenied"), "Denied"],
      ["a missing key", 404, xml("NoSuchKey"), "NotFound"],
      ["a missing bucket", 404, xml("NoSuchBucket"), "NotFound"],
      ["a wrong clock", 403, xml("RequestTimeTooSkewed"), "ClockSkew"],
      ["bad credentials", 403, xml("InvalidAccessKeyId"), "Credentials"],
      [
        "another region",
        301,
        xml("PermanentRedirect", "<Endpoint>evil</Endpoint>"),
        "ConfigInvalid",
      ],
      [
        "another region's signature",
        400,
        xml("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
        "ConfigInvalid",
      ],
    ];
  for (const [why, status, body, code] of refusals)
    it(`asks once and fails on ${why}, following no redirect`, async () => {
      nock(HOST).get(PATH).reply(status, body, { location: "https://evil.example/" });
      const { s3, slept } = wiredS3();
      await assert.rejects(s3.get(REQUEST), { name: "PosternError", code });
      assert.deepEqual(slept, []);
    });

  const outages: readonly (readonly [why: string, status: number, body: string])[] = [
    ["a failing server", 500, xml("InternalError")],
    ["a throttling server", 503, xml("SlowDown")],
    ["an empty 503", 503, ""],
    ["a proxy's page", 403, "<html><body>blocked</body></html>"],
    ["a body that only looks like XML", 500, "<Error><Code>"],
    ["an endless body", 500, `<Error>${"x".repeat(70_000)}</Error>`],
  ];
  for (const [why, status, body] of outages)
    it(`asks again after ${why}`, async () => {
      nock(HOST).get(PATH).reply(status, body);
      nock(HOST).get(PATH).reply(200, SECRET, HEADERS);
      const { s3, slept, requests } = wiredS3();
      assert.equal((await s3.get(REQUEST)).kind, "object");
      assert.equal(slept.length, 1);
      assert.deepEqual([requests.read().get, requests.read().retries], [2, 1]);
    });

  it("honours Retry-After", async () => {
    nock(HOST).get(PATH).reply(503, xml("SlowDown"), { "retry-after": "1" });
    nock(HOST).get(PATH).reply(200, SECRET, HEADERS);
    const { s3, slept } = wiredS3();
    await s3.get(REQUEST);
    assert.deepEqual(slept, [1000]);
  });

  it("takes a body that does not match its checksum for an outage, not for a secret", async () => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32("another"));
    const headers = { ...HEADERS, "x-amz-checksum-crc32": sum.toString("base64") };
    nock(HOST).get(PATH).times(3).reply(200, SECRET, headers);
    const failure = await wiredS3()
      .s3.get(REQUEST)
      .catch((error: unknown) => error);
    assert.match(String(failure), /does not match its x-amz-checksum-crc32/);
    assert.doesNotMatch(String(failure), /canary/);
    assert.ok(nock.isDone());
  });

  it("stops reading above the limit, with and without a Content-Length", async () => {
    const { "content-length": _, ...unannounced } = HEADERS;
    for (const headers of [HEADERS, unannounced]) {
      nock(HOST).get(PATH).reply(200, SECRET, headers);
      await assert.rejects(wiredS3().s3.get({ ...REQUEST, maxBytes: SECRET.length - 1 }), {
        code: "TooLarge",
      });
    }
    nock(HOST).get(PATH).reply(200, SECRET, HEADERS);
    assert.equal((await wiredS3().s3.get({ ...REQUEST, maxBytes: SECRET.length })).kind, "object");
  });

  it("reads an empty secret", async () => {
    nock(HOST)
      .get(PATH)
      .reply(200, "", { ...HEADERS, "content-length": "0" });
    const answer = await wiredS3().s3.get(REQUEST);
    assert.ok(answer.kind === "object" && answer.body.length === 0);
  });

  it("names neither value, token nor signature in any failure", async () => {
    const leak = `${SECRET} ${CREDENTIALS.sessionToken} AWS4-HMAC-SHA256`;
    for (const code of ["AccessDenied", "SignatureDoesNotMatch", "InternalError", "SomethingNew"]) {
      nock(HOST)
        .get(PATH)
        .times(3)
        .reply(403, xml(code, `<StringToSign>${leak}</StringToSign>`));
      const failure = await wiredS3()
        .s3.get(REQUEST)
        .catch((error: unknown) => error);
      assert.ok(failure instanceof Error);
      assert.doesNotMatch(JSON.stringify([failure.message, failure]), /canary|HMAC/);
      nock.cleanAll();
    }
  });

  it("escapes every byte but the unreserved ones, and no slash", () => {
    assert.equal(encodeKey("a/b c+d!'()*~é"), "a/b%20c%2Bd%21%27%28%29%2A~%C3%A9");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (key) => {
        assert.match(encodeKey(key), /^([A-Za-z0-9\-._~/]|%[0-9A-F]{2})*$/);
        assert.equal(decodeURIComponent(encodeKey(key)), key);
      }),
    );
  });
});

describe("GetObject on a real connection", () => {
  before(() => nock.enableNetConnect());

  it("takes a truncated, reset or hanging answer for an outage and asks again", async () => {
    const faults = ["truncate", "reset", "hang"];
    let asked = 0;
    await withServer(
      (_, response) => {
        const fault = faults[asked];
        asked += 1;
        if (fault === "reset") response.destroy();
        else if (fault === "hang") response.writeHead(200, HEADERS).write("hun");
        else if (fault === "truncate")
          response.writeHead(200, HEADERS).write("hunter", () => response.destroy());
        else response.writeHead(200, HEADERS).end(SECRET);
      },
      async (url) => {
        const { s3, slept } = wiredS3(url, 100);
        await assert.rejects(s3.get(REQUEST), { code: "Unavailable" });
        assert.equal(asked, 3);
        assert.equal(slept.length, 2);
        const answer = await s3.get(REQUEST);
        assert.ok(answer.kind === "object" && answer.body.expose().toString() === SECRET);
      },
    );
  });

  it("sends the path byte by byte as it was signed, and signs as S3 does", async () => {
    const paths: (string | undefined)[] = [];
    await withServer(
      (request, response) => {
        paths.push(request.url);
        const signature = s3Signature(request, CREDENTIALS.secretAccessKey);
        assert.ok(request.headers.authorization?.endsWith(`Signature=${signature}`), request.url);
        response.writeHead(200, HEADERS).end(SECRET);
      },
      async (url) => {
        const { s3 } = wiredS3(url);
        for (const key of ["a/%2e%2e/b", "a/~b", "a/...", "a/b?c#d", "a/é"])
          await s3.get({ ...REQUEST, key: parseS3Key(key) });
      },
    );
    assert.deepEqual(paths, [
      "/acme-secrets/a/%252e%252e/b",
      "/acme-secrets/a/~b",
      "/acme-secrets/a/...",
      "/acme-secrets/a/b%3Fc%23d",
      "/acme-secrets/a/%C3%A9",
    ]);
  });

  it("asks over one kept connection", async () => {
    const ports = new Set<number | undefined>();
    await withServer(
      (request, response) => {
        ports.add(request.socket.remotePort);
        response.writeHead(200, HEADERS).end(SECRET);
      },
      async (url) => {
        const { s3 } = wiredS3(url);
        for (let count = 0; count < 5; count += 1) await s3.get(REQUEST);
        assert.equal(ports.size, 1);
      },
    );
  });

  it("says nobody answers when nobody does", async () => {
    let url = "";
    await withServer(
      () => undefined,
      async (gone) => {
        url = gone;
        await Promise.resolve();
      },
    );
    await assert.rejects(wiredS3(url).s3.get(REQUEST), {
      code: "Unavailable",
      message: /ECONNREFUSED/,
    });
  });
});
