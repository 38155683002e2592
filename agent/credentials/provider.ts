/**
 * The one provider of credentials that all clients share: asked for once, refreshed before they expire, and
 * kept for as long as they are good when their source is down.
 *
 * Expired ones that IMDS itself hands out are passed on: S3 is the judge, its ExpiredToken is an outage here and
 * not a revocation.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 * @module
 */
import type { AwsCredentialIdentity } from "@smithy/types";
import { type Budget, isBudgetSpent } from "../aws/budget.ts";
import type { Credentials } from "../aws/credentials.ts";
import type { Chance, Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import type { Imds } from "./imds.ts";
import { loadFromInstance } from "./instance.ts";
import type { NamedSource } from "./named.ts";

/** Structurally `CredentialsConfig`. */
export type CredentialSource = { readonly from: "instance" } | NamedSource;

export interface CredentialProvider {
  readonly credentials: Credentials;
  /** Makes the next request ask for new ones: AWS called these expired. */
  renew(): void;
  /** When those in use expire, epoch milliseconds; undefined before the first, and for those that never do. */
  expiresAt(): number | undefined;
}

export interface ProviderTools {
  readonly clock: Clock;
  readonly chance: Chance;
  /** Asks the source once: `loadCredentials`. */
  readonly load: () => Promise<AwsCredentialIdentity>;
}

// IMDS has new ones five minutes before the old ones end, and says so in its documentation
const MARGIN_MS = 5 * 60_000;
const MARGIN_JITTER_MS = 60_000;
/** Between two questions to the source, whatever happens: IMDS allows an instance few packets a second. */
const PAUSE_MS = 5000;
/** After a failure with credentials still good. */
const PAUSE_WHILE_GOOD_MS = 60_000;

interface Held {
  readonly identity: AwsCredentialIdentity;
  /** Epoch milliseconds; infinite for keys that do not expire. */
  readonly expiresAt: number;
}

/**
 * Asks `source` once: IMDS, or the SDK's provider of its name.
 * @throws whatever it fails with
 */
export async function loadCredentials(
  source: CredentialSource,
  imds: Pick<Imds, "credentials">,
  tools: { readonly clock: Clock; readonly chance: Chance; readonly budget: Budget },
): Promise<AwsCredentialIdentity> {
  if (source.from === "instance") return loadFromInstance(imds, tools);
  // all of the SDK's providers take long to load
  const { loadNamed } = await import("./named.ts");
  tools.budget.take();
  return loadNamed(source);
}

/** @param source decides alone: there is no chain, and nothing is tried that it does not name */
export function createCredentialProvider(
  source: CredentialSource,
  tools: ProviderTools,
): CredentialProvider {
  const { clock, chance, load } = tools;
  let held: Held | undefined;
  let failure: PosternError | undefined;
  let pending: Promise<AwsCredentialIdentity> | undefined;
  // monotonic: the next time the source may, and should, be asked
  let nextAt = 0;
  let askedAt = Number.NEGATIVE_INFINITY;

  const refresh = async (): Promise<AwsCredentialIdentity> => {
    askedAt = clock.monotonic();
    try {
      const identity = await load();
      const expiresAt = identity.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
      held = { identity, expiresAt };
      failure = undefined;
      nextAt = clock.monotonic() + refreshInMs(expiresAt - clock.now(), chance.random());
      return identity;
    } catch (error) {
      failure = noCredentials(source, error);
      const good = held !== undefined && held.expiresAt > clock.now() ? held : undefined;
      nextAt = clock.monotonic() + (good === undefined ? PAUSE_MS : PAUSE_WHILE_GOOD_MS);
      if (good === undefined) throw failure;
      return good.identity;
    }
  };

  return {
    credentials: () => {
      if (pending !== undefined) return pending;
      const good = held !== undefined && held.expiresAt > clock.now() ? held.identity : undefined;
      if (clock.monotonic() < nextAt) {
        if (good !== undefined) return Promise.resolve(good);
        if (failure !== undefined) return Promise.reject(failure);
      }
      pending = refresh().finally(() => {
        pending = undefined;
      });
      return pending;
    },
    expiresAt: () => (Number.isFinite(held?.expiresAt) ? held?.expiresAt : undefined),
    // several requests learn of the same expiry: the first of them renews for all
    renew: () => {
      if (clock.monotonic() - askedAt >= PAUSE_MS) nextAt = 0;
    },
  };
}

/**
 * How long credentials are used before new ones are asked for: until about five minutes before their end, but
 * at least half of what is left, so that a source with none newer is not asked all the time.
 *
 * @param random uniform in [0, 1)
 */
export function refreshInMs(leftMs: number, random: number): number {
  const early = leftMs - MARGIN_MS - random * MARGIN_JITTER_MS;
  return Math.max(early, leftMs / 2, PAUSE_MS);
}

const HINT: Readonly<Record<CredentialSource["from"], string>> = {
  instance:
    "attach an instance profile with a role, and check that IMDSv2 is enabled (and its hop limit if this is a container)",
  environment: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  profile: "check the profile in AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE",
  container: "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI must be set, and answer",
  chain:
    "set AWS_PROFILE, log in with aws sso login, or give the job a role: the AWS CLI would find none either",
  "web-identity": "AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE must be set, and STS answer",
};

function noCredentials(source: CredentialSource, cause: unknown): PosternError {
  // the source was never asked
  if (cause instanceof PosternError && isBudgetSpent(cause)) return cause;
  return new PosternError("Credentials", `no credentials from source "${source.from}"`, {
    hint: HINT[source.from],
    cause,
  });
}
