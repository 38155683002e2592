import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { buildDecrypt } from "@aws-crypto/decrypt-node";
import { buildEncrypt } from "@aws-crypto/encrypt-node";
import { AwsKmsMrkAwareSymmetricKeyringNode, KmsKeyringNode } from "@aws-crypto/kms-keyring-node";
import { CommitmentPolicy } from "@aws-crypto/material-management-node";
import { KMS } from "@aws-sdk/client-kms";
import { startSandbox, type Sandbox } from "../../agent/sandbox/sandbox.ts";

const { encrypt } = buildEncrypt(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const { decrypt } = buildDecrypt(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const encryptionContext = { "postern:group": "web" };

let sandbox: Sandbox;
const clients = new Map<string, KMS>();

before(async () => {
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  sandbox = await startSandbox({ otherRegions: ["us-west-2"] });
  const { endpoints, publisher } = sandbox;
  for (const region of ["us-east-1", "us-west-2"])
    clients.set(region, new KMS({ region, endpoint: endpoints.kms.href, credentials: publisher }));
});

after(async () => {
  for (const client of clients.values()) client.destroy();
  await sandbox.close();
});

type KeyringClient = ConstructorParameters<typeof AwsKmsMrkAwareSymmetricKeyringNode>[0]["client"];

// the keyrings' type of a client leaves no room for a missing KeyId, which only an error's answer has
function clientIn(region: string): KeyringClient {
  return clients.get(region) as KeyringClient;
}

describe("the AWS Encryption SDK against the sandbox's KMS", () => {
  it("opens the message that it made, for any key of several that sealed it", async () => {
    const [first, second, stranger] = [1, 2, 3].map(
      () => sandbox.keys.create({ region: "us-east-1" }).arn,
    );
    assert.ok(first && second && stranger);
    const clientProvider = clientIn;
    const sealing = new KmsKeyringNode({ clientProvider, generatorKeyId: first, keyIds: [second] });
    const { result } = await encrypt(sealing, "hunter2", { encryptionContext });
    for (const keyId of [first, second]) {
      const opened = await decrypt(new KmsKeyringNode({ clientProvider, keyIds: [keyId] }), result);
      assert.equal(opened.plaintext.toString(), "hunter2");
      assert.equal(opened.messageHeader.encryptionContext["postern:group"], "web");
    }
    await assert.rejects(
      decrypt(new KmsKeyringNode({ clientProvider, keyIds: [stranger] }), result),
    );
  });

  it("opens in another region what a multi-Region key sealed", async () => {
    const primary = sandbox.keys.create({ region: "us-east-1", replicas: ["us-west-2"] });
    const keyringIn = (region: string) =>
      new AwsKmsMrkAwareSymmetricKeyringNode({
        client: clientIn(region),
        keyId: primary.arn.replace("us-east-1", region),
      });
    const { result } = await encrypt(keyringIn("us-east-1"), "far", { encryptionContext });
    const { plaintext } = await decrypt(keyringIn("us-west-2"), result);
    assert.equal(plaintext.toString(), "far");
  });

  it("does not open while the key is disabled", async () => {
    const key = sandbox.keys.create({ region: "us-east-1" });
    const keyring = new KmsKeyringNode({ clientProvider: clientIn, generatorKeyId: key.arn });
    const { result } = await encrypt(keyring, "x", { encryptionContext });
    sandbox.keys.transition(key, "Disabled");
    await assert.rejects(decrypt(keyring, result), /is disabled/);
    sandbox.keys.transition(key, "Enabled");
    assert.equal((await decrypt(keyring, result)).plaintext.toString(), "x");
  });
});
