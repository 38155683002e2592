/** Seals as a publisher does: with the real Encryption SDK, and with `kms encrypt`. */
import { buildEncrypt } from "@aws-crypto/encrypt-node";
import { AwsKmsMrkAwareSymmetricKeyringNode, KmsKeyringNode } from "@aws-crypto/kms-keyring-node";
import {
  AlgorithmSuiteIdentifier,
  CommitmentPolicy,
  MultiKeyringNode,
} from "@aws-crypto/material-management-node";
import { type KmsKeyArn, parseRegion, regionOfKey } from "../../agent/core/names.ts";
import type { KmsServer } from "./kms-server.ts";

// KMS is what the SDK's documentation passes; its types disagree only on exact optional properties
type Client = ConstructorParameters<typeof AwsKmsMrkAwareSymmetricKeyringNode>[0]["client"];

export interface Seal {
  readonly keys: readonly KmsKeyArn[];
  readonly context?: Readonly<Record<string, string>>;
  /** By default the SDK's own: committing and signed. */
  readonly suite?: keyof typeof AlgorithmSuiteIdentifier;
  readonly frameLength?: number;
}

export async function sealEnvelope(
  server: Pick<KmsServer, "client">,
  plaintext: string | Buffer,
  { keys, context = {}, suite, frameLength }: Seal,
): Promise<Buffer> {
  const clientFor = (region: string): Client =>
    server.client(parseRegion(region)) as unknown as Client;
  const [generator, ...children] = keys.map((key) =>
    key.includes("mrk-")
      ? new AwsKmsMrkAwareSymmetricKeyringNode({ keyId: key, client: clientFor(regionOfKey(key)) })
      : new KmsKeyringNode({
          generatorKeyId: key,
          clientProvider: clientFor,
        }),
  );
  if (generator === undefined) throw new Error("no key to seal under");
  const { encrypt } = buildEncrypt(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT);
  const committing = buildEncrypt(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT).encrypt;
  const uncommitted = suite !== undefined && !suite.includes("COMMIT_KEY");
  const { result } = await (uncommitted ? encrypt : committing)(
    new MultiKeyringNode({ generator, children }),
    Buffer.from(plaintext),
    {
      encryptionContext: { ...context },
      ...(suite === undefined ? {} : { suiteId: AlgorithmSuiteIdentifier[suite] }),
      ...(frameLength === undefined ? {} : { frameLength }),
    },
  );
  return result;
}

export async function sealKms(
  server: Pick<KmsServer, "client">,
  plaintext: string | Buffer,
  { keys, context = {} }: Seal,
): Promise<Buffer> {
  const [key] = keys;
  if (key === undefined) throw new Error("no key to seal under");
  const { CiphertextBlob } = await server
    .client(regionOfKey(key))
    .encrypt({ KeyId: key, Plaintext: Buffer.from(plaintext), EncryptionContext: { ...context } });
  return Buffer.from(CiphertextBlob ?? []);
}
