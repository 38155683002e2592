import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import nock from "nock";
import { createConnection } from "../../agent/aws/connection.ts";
import { createKms, type Kms, kmsUrl } from "../../agent/aws/kms.ts";
import { createKmsClients, ruledKmsUrl } from "../../agent/aws/kms-clients.ts";
import { parseKmsKeyArn, parseRegion } from "../../agent/core/names.ts";
import { CREDENTIALS, PUBLIC, type Wired, wiredCall } from "../support/aws.ts";

const HOST = "https://kms.eu-west-1.amazonaws.com";
const KEY = parseKmsKeyArn("arn:aws:kms:eu-west-1:111122223333:key/1234");
const REQUEST = { ciphertext: Buffer.from("sealed"), key: KEY, context: { app: "web" } };
const JSON_TYPE = { "content-type": "application/x-amz-json-1.1" };

interface WiredKms extends Wired {
  readonly kms: Kms;
  readonly clientFor: ReturnType<typeof createKmsClients>;
}

function wiredKms(): WiredKms {
  const wired = wiredCall();
  const options = {
    credentials: () => Promise.resolve(CREDENTIALS),
    endpoints: PUBLIC,
    connection: createConnection(2000),
    call: wired.call,
    requests: wired.requests,
    now: () => Date.now(),
  };
  return { ...wired, kms: createKms(options), clientFor: createKmsClients(options) };
}

function fault(code: string, message = "canary"): object {
  return { __type: `com.amazonaws.kms#${code}`, message };
}

