/**
 * A sandbox: IMDSv2, S3 and KMS on loopback in one process, for the demo, for developing on a laptop and for
 * the tests.
 * @module
 */
import { systemChance, systemClock, type Chance, type Clock } from "../core/clock.ts";
import { prefixAllowList, type Authoriser, type KeyGrant, type PrefixGrant } from "./authorise.ts";
import { createCredentials, type AccessKey, type CredentialsRegistry } from "./credentials.ts";
import { createFaults, type Faults } from "./faults.ts";
import { listen, type Front, type Listener } from "./http.ts";
import { createRequestLog, type RequestLog } from "./request-log.ts";
import { createS3, type KeyLookup } from "./s3.ts";
import type { Asked, Service, ServiceContext, ServiceName } from "./service.ts";

export interface SandboxOptions {
  readonly bucket?: string;
  readonly region?: string;
  readonly account?: string;
  /** The first instance's role. */
  readonly role?: string;
  readonly grants?: readonly PrefixGrant[];
  readonly keyGrants?: readonly KeyGrant[];
  /** How long the instances' credentials last, in milliseconds; default one hour. */
  readonly credentialsLifetimeMs?: number;
  /** 0 or left out picks a free one. */
  readonly ports?: Readonly<Partial<Record<ServiceName, number>>>;
  readonly clock?: Clock;
  readonly chance?: Chance;
  /** Seed of the faults' probabilities. */
  readonly faultSeed?: number;
  /** Runs before S3 looks at its objects: the live seed folder is scanned here. */
  beforeS3?(asked: Asked): Promise<void>;
}

export interface Sandbox {
  readonly endpoints: Readonly<Record<ServiceName, URL>>;
  readonly bucket: string;
  readonly region: string;
  readonly account: string;
  readonly role: string;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly credentials: CredentialsRegistry;
  /** A user with every right in the sandbox. */
  readonly publisher: AccessKey;
  /** Puts other policies in force, for every request from now on. */
  setAuthoriser(authoriser: Authoriser): void;
  /** Starts a second host's IMDS and answers its address; it ends with the sandbox. */
  addInstance(role: string): Promise<URL>;
  close(): Promise<void>;
}

const PUBLISHER = "publisher";

/**
 * Starts the three services; they listen when the promise resolves.
 * @throws {PosternError} Unavailable when a port is taken
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { region = "us-east-1", account = "111122223333", role = "postern-sandbox" } = options;
  const { clock = systemClock, chance = systemChance, ports = {} } = options;
  const lifetimeMs = options.credentialsLifetimeMs ?? 3_600_000;
  const credentials = createCredentials({ account, clock, chance, lifetimeMs });
  const publisher = credentials.addUser(PUBLISHER);
  let authoriser = prefixAllowList({
    grants: options.grants ?? [],
    keys: options.keyGrants ?? [],
    administrators: [PUBLISHER],
  });
  const context: ServiceContext = {
    ...{ region, account, clock, chance, credentials },
    authoriser: () => authoriser,
  };
  const front: Front = {
    ...{ clock, chance, faults: createFaults(options.faultSeed), log: createRequestLog() },
    crashed: (error) => {
      process.emitWarning(`sandbox: unexpected ${error instanceof Error ? error.name : "throw"}`);
    },
  };
  // plug point: const kms = createKms(context); keys: kms.keys
  const kms = unplugged("kms");
  const keys: KeyLookup = { describe: () => undefined };
  const listeners: Listener[] = [];
  const start = async (service: Service, port?: number): Promise<URL> => {
    const listener = await listen(service, front, port);
    listeners.push(listener);
    return listener.url;
  };
  // plug point: createImds(context, { role })
  const startInstance = (_role: string, port?: number): Promise<URL> =>
    start(unplugged("imds"), port);
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close()));
  };
  try {
    const endpoints = {
      s3: await start(createS3(context, { keys }), ports.s3),
      kms: await start(kms, ports.kms),
      imds: await startInstance(role, ports.imds),
    };
    return {
      ...{ endpoints, region, account, role, credentials, publisher, close },
      bucket: options.bucket ?? "postern-sandbox",
      faults: front.faults,
      log: front.log,
      setAuthoriser: (other) => {
        authoriser = other;
      },
      addInstance: (role) => startInstance(role),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function unplugged(name: ServiceName): Service {
  const response = { status: 501, headers: {}, body: Buffer.alloc(0) };
  return {
    name,
    asked: () => ({ operation: "", key: "" }),
    answer: () => ({ response }),
    refuse: () => response,
  };
}
