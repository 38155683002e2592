import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  ReEncryptCommand,
} from "@aws-sdk/client-kms";
import { kmsClient, kmsFor, refusalOf } from "../support/kms.ts";

const region = "us-east-1";

describe("the operations of KMS that use a key", () => {
  it("gives back what it was given, under the same context alone", async (t) => {
    const { key, kms } = await kmsFor(t);
    const Plaintext = Buffer.from("hunter2");
    const EncryptionContext = { app: "web", constructor: "odd" };
    const sealed = await kms.send(
      new EncryptCommand({ KeyId: key.id, Plaintext, EncryptionContext }),
    );
    assert.equal(sealed.KeyId, key.arn);
    assert.equal(sealed.EncryptionAlgorithm, "SYMMETRIC_DEFAULT");
    const CiphertextBlob = sealed.CiphertextBlob;
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext);
    assert.equal(opened.KeyId, key.arn);
    for (const other of [
      {},
      { app: "web" },
      { app: "web", constructor: "other" },
      { ...EncryptionContext, more: "" },
    ])
      assert.deepEqual(
        await refusalOf(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: other }))),
        ["InvalidCiphertextException", "UnknownError"],
      );
  });

  it("refuses a key that did not seal the blob, and one that is none of its keys", async (t) => {
    const { sandbox, key, kms } = await kmsFor(t);
    const other = sandbox.keys.create({ region });
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: key.arn, Plaintext: Buffer.from("x") }),
    );
    const decrypt = (KeyId: string) => kms.send(new DecryptCommand({ CiphertextBlob, KeyId }));
    assert.equal((await refusalOf(decrypt(other.id)))[0], "IncorrectKeyException");
    assert.deepEqual(await refusalOf(decrypt("web")), ["NotFoundException", "Invalid keyId 'web'"]);
    assert.equal((await decrypt(key.arn)).KeyId, key.arn);
  });

  it("makes data keys of the length that was asked for", async (t) => {
    const { key, kms } = await kmsFor(t);
    const KeyId = key.id;
    const whole = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }));
    assert.equal(whole.Plaintext?.length, 32);
    const { Plaintext } = await kms.send(
      new DecryptCommand({ CiphertextBlob: whole.CiphertextBlob }),
    );
    assert.deepEqual(Plaintext, whole.Plaintext);
    const short = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_128" }));
    assert.equal(short.Plaintext?.length, 16);
    const bare = await kms.send(
      new GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 24 }),
    );
    assert.equal("Plaintext" in bare, false);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: bare.CiphertextBlob }));
    assert.equal(opened.Plaintext?.length, 24);
    const random = await kms.send(new GenerateRandomCommand({ NumberOfBytes: 5 }));
    assert.equal(random.Plaintext?.length, 5);
  });

  it("moves a blob to another key and context without showing it", async (t) => {
    const { sandbox, key, kms } = await kmsFor(t);
    const other = sandbox.keys.create({ region });
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({
        KeyId: key.id,
        Plaintext: Buffer.from("moved"),
        EncryptionContext: { v: "1" },
      }),
    );
    const moved = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob,
        SourceEncryptionContext: { v: "1" },
        DestinationKeyId: other.id,
        DestinationEncryptionContext: { v: "2" },
      }),
    );
    assert.deepEqual([moved.SourceKeyId, moved.KeyId], [key.arn, other.arn]);
    const opened = await kms.send(
      new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { v: "2" } }),
    );
    assert.equal(Buffer.from(opened.Plaintext ?? []).toString(), "moved");
  });

  it("opens in one region what a multi-Region key sealed in another, and nothing else", async (t) => {
    const { sandbox, key, kms } = await kmsFor(t, { otherRegions: ["us-west-2"] });
    const west = kmsClient(t, sandbox, sandbox.publisher, "us-west-2");
    const mrk = sandbox.keys.create({ region, replicas: ["us-west-2"] });
    const { KeyMetadata } = await west.send(new DescribeKeyCommand({ KeyId: mrk.id }));
    assert.equal(KeyMetadata?.MultiRegionConfiguration?.MultiRegionKeyType, "REPLICA");
    assert.equal(KeyMetadata?.MultiRegionConfiguration?.PrimaryKey?.Arn, mrk.arn);
    const seal = async (KeyId: string) =>
      (await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("far") }))).CiphertextBlob;
    const opened = await west.send(new DecryptCommand({ CiphertextBlob: await seal(mrk.id) }));
    assert.equal(Buffer.from(opened.Plaintext ?? []).toString(), "far");
    const [name, message] = await refusalOf(
      west.send(new DecryptCommand({ CiphertextBlob: await seal(key.id) })),
    );
    assert.equal(name, "AccessDeniedException");
    assert.match(message, /^The ciphertext refers to a customer master key that does not exist/);
    assert.deepEqual(await refusalOf(west.send(new DescribeKeyCommand({ KeyId: key.arn }))), [
      "NotFoundException",
      "Invalid arn us-east-1",
    ]);
  });
});
