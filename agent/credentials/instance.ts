/** The instance role's credentials, by the SDK's provider for IMDSv2. @module */
import { fromInstanceMetadata } from "@aws-sdk/credential-providers";
import type { AwsCredentialIdentity } from "@smithy/types";
import type { RequestCounter } from "../aws/requests.ts";
import { PosternError } from "../core/errors.ts";
import { SILENT } from "./silent.ts";

/**
 * Asks IMDS once: the SDK would repeat only some of its three questions, so retries are the caller's. A new
 * provider each time, because one that saw a 403, 404 or 405 to its token takes the instance for a v1 one for
 * good, and v1 is off.
 * @throws {PosternError} Unavailable
 */
export async function loadFromInstance(requests: RequestCounter): Promise<AwsCredentialIdentity> {
  // a token, the role's name, its credentials
  requests.add("imds", 3);
  try {
    const ask = fromInstanceMetadata({
      ec2MetadataV1Disabled: true,
      timeout: 1000,
      maxRetries: 0,
      logger: SILENT,
    });
    return await ask();
  } catch (cause) {
    throw new PosternError("Unavailable", "the instance metadata service: no answer", { cause });
  }
}
