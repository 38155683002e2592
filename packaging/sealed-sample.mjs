/** A bundle of one secret, as a publisher seals it: what a pass is tried on when the program is built. */
import { buildEncrypt } from "@aws-crypto/encrypt-node";
import { KmsKeyringNode } from "@aws-crypto/kms-keyring-node";
import { CommitmentPolicy } from "@aws-crypto/material-management-node";
import { KMS } from "@aws-sdk/client-kms";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

/** Of the group "sealed", under `key`, by the sandbox's publisher. */
export async function sealBundle({ endpoint, region, bucket, key, publisher }) {
  // the SDK says nine lines about Node 20 with the first client
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = publisher;
  const kms = new KMS({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const keyring = new KmsKeyringNode({ generatorKeyId: key, clientProvider: () => kms });
  const { encrypt } = buildEncrypt(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const archive = pack();
  archive.entry({ name: "three" }, "three");
  archive.finalize();
  const encryptionContext = {
    "postern:group": "sealed",
    "postern:bucket": bucket,
    "postern:revision": "1",
  };
  const { result } = await encrypt(keyring, await buffer(archive), { encryptionContext });
  kms.destroy();
  return result;
}
