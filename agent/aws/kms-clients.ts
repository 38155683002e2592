/**
 * The SDK's KMS clients, one a region: for keyrings, which seal with them, and for the SDK's endpoint rules.
 *
 * Heavy to load: who only opens secrets asks through `kms.ts`.
 * @module
 */
import { KMS, type KMSClientConfig } from "@aws-sdk/client-kms";
import type { HttpHandlerOptions } from "@smithy/types";
import { quote, type Region } from "../core/names.ts";
import type { Call } from "./call.ts";
import type { Endpoints } from "./endpoints.ts";
import { toFailure } from "./failure.ts";
import type { WireTools } from "./wire.ts";

export interface KmsClientOptions extends WireTools {
  readonly endpoints: Endpoints;
  readonly call: Call;
}

/** Gives the region's one client: its `send` rejects with `PosternError` alone. */
export function createKmsClients(options: KmsClientOptions): (region: Region) => KMS {
  const clients = new Map<Region, KMS>();
  return (region) => {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const client = hardened(new KMS(clientConfig(region, options)), options);
    clients.set(region, client);
    return client;
  };
}

/** Where the SDK's own rules say that KMS is asked. @throws whatever they refuse */
export function ruledKmsUrl(region: Region, { fips, dualStack }: Endpoints): URL {
  const client = new KMS({ region });
  const { url } = client.config.endpointProvider({
    Region: region,
    UseFIPS: fips,
    UseDualStack: dualStack,
  });
  client.destroy();
  return url;
}

function clientConfig(region: Region, options: KmsClientOptions): KMSClientConfig {
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
function hardened(client: KMS, options: KmsClientOptions): KMS {
  const send = client.send.bind(client);
  const sendCarefully = (command: Sent, sendOptions: HttpHandlerOptions = {}): Promise<unknown> => {
    const operation = command.constructor.name.replace(/Command\d*$/, "");
    const key = keyOf(command);
    const asked = { operation, subject: key, needs: `kms:${operation} on ${quote(key)}` };
    return options.call(async (signal) => {
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

function keyOf({ input }: Sent): string {
  return "KeyId" in input && typeof input.KeyId === "string" ? input.KeyId : "its key";
}

// the SDK's type also admits its old polyfill
function signalOf({ abortSignal }: HttpHandlerOptions): AbortSignal | undefined {
  return abortSignal instanceof AbortSignal ? abortSignal : undefined;
}
