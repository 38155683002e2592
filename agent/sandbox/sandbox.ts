/**
 * A sandbox: IMDSv2, S3 and KMS on loopback in one process, for the demo, for developing on a laptop and for
 * the tests.
 * @module
 */
import { systemChance, systemClock, type Chance, type Clock } from "../core/clock.ts";
import type { Deployment } from "../policy/deployment.ts";
import type { Authoriser } from "./authorise.ts";
import { computeChecksum } from "./checksums.ts";
import { createCredentials, type AccessKey, type CredentialsRegistry } from "./credentials.ts";
import { arnIn, deploy, placeOf, regionsOf } from "./deploy.ts";
import { createEnforcement, type Enforcement } from "./enforcement.ts";
import { createFaults, type Faults } from "./faults.ts";
import type { ActionGrant, Grants, KeyGrant, PrefixGrant } from "./grants.ts";
import { listen, type Front, type Listener } from "./http.ts";
import { createImds } from "./imds.ts";
import type { Keys } from "./keys.ts";
import { createKms } from "./kms.ts";
import type { Bucket, Buckets, NewObject, StoredObject } from "./objects.ts";
import type { Network } from "./request-context.ts";
import { createRequestLog, type RequestLog } from "./request-log.ts";
import { createS3 } from "./s3.ts";
import type { Asked, Service, ServiceContext, ServiceName } from "./service.ts";

export interface SandboxOptions {
  readonly bucket?: string | undefined;
  readonly region?: string | undefined;
  readonly account?: string | undefined;
  /** Regions that S3 and KMS serve beside their own, for replicas of buckets and of multi-Region keys. */
  readonly otherRegions?: readonly string[];
  /** The first instance's role. */
  readonly role?: string | undefined;
  readonly grants?: readonly PrefixGrant[];
  readonly keyGrants?: readonly KeyGrant[];
  readonly actionGrants?: readonly ActionGrant[];
  /**
   * Documents in force from the start, beside what is granted: their buckets and keys are made, with their policies and
   * settings, and they say where everything is.
   */
  readonly deployment?: Deployment | undefined;
  /** The organisation that the account belongs to; default none. */
  readonly org?: string | undefined;
  /** Where requests come from; default public addresses. */
  readonly network?: Network | undefined;
  /** How long the instances' credentials last, in milliseconds; default one hour. */
  readonly credentialsLifetimeMs?: number;
  /** 0 or left out picks a free one. */
  readonly ports?: Readonly<Partial<Record<ServiceName, number>>>;
  readonly clock?: Clock;
  readonly chance?: Chance;
  /** Seed of the faults' probabilities. */
  readonly faultSeed?: number;
  /** Whether the bucket keeps versions; default true. */
  readonly versioned?: boolean;
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
  /** Issues roles' credentials, and adds users, who may do what they are granted: at first nothing. */
  readonly credentials: CredentialsRegistry;
  /** Of all regions; none to begin with. */
  readonly keys: Keys;
  /** A user with every right in the sandbox. */
  readonly publisher: AccessKey;
  /** Puts an object into the sandbox's bucket, past signatures and policies. */
  put(key: string, body: Buffer, object?: Partial<NewObject>): Promise<StoredObject>;
  /** Deletes it as a DELETE would: a marker hides it. */
  remove(key: string): void;
  /** Every bucket, for what `put` and `remove` cannot say: other buckets, versioning, owners. */
  readonly buckets: Buckets;
  /** Adds to the grants that the sandbox began with, and puts them in force. */
  grant(...grants: readonly ActionGrant[]): void;
  /** Puts other grants in force, in place of all that the sandbox began with, for every request from now on. */
  setGrants(grants: Grants): void;
  /** Has something else decide every request from now on. */
  setAuthoriser(authoriser: Authoriser): void;
  /** Starts another host's IMDS and answers its address; without a role it has no instance profile. */
  addInstance(role?: string): Promise<URL>;
  close(): Promise<void>;
}

const PUBLISHER = "publisher";

