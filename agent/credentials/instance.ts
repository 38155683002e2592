/** The instance role's credentials, with the later end that AWS's SDKs give to expired ones. @module */
import type { AwsCredentialIdentity } from "@smithy/types";
import type { Chance, Clock } from "../core/clock.ts";
import type { Imds } from "./imds.ts";

// the SDKs' own: asked for again after five to ten minutes
const EXTENSION_MS = 5 * 60_000;

/**
 * Asks IMDS for them, with its own retries.
 *
 * Ones that have expired come while AWS has trouble issuing new ones. Its services may go on accepting them, so
 * they are passed on, for S3 to judge.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html
 * @throws {PosternError} Credentials, Unavailable
 */
export async function loadFromInstance(
  imds: Pick<Imds, "credentials">,
  { clock, chance }: { readonly clock: Clock; readonly chance: Chance },
): Promise<AwsCredentialIdentity> {
  const credentials = await imds.credentials();
  const now = clock.now();
  if (credentials.expiration.getTime() >= now) return credentials;
  return {
    ...credentials,
    expiration: new Date(now + EXTENSION_MS + chance.random() * EXTENSION_MS),
  };
}
