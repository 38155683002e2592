/** The credentials that every client shares. @module */
import type { AwsCredentialIdentity } from "@smithy/types";

/**
 * Credentials that are good now, remembered until they are about to expire.
 * @throws {PosternError} Credentials when there are none
 */
export type Credentials = () => Promise<AwsCredentialIdentity>;
