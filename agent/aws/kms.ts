/**
 * KMS Decrypt, and the clients that the Encryption SDK's keyrings use.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 * @module
 */
import type { KMS, KMSClientConfig } from "@aws-sdk/client-kms";
import type { HttpHandlerOptions } from "@smithy/types";
import { type KmsKeyArn, quote, type Region, regionOfKey } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import type { Call } from "./call.ts";
import type { Connection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";
import type { Endpoints } from "./endpoints.ts";
import { type Asked, toFailure, unreadable } from "./failure.ts";
import type { RequestCounter } from "./requests.ts";

/** KMS in every region that a key names, with retries, deadlines and the bound on concurrency already inside. */
export interface Kms {
  /**
   * Opens a ciphertext of at most 6144 bytes in the region of `key`, under exactly that key and context.
   * @throws {PosternError} DecryptFailed when it does not open, else whatever `toFailure` makes of the answer
   */
  decrypt(request: DecryptRequest): Promise<Decrypted>;
  /** The region's one client, for a keyring: its `send` rejects with `PosternError` alone. */
  clientFor(region: Region): KMS;
}

export interface DecryptRequest {
  readonly ciphertext: Uint8Array;
  readonly key: KmsKeyArn;
  readonly context: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface Decrypted {
  /** The caller wipes it. */
  readonly plaintext: SecretBytes;
  /** The ARN of the key that KMS says it used. */
  readonly key: string;
}

export interface KmsOptions {
  readonly credentials: Credentials;
  readonly endpoints: Endpoints;
  readonly connection: Connection;
  readonly call: Call;
  readonly requests: RequestCounter;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Loads the SDK's client at once, because keyrings ask for theirs synchronously: call it only for KMS groups. */
export async function createKms(options: KmsOptions): Promise<Kms> {
  const sdk = await import("@aws-sdk/client-kms");
  const clients = new Map<Region, KMS>();
  const clientFor = (region: Region): KMS => {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const client = hardened(new sdk.KMS(clientConfig(region, options)), options);
    clients.set(region, client);
    return client;
  };
  return {
    clientFor,
    decrypt: async ({ ciphertext, key, context, signal }) => {
      const command = new sdk.DecryptCommand({
        CiphertextBlob: ciphertext,
        KeyId: key,
        EncryptionContext: { ...context },
        EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      });
      const { Plaintext: bytes, KeyId: used } = await clientFor(regionOfKey(key)).send(
        command,
        signal === undefined ? {} : { abortSignal: signal },
      );
      if (bytes === undefined || used === undefined)
        throw unreadable(askedOf("Decrypt", key), "an answer without plaintext or key");
      // a view of the SDK's own memory, so that wiping it leaves no copy
      const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return { plaintext: new SecretBytes(view), key: used };
    },
  };
}

function clientConfig(region: Region, options: KmsOptions): KMSClientConfig {
  const { kms, fips, dualStack } = options.endpoints;
  return {
    region,
    credentials: options.credentials,
    requestHandler: options.connection,
    // retries are `call`'s
    maxAttempts: 1,
    disableClockSkewCorrection: true,
    useFipsEndpoint: fips,
    useDualstackEndpoint: dualStack,
    ...(kms === undefined ? {} : { endpoint: kms.href }),
  };
}

type Sent = Parameters<KMS["send"]>[0];

/**
 * Puts `call` round the client's own `send`, which its methods use too. On the instance and not in its
 * middleware, because a middleware cannot give an attempt its own signal.
 */
function hardened(client: KMS, options: KmsOptions): KMS {
  const send = client.send.bind(client);
  const sendCarefully = (command: Sent, sendOptions: HttpHandlerOptions = {}): Promise<unknown> => {
    const operation = command.constructor.name.replace(/Command\d*$/, "");
    const asked = askedOf(operation, keyOf(command));
    return options.call(async (signal) => {
      if (operation === "Decrypt") options.requests.add("decrypt");
      try {
        return await send(command, { ...sendOptions, abortSignal: signal });
      } catch (error) {
        throw toFailure(error, asked, options.now());
      }
    }, signalOf(sendOptions));
  };
  Object.defineProperty(client, "send", { value: sendCarefully });
  return client;
}

function askedOf(operation: string, key: string): Asked {
  return { operation, subject: key, needs: `kms:${operation} on ${quote(key)}` };
}

function keyOf({ input }: Sent): string {
  return "KeyId" in input && typeof input.KeyId === "string" ? input.KeyId : "its key";
}

// the SDK's type also admits its old polyfill
function signalOf({ abortSignal }: HttpHandlerOptions): AbortSignal | undefined {
  return abortSignal instanceof AbortSignal ? abortSignal : undefined;
}