describe("KMS", () => {
  before(() => nock.disableNetConnect());
  afterEach(() => nock.cleanAll());
  after(() => nock.restore());

  it("decrypts in the key's own region, under exactly that key and context", async () => {
    const scope = nock(HOST, { reqheaders: { "x-amz-target": "TrentService.Decrypt" } })
      .post("/", {
        CiphertextBlob: Buffer.from("sealed").toString("base64"),
        KeyId: KEY,
        EncryptionContext: { app: "web" },
        EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      })
      .reply(200, { Plaintext: Buffer.from("hunter2").toString("base64"), KeyId: KEY }, JSON_TYPE);
    const { kms, requests } = wiredKms();
    const { plaintext, key } = await kms.decrypt(REQUEST);
    scope.done();
    assert.equal(plaintext.expose().toString(), "hunter2");
    assert.equal(key, KEY);
    assert.equal(requests.read().decrypt, 1);
  });

  const refusals: readonly (readonly [awsCode: string, code: string])[] = [
    ["AccessDeniedException", "Denied"],
    ["DisabledException", "Denied"],
    ["NotFoundException", "NotFound"],
    ["InvalidCiphertextException", "DecryptFailed"],
    ["IncorrectKeyException", "DecryptFailed"],
    ["InvalidSignatureException", "Credentials"],
    ["UnrecognizedClientException", "Credentials"],
  ];
  for (const [awsCode, code] of refusals)
    it(`asks once and fails on ${awsCode}`, async () => {
      nock(HOST).post("/").reply(400, fault(awsCode), JSON_TYPE);
      const { kms, slept } = wiredKms();
      const failure = await kms.decrypt(REQUEST).catch((error: unknown) => error);
      assert.deepEqual(Object(failure).code, code);
      assert.equal(Object(failure).awsCode, awsCode);
      assert.doesNotMatch(String(failure), /canary/);
      assert.deepEqual(slept, []);
    });

  it("names the missing right when denied", async () => {
    nock(HOST).post("/").reply(400, fault("AccessDeniedException"), JSON_TYPE);
    const { kms } = wiredKms();
    await assert.rejects(kms.decrypt(REQUEST), { hint: `the role lacks kms:Decrypt on "${KEY}"` });
  });

  it("asks again after throttling and failures", async () => {
    nock(HOST).post("/").reply(400, fault("ThrottlingException"), JSON_TYPE);
    nock(HOST).post("/").reply(500, fault("KMSInternalException"), JSON_TYPE);
    nock(HOST).post("/").reply(200, { Plaintext: "eA==", KeyId: KEY }, JSON_TYPE);
    const { kms, requests } = wiredKms();
    await kms.decrypt(REQUEST);
    assert.deepEqual([requests.read().decrypt, requests.read().retries], [3, 2]);
    const { ok, throttled, error } = requests.results().decrypt;
    assert.deepEqual([ok, throttled, error], [1, 1, 1]);
  });

  const forms: readonly (readonly [form: string, body: object, headers: object])[] = [
    ["its bare name", { __type: "DisabledException" }, {}],
    ["a header", {}, { "x-amzn-errortype": "DisabledException:http://internal/" }],
  ];
  for (const [form, body, headers] of forms)
    it(`knows a failure by ${form}`, async () => {
      nock(HOST)
        .post("/")
        .reply(400, body, { ...JSON_TYPE, ...headers, "x-amzn-requestid": "R1" });
      await assert.rejects(wiredKms().kms.decrypt(REQUEST), {
        code: "Denied",
        awsCode: "DisabledException",
        requestId: "R1",
      });
    });

  it("honours Retry-After", async () => {
    nock(HOST)
      .post("/")
      .reply(400, fault("ThrottlingException"), { ...JSON_TYPE, "retry-after": "2" });
    nock(HOST).post("/").reply(200, { Plaintext: "eA==", KeyId: KEY }, JSON_TYPE);
    const { kms, slept } = wiredKms();
    await kms.decrypt(REQUEST);
    assert.deepEqual(slept, [2000]);
  });

  const odd: readonly (readonly [why: string, body: string])[] = [
    ["no JSON", "<html>"],
    ["without a plaintext", JSON.stringify({ KeyId: KEY })],
    ["without a key", JSON.stringify({ Plaintext: "eA==" })],
    ["no base64", JSON.stringify({ Plaintext: "hunter2-canary", KeyId: KEY })],
    ["endless", JSON.stringify({ Plaintext: "x".repeat(100_000), KeyId: KEY })],
  ];
  for (const [why, body] of odd)
    it(`takes an answer that is ${why} for an outage`, async () => {
      nock(HOST).post("/").times(3).reply(200, body, JSON_TYPE);
      const failure = await wiredKms()
        .kms.decrypt(REQUEST)
        .catch((error: unknown) => error);
      assert.equal(Object(failure).code, "Unavailable");
      assert.doesNotMatch(String(failure), /canary/);
      assert.ok(nock.isDone());
    });

  it("is asked where the SDK's rules say", async () => {
    const regions = [
      "us-east-1",
      "ap-southeast-7",
      "cn-north-1",
      "us-gov-west-1",
      "eusc-de-east-1",
    ];
    for (const region of regions.map(parseRegion))
      for (const fips of [false, true])
        for (const dualStack of [false, true]) {
          const endpoints = { ...PUBLIC, fips, dualStack };
          const ruled = ruledKmsUrl(region, endpoints);
          assert.equal((await kmsUrl(region, endpoints)).host, ruled.host);
        }
    const own = new URL("http://127.0.0.1:9000");
    assert.equal(await kmsUrl(parseRegion("us-east-1"), { ...PUBLIC, kms: own }), own);
  });

  it("gives keyrings one client a region, whose methods retry and fail the same way", async () => {
    nock(HOST).post("/").reply(503);
    nock(HOST).post("/").reply(400, fault("AccessDeniedException"), JSON_TYPE);
    const { clientFor, slept } = wiredKms();
    const client = clientFor(parseRegion("eu-west-1"));
    assert.equal(clientFor(parseRegion("eu-west-1")), client);
    assert.notEqual(clientFor(parseRegion("eu-west-2")), client);
    await assert.rejects(
      client.generateDataKey({ KeyId: KEY, NumberOfBytes: 32 }),
      (error: { name: string; code: string; hint: string }) =>
        error.name === "PosternError" &&
        error.code === "Denied" &&
        error.hint === `the role lacks kms:GenerateDataKey on "${KEY}"`,
    );
    assert.equal(slept.length, 1);
  });
});
