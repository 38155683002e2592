import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Key } from "../../agent/sandbox/keys.ts";
import { startSandbox, type Sandbox } from "../../agent/sandbox/sandbox.ts";
import { exchange, signed, type Signer } from "../support/wire.ts";

const region = "us-east-1";
let sandbox: Sandbox;
let key: Key;

before(async () => {
  sandbox = await startSandbox();
  key = sandbox.keys.create({ region });
});

after(() => sandbox.close());

/** A request that no client would send, though signed like a client's. */
async function post(target: string, body: string, signer: Signer = sandbox.publisher, at = region) {
  const to = sandbox.endpoints.kms;
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
  const sent = { method: "POST", path: "/", headers, body };
  const got = await exchange(to, await signed(to, sent, signer, { service: "kms", region: at }));
  return { ...got, json: JSON.parse(got.text) as Record<string, unknown> };
}

describe("the sandbox's KMS, on the wire", () => {
  it("takes an optional member that is null for one that was not sent", async () => {
    const body = JSON.stringify({ KeyId: key.id, KeySpec: "AES_128", NumberOfBytes: null });
    assert.equal((await post("TrentService.GenerateDataKey", body)).status, 200);
  });

  const bytes = (length: number) => Buffer.alloc(length).toString("base64");
  const KeyId = "KEY";
  const prefix = "1 validation error detected: ";
  const tooLong = (name: string, max: number) =>
    `${prefix}Value at '${name}' failed to satisfy constraint: Member must have length less than or equal to ${max}`;

  const rows: readonly (readonly [string, string, unknown, string, string?])[] = [
    [
      "an operation of another service",
      "SecretsManager.GetSecretValue",
      {},
      "UnknownOperationException",
    ],
    ["an operation that KMS has not", "TrentService.Nonsense", {}, "UnknownOperationException"],
    ["a name that every object has", "TrentService.constructor", {}, "UnknownOperationException"],
    ["a body that is no JSON", "TrentService.Encrypt", "{", "SerializationException"],
    ["a body that is no object", "TrentService.Encrypt", [], "SerializationException"],
    [
      "a member of another type",
      "TrentService.Encrypt",
      { KeyId: 1, Plaintext: bytes(1) },
      "SerializationException",
    ],
    [
      "bytes that are no base64",
      "TrentService.Encrypt",
      { KeyId, Plaintext: "?" },
      "SerializationException",
    ],
    [
      "a context of numbers",
      "TrentService.Encrypt",
      { KeyId, Plaintext: bytes(1), EncryptionContext: { a: 1 } },
      "SerializationException",
    ],
    [
      "a context that is a list",
      "TrentService.Encrypt",
      { KeyId, Plaintext: bytes(1), EncryptionContext: ["a"] },
      "SerializationException",
    ],
    [
      "a member that is null",
      "TrentService.Encrypt",
      { KeyId: null, Plaintext: bytes(1) },
      "ValidationException",
      `${prefix}Value null at 'keyId' failed to satisfy constraint: Member must not be null`,
    ],
    [
      "a missing member",
      "TrentService.Encrypt",
      { Plaintext: bytes(1) },
      "ValidationException",
      `${prefix}Value null at 'keyId' failed to satisfy constraint: Member must not be null`,
    ],
    [
      "two missing members",
      "TrentService.Encrypt",
      {},
      "ValidationException",
      "2 validation errors detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null; Value null at 'plaintext' failed to satisfy constraint: Member must not be null",
    ],
    [
      "a plaintext that is too long",
      "TrentService.Encrypt",
      { KeyId, Plaintext: bytes(4097) },
      "ValidationException",
      tooLong("plaintext", 4096),
    ],
    [
      "a plaintext of no byte",
      "TrentService.Encrypt",
      { KeyId, Plaintext: "" },
      "ValidationException",
      `${prefix}Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1`,
    ],
    [
      "a ciphertext that is too long",
      "TrentService.Decrypt",
      { CiphertextBlob: bytes(6145) },
      "ValidationException",
      tooLong("ciphertextBlob", 6144),
    ],
    [
      "a ciphertext that is none",
      "TrentService.Decrypt",
      { CiphertextBlob: bytes(100) },
      "InvalidCiphertextException",
    ],
    [
      "a ciphertext that is none, with a key",
      "TrentService.Decrypt",
      { KeyId, CiphertextBlob: bytes(100) },
      "InvalidCiphertextException",
    ],
    [
      "an algorithm that KMS has not",
      "TrentService.Encrypt",
      { KeyId, Plaintext: bytes(1), EncryptionAlgorithm: "ROT13" },
      "ValidationException",
      `${prefix}Value 'ROT13' at 'encryptionAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [SYMMETRIC_DEFAULT, RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE]`,
    ],
    [
      "an algorithm of other keys",
      "TrentService.Encrypt",
      { KeyId, Plaintext: bytes(1), EncryptionAlgorithm: "RSAES_OAEP_SHA_256" },
      "InvalidKeyUsageException",
      "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.",
    ],
    [
      "a data key of no length",
      "TrentService.GenerateDataKey",
      { KeyId },
      "ValidationException",
      "Please specify either number of bytes or key spec.",
    ],
    [
      "a data key of two lengths",
      "TrentService.GenerateDataKey",
      { KeyId, KeySpec: "AES_256", NumberOfBytes: 32 },
      "ValidationException",
      "Please specify either number of bytes or key spec.",
    ],
    [
      "too many bytes",
      "TrentService.GenerateRandom",
      { NumberOfBytes: 1025 },
      "ValidationException",
      `${prefix}Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024`,
    ],
    [
      "no number of bytes",
      "TrentService.GenerateRandom",
      {},
      "ValidationException",
      "NumberOfBytes is required.",
    ],
    [
      "a dry run",
      "TrentService.Encrypt",
      { KeyId, Plaintext: bytes(1), DryRun: true },
      "DryRunOperationException",
      "The request would have succeeded, but the DryRun option is set.",
    ],
    [
      "a key of another kind",
      "TrentService.CreateKey",
      { KeySpec: "RSA_2048" },
      "UnsupportedOperationException",
      "The sandbox has symmetric encryption keys only.",
    ],
    [
      "an alias without its prefix",
      "TrentService.CreateAlias",
      { AliasName: "web", TargetKeyId: KeyId },
      "ValidationException",
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    ],
    [
      "an alias of AWS's own",
      "TrentService.CreateAlias",
      { AliasName: "alias/aws/s3", TargetKeyId: KeyId },
      "NotAuthorizedException",
    ],
    [
      "a marker of nobody",
      "TrentService.ListKeys",
      { Marker: "bm9ib2R5" },
      "InvalidMarkerException",
    ],
    [
      "a window that is too short",
      "TrentService.ScheduleKeyDeletion",
      { KeyId, PendingWindowInDays: 6 },
      "ValidationException",
      `${prefix}Value '6' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value greater than or equal to 7`,
    ],
  ];
  for (const [why, target, body, code, message] of rows)
    it(`refuses ${why}`, async () => {
      const text = (typeof body === "string" ? body : JSON.stringify(body)).replaceAll(
        '"KEY"',
        `"${key.id}"`,
      );
      const answer = await post(target, text);
      const expected = message === undefined ? {} : { message };
      assert.deepEqual(answer.json, { __type: code, ...expected });
      assert.equal(answer.status, 400);
      assert.equal(answer.headers["content-type"], "application/x-amz-json-1.1");
      assert.ok(answer.headers["x-amzn-requestid"]);
    });

  it("refuses what nobody signed, or somebody else", async () => {
    const headers = { "x-amz-target": "TrentService.ListKeys" };
    const unsigned = await exchange(sandbox.endpoints.kms, { method: "POST", path: "/", headers });
    assert.deepEqual(
      [unsigned.status, JSON.parse(unsigned.text)],
      [
        400,
        { __type: "MissingAuthenticationTokenException", Message: "Missing Authentication Token" },
      ],
    );
    const { accessKeyId, secretAccessKey } = sandbox.publisher;
    const { sessionToken: _, ...withoutToken } = sandbox.credentials.issue("web");
    const rows: readonly (readonly [string, Signer, string])[] = [
      ["InvalidSignatureException", { accessKeyId, secretAccessKey: "wrong" }, region],
      ["UnrecognizedClientException", { accessKeyId: "AKIANOBODY", secretAccessKey }, region],
      ["UnrecognizedClientException", withoutToken, region],
      ["InvalidSignatureException", sandbox.publisher, "eu-west-1"],
    ];
    for (const [code, signer, at] of rows)
      assert.equal((await post("TrentService.ListKeys", "{}", signer, at)).json["__type"], code);
  });

  const faults = [
    ["throttle", 400, "ThrottlingException"],
    ["500", 500, "KMSInternalException"],
    ["503", 503, "DependencyTimeoutException"],
    ["expired-credentials", 400, "ExpiredTokenException"],
  ] as const;
  for (const [kind, status, code] of faults)
    it(`words a ${kind} fault as KMS does, and logs whom it struck`, async () => {
      sandbox.faults.add({
        service: "kms",
        operation: "DescribeKey",
        keyPattern: key.arn,
        times: 1,
        kind,
      });
      const describeKey = () =>
        post("TrentService.DescribeKey", JSON.stringify({ KeyId: key.arn }));
      const struck = await describeKey();
      assert.deepEqual([struck.status, struck.json["__type"]], [status, code]);
      assert.deepEqual(sandbox.log.entries().at(-1)?.faults, [kind]);
      assert.equal((await describeKey()).status, 200);
    });
});
