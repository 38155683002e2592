/**
 * The account of a map as a person's credentials see it.
 *
 * A person's tool: the credentials are whatever the AWS CLI would use too (profiles, SSO, a CI job's web identity).
 * @module
 */
import { setMaxListeners } from "node:events";
import type { AwsCredentialIdentity } from "@smithy/types";
import { createBudget } from "../aws/budget.ts";
import { createCall } from "../aws/call.ts";
import { createConnection } from "../aws/connection.ts";
import { endpointIn, resolveEndpoints } from "../aws/endpoints.ts";
import { applyEnvironment, awsEnvironment } from "../aws/environment.ts";
import { createLimiter } from "../aws/limiter.ts";
import { callerAccount, createReads, type ReadTools } from "../aws/reads.ts";
import { createRequestCounter } from "../aws/requests.ts";
import type { Chance, Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { createImds } from "../credentials/imds.ts";
import { createCredentialProvider, loadCredentials } from "../credentials/provider.ts";
import type { AccessMap } from "../map/access-map.ts";
import { inventoryOf } from "./inventory.ts";
import type { Told } from "./told.ts";

export interface AccountEffects {
  /** This process's environment, whose endpoint variables count: there is no configuration to name any. */
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Asks for credentials once; by default the SDK's whole chain. */
  readonly load?: () => Promise<AwsCredentialIdentity>;
}

const CHAIN = { from: "chain" } as const;
const CHOICE = { kind: "environment", pathStyle: false } as const;
const AT_ONCE = 12;
const REQUEST_TIMEOUT_MS = 10_000;
// IAM allows an account few requests a second
const PATIENT = { attempts: 6, baseMs: 200, capMs: 10_000 };
// a person waits for the end of it: what has to be asked is asked
const REQUESTS_PER_MINUTE = 1_000_000;

/**
 * Asks for everything that the map is compared with.
 * @throws {PosternError} Credentials when there are none, or those of another account; whatever a question fails with that
 * is no denial
 */
export async function askAccount(map: AccessMap, effects: AccountEffects): Promise<Told> {
  const { env, clock, chance } = effects;
  const endpoints = resolveEndpoints(CHOICE, env);
  const further = {
    iam: endpointIn(env, "IAM"),
    ec2: endpointIn(env, "EC2"),
    sts: endpointIn(env, "STS"),
  };
  applyEnvironment(awsEnvironment(env, CHOICE, CHAIN), env);
  const requests = createRequestCounter();
  const asking = { clock, chance, requests, budget: createBudget(REQUESTS_PER_MINUTE, clock) };
  const imds = createImds({ ...asking, endpoint: endpoints.imds });
  const { load = () => loadCredentials(CHAIN, imds, asking) } = effects;
  const provider = createCredentialProvider(CHAIN, { clock, chance, load });
  const connection = createConnection(REQUEST_TIMEOUT_MS);
  const tools: ReadTools = {
    credentials: provider.credentials,
    connection,
    now: () => clock.now(),
    // what is named in place of AWS has no host for each bucket
    endpoints: { ...endpoints, pathStyle: endpoints.s3 !== undefined },
    further,
    call: createCall({
      ...asking,
      limiter: createLimiter(AT_ONCE),
      retry: PATIENT,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      renewCredentials: () => provider.renew(),
    }),
  };
  const failed = new AbortController();
  // each question listens to it, and Node would take more than ten for a leak
  setMaxListeners(0, failed.signal);
  try {
    await checkAccount(map, tools);
    return await inventoryOf(map, createReads(tools, failed.signal));
  } finally {
    failed.abort();
    connection.destroy();
  }
}

/** IAM is asked by names alone, which in another account are others'. */
async function checkAccount({ account, home }: AccessMap, tools: ReadTools): Promise<void> {
  const found = await callerAccount(tools, home.region);
  if (found === account) return;
  throw new PosternError(
    "Credentials",
    `expected credentials of account ${account}, which the map is about, got those of ${found}`,
    { hint: "set AWS_PROFILE, or assume a role of that account" },
  );
}
