import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import nock from "nock";
import { createConnection } from "../../agent/aws/connection.ts";
import { createKms, type Kms } from "../../agent/aws/kms.ts";
import { parseKmsKeyArn, parseRegion } from "../../agent/core/names.ts";
import { CREDENTIALS, PUBLIC, type Wired, wiredCall } from "../support/aws.ts";

const HOST = "https://kms.eu-west-1.amazonaws.com";
const KEY = parseKmsKeyArn("arn:aws:kms:eu-west-1:111122223333:key/1234");
const REQUEST = { ciphertext: Buffer.from("sealed"), key: KEY, context: { app: "web" } };
const JSON_TYPE = { "content-type": "application/x-amz-json-1.1" };

async function wiredKms(): Promise<Wired & { readonly kms: Kms }> {
  const wired = wiredCall();
  const kms = await createKms({
    credentials: () => Promise.resolve(CREDENTIALS),
    endpoints: PUBLIC,
    connection: createConnection(2000),
    call: wired.call,
    requests: wired.requests,
    now: () => Date.now(),
  });
  return { ...wired, kms };
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
    const { kms, requests } = await wiredKms();
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
      const { kms, slept } = await wiredKms();
      const failure = await kms.decrypt(REQUEST).catch((error: unknown) => error);
      assert.deepEqual(Object(failure).code, code);
      assert.equal(Object(failure).awsCode, awsCode);
      assert.doesNotMatch(String(failure), /canary/);
      assert.deepEqual(slept, []);
    });

  it("names the missing right when denied", async () => {
    nock(HOST).post("/").reply(400, fault("AccessDeniedException"), JSON_TYPE);
    const { kms } = await wiredKms();
    await assert.rejects(kms.decrypt(REQUEST), { hint: `the role lacks kms:Decrypt on "${KEY}"` });
  });

  it("asks again after throttling and failures", async () => {
    nock(HOST).post("/").reply(400, fault("ThrottlingException"), JSON_TYPE);
    nock(HOST).post("/").reply(500, fault("KMSInternalException"), JSON_TYPE);
    nock(HOST).post("/").reply(200, { Plaintext: "eA==", KeyId: KEY }, JSON_TYPE);
    const { kms, requests } = await wiredKms();
    await kms.decrypt(REQUEST);
    assert.deepEqual([requests.read().decrypt, requests.read().retries], [3, 2]);
  });

  it("gives keyrings one client a region, whose methods retry and fail the same way", async () => {
    nock(HOST).post("/").reply(503);
    nock(HOST).post("/").reply(400, fault("AccessDeniedException"), JSON_TYPE);
    const { kms, slept } = await wiredKms();
    const client = kms.clientFor(parseRegion("eu-west-1"));
    assert.equal(kms.clientFor(parseRegion("eu-west-1")), client);
    assert.notEqual(kms.clientFor(parseRegion("eu-west-2")), client);
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
