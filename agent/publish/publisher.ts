/**
 * AWS as a publisher sees it: the home bucket to read and to write, and KMS to open and to seal.
 *
 * A person's tool: the credentials are whatever the AWS CLI would use too (profiles, SSO, a CI job's web identity),
 * not the instance role that the configuration names for hosts.
 * @module
 */
import type { KMS } from "@aws-sdk/client-kms";
import type { AwsCredentialIdentity } from "@smithy/types";
import { lookAtBucket, type BucketFacts } from "../aws/bucket-facts.ts";
import { createBudget } from "../aws/budget.ts";
import { createCall } from "../aws/call.ts";
import { createConnection } from "../aws/connection.ts";
import { type Endpoints, resolveEndpoints } from "../aws/endpoints.ts";
import { applyEnvironment, awsEnvironment } from "../aws/environment.ts";
import { createKmsClients } from "../aws/kms-clients.ts";
import { createKms, type Kms } from "../aws/kms.ts";
import { createLimiter } from "../aws/limiter.ts";
import { createObjectStore, type ObjectStore } from "../aws/object-store.ts";
import { createRequestCounter } from "../aws/requests.ts";
import { createAsk } from "../aws/s3-ask.ts";
import { listVersions, type ObjectVersion } from "../aws/s3-versions.ts";
import { createS3, type S3 } from "../aws/s3.ts";
import type { Config } from "../config/config.ts";
import type { Chance, Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { type AccountId, type BucketName, parseRegion, type Region } from "../core/names.ts";
import { createImds } from "../credentials/imds.ts";
import { createCredentialProvider, loadCredentials } from "../credentials/provider.ts";

export interface Publisher {
  readonly bucket: BucketName;
  readonly owner: AccountId;
  readonly region: Region;
  readonly s3: S3;
  readonly store: ObjectStore;
  readonly kms: Kms;
  /** The SDK's client of a region, which keyrings seal with. */
  readonly sealing: (region: Region) => KMS;
  readonly clock: Clock;
  readonly chance: Chance;
  /** All states of all keys that begin with `prefix`. */
  versions(prefix: string): Promise<readonly ObjectVersion[]>;
  facts(): Promise<BucketFacts>;
  /** Closes the connections, so that the process can end. */
  close(): void;
}

export interface PublisherEffects {
  /** This process's environment: endpoint variables are removed from it unless the configuration names them. */
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Asks for credentials once; by default the SDK's whole chain. */
  readonly load?: () => Promise<AwsCredentialIdentity>;
}

type Choice = Pick<Config, "home" | "endpoints">;

const CHAIN = { from: "chain" } as const;
const AT_ONCE = 16;
const REQUEST_TIMEOUT_MS = 10_000;
const PATIENT = { attempts: 5, baseMs: 100, capMs: 5000 };
// a person waits for the end of it: what has to be asked is asked
const REQUESTS_PER_MINUTE = 1_000_000;

/**
 * @throws {PosternError} ConfigInvalid for an endpoint that secrets may not travel to, or a bucket whose region or owner
 * nobody says
 */
export async function openPublisher(
  { home, endpoints: choice }: Choice,
  effects: PublisherEffects,
): Promise<Publisher> {
  const { env, clock, chance } = effects;
  const endpoints = resolveEndpoints(choice, env);
  applyEnvironment(awsEnvironment(env, choice, CHAIN), env);
  const requests = createRequestCounter();
  const asking = { clock, chance, requests, budget: createBudget(REQUESTS_PER_MINUTE, clock) };
  const imds = createImds({ ...asking, endpoint: endpoints.imds });
  const { load = () => loadCredentials(CHAIN, imds, asking) } = effects;
  const provider = createCredentialProvider(CHAIN, { clock, chance, load });
  const call = createCall({
    ...asking,
    limiter: createLimiter(AT_ONCE),
    retry: PATIENT,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    renewCredentials: () => provider.renew(),
  });
  const { region, owner } = await whereIs(home, endpoints, env, () => imds.identity());
  const connection = createConnection(REQUEST_TIMEOUT_MS);
  const { bucket } = home;
  const now = (): number => clock.now();
  const { credentials } = provider;
  const shared = { credentials, endpoints, connection, call, requests, now };
  const storing = { ...shared, bucket, region, owner, chance };
  const clients = createKmsClients(shared);
  return {
    bucket,
    owner,
    region,
    clock,
    chance,
    s3: createS3({ ...shared, connect: () => Promise.resolve(connection), region }),
    store: createObjectStore(storing),
    kms: createKms(shared),
    sealing: clients,
    versions: (prefix) =>
      listVersions(
        { bucket, owner, prefix },
        { ask: createAsk({ ...shared, region }), call, region, now },
      ),
    facts: () => lookAtBucket(storing),
    close: () => connection.destroy(),
  };
}

/** A publisher is rarely an instance: its metadata is asked only where the configuration says where it is. */
async function whereIs(
  { region, owner }: Config["home"],
  endpoints: Endpoints,
  env: NodeJS.ProcessEnv,
  identity: () => Promise<{ readonly region: Region; readonly account: AccountId }>,
): Promise<{ readonly region: Region; readonly owner: AccountId }> {
  const named = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"];
  const here = region ?? (named === undefined ? undefined : parseRegion(named));
  if (here !== undefined && owner !== undefined) return { region: here, owner };
  if (endpoints.imds !== undefined) {
    const found = await identity();
    return { region: here ?? found.region, owner: owner ?? found.account };
  }
  const missing = here === undefined ? "region" : "bucket_owner";
  throw new PosternError("ConfigInvalid", `${missing} is not known: expected it in the config`, {
    hint: `set ${missing}: what a host learns from its instance, a publisher has to be told`,
  });
}
