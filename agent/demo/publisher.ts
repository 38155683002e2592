/**
 * Who puts the demo's secrets into the bucket, with the rights that the access map gives: seals as publishers do, with
 * the SDK's KMS client and the AWS Encryption SDK.
 * @module
 */
import { buildEncrypt } from "@aws-crypto/encrypt-node";
import { KmsKeyringNode } from "@aws-crypto/kms-keyring-node";
import { CommitmentPolicy } from "@aws-crypto/material-management-node";
import { KMS } from "@aws-sdk/client-kms";
import { S3 } from "@aws-sdk/client-s3";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import type { Chance } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { BUNDLE, KEY, PUBLISHER } from "./access-map.ts";
import { newValue, SECRETS } from "./secrets.ts";

export interface Publisher {
  /** Puts set number `set` of a group, every one of its secrets anew, and answers what lies in S3 then. */
  publish(group: keyof typeof SECRETS, set: number): Promise<readonly Buffer[]>;
  close(): void;
}

/** Waits for something to seal. */
export function createPublisher(sandbox: Sandbox, chance: Pick<Chance, "bytes">): Publisher {
  const { region, bucket, endpoints } = sandbox;
  const credentials = sandbox.credentials.addUser(PUBLISHER);
  const kms = new KMS({ region, endpoint: endpoints.kms.origin, credentials });
  const endpoint = endpoints.s3.origin;
  const s3 = new S3({ region, endpoint, credentials, forcePathStyle: true });
  const seal = async (group: keyof typeof SECRETS, set: number): Promise<readonly Sealed[]> => {
    const value = (): Buffer => newValue(set, chance);
    const context = { "postern:group": group, "postern:bucket": bucket };
    const objects = SECRETS[group].map((name) => `${group}/${name}`);
    switch (group) {
      case "web":
        return objects.map((object) => [object, value()]);
      case "db":
        return Promise.all(
          objects.map(async (object) => {
            const bound = { ...context, "postern:key": object };
            return [object, await sealKms(kms, KEY, value(), bound)] as const;
          }),
        );
      case "tls": {
        const bound = { ...context, "postern:revision": String(set) };
        return [[BUNDLE, await sealEnvelope(kms, KEY, await archiveOf(SECRETS.tls, value), bound)]];
      }
      default:
        return group satisfies never;
    }
  };
  return {
    async publish(group, set) {
      const sealed = await seal(group, set);
      for (const [object, body] of sealed)
        await s3.putObject({ Bucket: bucket, Key: object, Body: body });
      return sealed.map(([, body]) => body);
    },
    close() {
      kms.destroy();
      s3.destroy();
    },
  };
}

type Sealed = readonly [object: string, body: Buffer];
type Context = Readonly<Record<string, string>>;

/** One KMS ciphertext, as `aws kms encrypt` makes it. */
async function sealKms(kms: KMS, key: string, value: Buffer, context: Context): Promise<Buffer> {
  const answer = await kms.encrypt({
    KeyId: key,
    Plaintext: value,
    EncryptionContext: { ...context },
  });
  return Buffer.from(given(answer.CiphertextBlob));
}

async function archiveOf(names: readonly string[], value: () => Buffer): Promise<Buffer> {
  const archive = pack();
  for (const name of names) archive.entry({ name }, value());
  archive.finalize();
  return buffer(archive);
}

/** One message of the Encryption SDK, as `aws-encryption-cli --encrypt` makes it. */
async function sealEnvelope(
  kms: KMS,
  key: string,
  value: Buffer,
  context: Context,
): Promise<Buffer> {
  const { encrypt } = buildEncrypt(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const keyring = new KmsKeyringNode({ generatorKeyId: key, clientProvider: () => sealing(kms) });
  const { result } = await encrypt(keyring, value, { encryptionContext: { ...context } });
  return result;
}

interface DataKeyRequest {
  readonly KeyId: string;
  readonly NumberOfBytes?: number;
  readonly EncryptionContext?: Context;
}

/** The client as the keyring's types want it: what KMS may leave out is there. */
function sealing(kms: KMS) {
  return {
    generateDataKey: async (request: DataKeyRequest) => {
      const { EncryptionContext: context = {}, ...rest } = request;
      const answer = await kms.generateDataKey({ ...rest, EncryptionContext: { ...context } });
      return {
        KeyId: given(answer.KeyId),
        Plaintext: given(answer.Plaintext),
        CiphertextBlob: given(answer.CiphertextBlob),
      };
    },
    encrypt: neverAsked,
    decrypt: neverAsked,
  };
}

function given<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new PosternError("BadData", "KMS left out what it must answer");
  return value;
}

function neverAsked(): Promise<never> {
  return Promise.reject(new PosternError("Internal", "this keyring only seals"));
}