/**
 * Starts the three services; they listen when the promise resolves.
 * @throws {PosternError} Unavailable when a port is taken, Usage when the deployment is for another place, BadData when
 *   a document of it is none
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { ports = {}, deployment } = options;
  const { role, bucket, ...place } = placeOf(options, deployment);
  const regions = [...(options.otherRegions ?? []), ...(deployment ? regionsOf(deployment) : [])];
  const otherRegions = regions.filter((region) => region !== place.region);
  const { context, front, publisher, enforcement } = prepare(options, place, () =>
    s3.buckets.names(),
  );
  const kms = createKms(context, otherRegions);
  const s3 = createS3(context, {
    keys: kms,
    otherRegions,
    beforeAnswer: async (asked) => options.beforeS3?.(asked),
  });
  if (deployment !== undefined) deploy(deployment, { buckets: s3.buckets, keys: kms.keys });
  const home = s3.buckets.get(bucket) ?? s3.buckets.create(bucket);
  if (deployment === undefined && options.versioned !== false) home.setVersioning("Enabled");
  const listeners: Listener[] = [];
  const start = async (service: Service, port?: number): Promise<URL> => {
    const listener = await listen(service, front, port);
    listeners.push(listener);
    return listener.url;
  };
  const startInstance = (role?: string, port?: number): Promise<URL> =>
    start(createImds(context, role === undefined ? {} : { role }), port);
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close()));
  };
  try {
    const endpoints = {
      s3: await start(s3, ports.s3),
      kms: await start(kms.service, ports.kms),
      imds: await startInstance(role, ports.imds),
    };
    const { authoriser: _, ...changes } = enforcement;
    return {
      ...place,
      ...changes,
      endpoints,
      bucket,
      role,
      faults: front.faults,
      log: front.log,
      credentials: context.credentials,
      publisher,
      keys: kms.keys,
      buckets: s3.buckets,
      close,
      put: (key, body, object) => putDirectly(home, key, body, object),
      remove: (key) => {
        home.remove(key);
      },
      addInstance: (role) => startInstance(role),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Prepared {
  readonly context: ServiceContext;
  readonly front: Front;
  readonly publisher: AccessKey;
  readonly enforcement: Enforcement;
}

function prepare(
  options: SandboxOptions,
  { region, account }: { readonly region: string; readonly account: string },
  bucketNames: () => readonly string[],
): Prepared {
  const { clock = systemClock, chance = systemChance, deployment, network, org } = options;
  const lifetimeMs = options.credentialsLifetimeMs ?? 3_600_000;
  const credentials = createCredentials({
    account,
    clock,
    chance,
    lifetimeMs,
    arnOf: (kind, name) => deployment && arnIn(deployment, kind, name, region),
  });
  const grants: Grants = {
    grants: options.grants ?? [],
    keys: options.keyGrants ?? [],
    actions: options.actionGrants ?? [],
    administrators: [PUBLISHER],
  };
  const enforcement = createEnforcement({ account, org, grants, deployment, bucketNames });
  const { authoriser } = enforcement;
  const faults = createFaults(options.faultSeed);
  const crashed = (error: unknown): void => {
    process.emitWarning(`sandbox: unexpected ${error instanceof Error ? error.name : "throw"}`);
  };
  return {
    context: { region, account, clock, chance, credentials, authoriser, network },
    front: { clock, chance, faults, log: createRequestLog(), crashed },
    publisher: credentials.addUser(PUBLISHER),
    enforcement,
  };
}

async function putDirectly(
  bucket: Bucket,
  key: string,
  body: Buffer,
  object: Partial<NewObject> = {},
): Promise<StoredObject> {
  const value = (await computeChecksum("CRC64NVME", body)).toString("base64");
  return bucket.put({
    checksum: { algorithm: "CRC64NVME", value, type: "FULL_OBJECT" },
    encryption: { kind: "AES256" },
    headers: {},
    metadata: {},
    ...object,
    key,
    body,
  });
}
