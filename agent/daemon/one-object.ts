/** One object of S3, read without a configuration: what `postern cat` prints. @module */
import type { GetRequest } from "../aws/s3-get.ts";
import { PosternError } from "../core/errors.ts";
import { type GroupName, parseGroupName, type Region, type S3Key } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import type { CredentialSource } from "../credentials/provider.ts";
import { createOpener, type Sealing } from "../decrypt/open.ts";
import { missingOrDenied } from "../source/only.ts";
import { type HomeChoice, openServices, type ServiceEffects, type Services } from "./services.ts";

export interface ObjectRequest extends HomeChoice {
  readonly key: S3Key;
  readonly credentials: CredentialSource;
  /** Bound to nothing but its context: what `bind: none` is in a config. */
  readonly decrypt: Sealing;
  /** Of the object, as it lies in S3. */
  readonly maxBytes: number;
}

/**
 * The object's plaintext, every byte of it verified and opened. The caller wipes it.
 *
 * The SDK's endpoint variables count, since there is no configuration that could say where to ask.
 * @throws {PosternError} MissingOrDenied for what S3 denies, else what IMDS, S3 or KMS failed with
 */
export async function readObject(
  request: ObjectRequest,
  effects: ServiceEffects,
): Promise<SecretBytes> {
  const services = openServices({ ...request, ...WITHOUT_CONFIG }, effects);
  try {
    // not needed until the region is known, but as slow to come: a failure is told when it is used
    services.provider.credentials().catch(() => undefined);
    return await openObject(request, services);
  } finally {
    services.close();
  }
}

const WITHOUT_CONFIG = {
  endpoints: { kind: "environment", pathStyle: false },
  limits: { concurrency: 4, requestTimeoutMs: 5000, requestsPerMinute: 60 },
} as const;

async function openObject(request: ObjectRequest, services: Services): Promise<SecretBytes> {
  const { bucket, key, decrypt } = request;
  const home = await services.findHome(request);
  const body = await getObject({ ...home, key, maxBytes: request.maxBytes }, services);
  const opener = createOpener({ decrypt, group: noGroup(), bucket, kms: () => services.kms() });
  return opener.object(key, body);
}

// named in what a publisher bound to its group, and here nothing is bound
function noGroup(): GroupName {
  return parseGroupName("none");
}

async function getObject(
  request: GetRequest & { readonly region: Region },
  services: Services,
): Promise<SecretBytes> {
  try {
    const answer = await services.s3(request.region).get(request);
    if (answer.kind === "object") return answer.body;
  } catch (error) {
    throw error instanceof PosternError && error.code === "Denied"
      ? missingOrDenied(error, `s3://${request.bucket}/${request.key}`)
      : error;
  }
  throw new PosternError("Internal", "a conditional answer to an unconditional GET");
}
