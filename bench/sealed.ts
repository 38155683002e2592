/** What a publisher's part is in the measurements: a bundle, and a ciphertext. @module */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildEncrypt } from "@aws-crypto/encrypt-node";
import { KmsKeyringNode } from "@aws-crypto/kms-keyring-node";
import { CommitmentPolicy } from "@aws-crypto/material-management-node";
import { KMS } from "@aws-sdk/client-kms";
import type { AwsCredentialIdentity } from "@smithy/types";
import { pack } from "tar-stream";
import { seedGroup, type World } from "./world.ts";

/** Puts `count` small secrets into the bundle `sealed/bundle`, sealed under the world's key. */
export async function seedBundle(
  world: World,
  credentials: AwsCredentialIdentity,
  count: number,
): Promise<void> {
  const kms = clientOf(world, credentials);
  // KMS is what the keyring's documentation passes; its types disagree on exact optional properties alone
  const clientProvider = (): ReturnType<typeof Object> => Object(kms);
  const keyring = new KmsKeyringNode({ generatorKeyId: world.kmsKey, clientProvider });
  const { encrypt } = buildEncrypt(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const encryptionContext = {
    "postern:group": "sealed",
    "postern:bucket": world.bucket,
    "postern:revision": "1",
  };
  const { result } = await encrypt(keyring, await archiveOf(count), { encryptionContext });
  kms.destroy();
  seedGroup(world, "sealed", 0);
  writeFileSync(join(world.seed, "sealed", "bundle"), result);
}

/** A ciphertext for a bare Decrypt, in base64. */
export async function encryptNothing(
  world: World,
  credentials: AwsCredentialIdentity,
): Promise<string> {
  const kms = clientOf(world, credentials);
  const { CiphertextBlob } = await kms.encrypt({
    KeyId: world.kmsKey,
    Plaintext: Buffer.alloc(32),
  });
  kms.destroy();
  return Buffer.from(CiphertextBlob ?? []).toString("base64");
}

// the SDK says nine lines about Node 20 with the first client
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

function clientOf({ endpoints, region }: World, credentials: AwsCredentialIdentity): KMS {
  return new KMS({ endpoint: endpoints.kms.href, region, credentials });
}

async function archiveOf(count: number): Promise<Buffer> {
  const archive = pack();
  for (let index = 0; index < count; index += 1)
    archive.entry({ name: `secret-${index}` }, "x".repeat(64));
  archive.finalize();
  const chunks: Buffer[] = [];
  archive.on("data", (chunk) => chunks.push(Buffer.from(Object(chunk))));
  await once(archive, "end");
  return Buffer.concat(chunks);
}
