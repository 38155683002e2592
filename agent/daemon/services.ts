/**
 * AWS as one host sees it: who this host is, its credentials, S3 and KMS, all from one configuration.
 *
 * Everything is shared: one provider of credentials, one limiter, one counter, a pool of connections each.
 * @module
 */
import { type Budget, createBudget } from "../aws/budget.ts";
import { createCall } from "../aws/call.ts";
import type { Connection } from "../aws/connection.ts";
import { type EndpointChoice, type Endpoints, resolveEndpoints } from "../aws/endpoints.ts";
import { applyEnvironment, awsEnvironment } from "../aws/environment.ts";
import type { Kms } from "../aws/kms.ts";
import { createLimiter } from "../aws/limiter.ts";
import { createRequestCounter, type RequestCounter } from "../aws/requests.ts";
import type { RetryPolicy } from "../aws/retry.ts";
import { createS3, type S3 } from "../aws/s3.ts";
import type { Chance, Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { type AccountId, type BucketName, parseRegion, type Region } from "../core/names.ts";
import { createImds, type Imds } from "../credentials/imds.ts";
import {
  type CredentialProvider,
  createCredentialProvider,
  type CredentialSource,
  loadCredentials,
} from "../credentials/provider.ts";

/** What of the configuration decides how AWS is asked; a whole `Config` will do. */
export interface ServiceChoice {
  readonly credentials: CredentialSource;
  readonly endpoints: EndpointChoice;
  readonly limits: {
    readonly concurrency: number;
    readonly requestTimeoutMs: number;
    readonly requestsPerMinute: number;
  };
}

/** Undefined is this instance's own. */
export interface HomeChoice {
  readonly bucket: BucketName;
  readonly region: Region | undefined;
  readonly owner: AccountId | undefined;
}

/** A bucket with nothing left to ask about it. */
export interface Home {
  readonly bucket: BucketName;
  readonly region: Region;
  readonly owner: AccountId;
}

export interface Services {
  readonly endpoints: Endpoints;
  readonly imds: Imds;
  readonly provider: CredentialProvider;
  readonly requests: RequestCounter;
  /** Fills in what the choice left to the instance; asks IMDS only if something was. */
  findHome(choice: HomeChoice): Promise<Home>;
  /** S3 in `region`. */
  s3(region: Region): S3;
  /** Loads its work when first asked for. */
  kms(): Promise<Kms>;
  /** Closes the connections, so that the process can end. */
  close(): void;
}

export interface ServiceEffects {
  /** This process's environment: what the configuration did not name is removed from it. */
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly chance: Chance;
  /** By default a full one: who opens services again for the same host hands on what is left. */
  readonly budget?: Budget | undefined;
  /** By default one at zero: who opens services again goes on counting. */
  readonly requests?: RequestCounter | undefined;
  /** Ends every question to IMDS, which a pass's own deadline does not. */
  readonly signal?: AbortSignal | undefined;
}

/** A pass at boot must outlast a restarting service or a lost packet, and give up well within its deadline. */
const PATIENT: RetryPolicy = { attempts: 5, baseMs: 100, capMs: 5000 };

/**
 * For passes that come again by themselves: with `failureDelayMs` between them, a service that is down is asked about
 * as often as one that is well.
 */
export const BRIEF: RetryPolicy = { attempts: 3, baseMs: 100, capMs: 5000 };

/**
 * Sets everything up and asks nothing yet.
 * @throws {PosternError} ConfigInvalid for an endpoint that secrets may not travel to
 */
export function openServices(
  choice: ServiceChoice,
  effects: ServiceEffects,
  policy: RetryPolicy = PATIENT,
): Services {
  const { clock, chance, env } = effects;
  const endpoints = resolveEndpoints(choice.endpoints, env);
  applyEnvironment(awsEnvironment(env, choice.endpoints, choice.credentials), env);
  const { requests = createRequestCounter() } = effects;
  const { budget = createBudget(choice.limits.requestsPerMinute, clock) } = effects;
  const asking = { clock, chance, requests, budget };
  const imds = createImds({ ...asking, endpoint: endpoints.imds, signal: effects.signal });
  const load = () => loadCredentials(choice.credentials, imds, asking);
  const provider = createCredentialProvider(choice.credentials, { clock, chance, load });
  const call = createCall({
    ...asking,
    limiter: createLimiter(choice.limits.concurrency),
    retry: policy,
    requestTimeoutMs: choice.limits.requestTimeoutMs,
    renewCredentials: () => provider.renew(),
  });
  const connections: Connection[] = [];
  // not before the first question to IMDS: what connects to the others takes long to load
  const connect = async (): Promise<Connection> => {
    const { createConnection } = await import("../aws/connection.ts");
    const connection = createConnection(choice.limits.requestTimeoutMs);
    connections.push(connection);
    return connection;
  };
  const { credentials } = provider;
  const shared = { credentials, endpoints, call, requests, now: () => clock.now() };
  const openKms = async (): Promise<Kms> => {
    const [{ createKms }, connection] = await Promise.all([import("../aws/kms.ts"), connect()]);
    return createKms({ ...shared, connection });
  };
  let kms: Promise<Kms> | undefined;
  return {
    endpoints,
    imds,
    provider,
    requests,
    findHome: (home) => findHome(home, choice.credentials, imds, env),
    s3: (region) => createS3({ ...shared, connect, region }),
    kms: () => (kms ??= openKms()),
    close: () => {
      for (const connection of connections) connection.destroy();
    },
  };
}

/** @throws {PosternError} ConfigInvalid where there is no IMDS to ask, Unavailable when it does not answer */
async function findHome(
  choice: HomeChoice,
  credentials: CredentialSource,
  imds: Imds,
  env: NodeJS.ProcessEnv,
): Promise<Home> {
  const { bucket } = choice;
  const region = choice.region ?? regionOf(credentials, env);
  if (region !== undefined && choice.owner !== undefined)
    return { bucket, region, owner: choice.owner };
  try {
    const identity = await imds.identity();
    return { bucket, region: region ?? identity.region, owner: choice.owner ?? identity.account };
  } catch (error) {
    if (credentials.from === "instance" || !(error instanceof PosternError)) throw error;
    const missing = region === undefined ? "region" : "bucket_owner";
    throw new PosternError("ConfigInvalid", `${missing} is not known: expected it in the config`, {
      cause: error,
      hint: `set ${missing}: there is no instance metadata here to take it from`,
    });
  }
}

// beside instance credentials these variables are stray, and were removed
function regionOf(credentials: CredentialSource, env: NodeJS.ProcessEnv): Region | undefined {
  const text = env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"];
  return credentials.from === "instance" || text === undefined ? undefined : parseRegion(text);
}
