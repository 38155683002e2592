/** What stopped a request in the demo: the documents' own statement. @module */
import { S3, S3ServiceException } from "@aws-sdk/client-s3";
import type { Sandbox } from "../sandbox/sandbox.ts";

/** The code of the error that a user gets whom IAM itself allows everything; "none" when it reads. */
export async function readAsAdministrator(sandbox: Sandbox, object: string): Promise<string> {
  const { region, bucket, endpoints, publisher: credentials } = sandbox;
  const endpoint = endpoints.s3.origin;
  const s3 = new S3({ region, endpoint, credentials, forcePathStyle: true });
  try {
    await s3.getObject({ Bucket: bucket, Key: object });
    return "none";
  } catch (error) {
    if (error instanceof S3ServiceException) return error.name;
    throw error;
  } finally {
    s3.destroy();
  }
}

export interface Stopped {
  /** "s3:ListBucket", as far as the name of the operation tells. */
  readonly operation: string;
  readonly key: string;
  readonly who: string;
  /** The kind of document, and whose. */
  readonly document: string;
  readonly sid: string;
  readonly explicit: boolean;
}

/** The request that was denied last; undefined when none was. */
export function lastStopped({ log }: Sandbox): Stopped | undefined {
  const entry = log.entries().findLast(({ denial }) => denial !== undefined);
  const denial = entry?.denial;
  if (entry === undefined || denial === undefined) return undefined;
  const { layer, explicit, statement } = denial;
  return {
    operation: entry.operation,
    key: entry.key,
    who: (entry.principal ?? "anonymous").replace(
      /^arn:aws:sts::\d+:assumed-role\/([^/]+).*$/,
      "role $1",
    ),
    document: `${DOCUMENTS[layer]}${statement === undefined ? "" : ` of ${statement.policy}`}`,
    sid: statement?.sid ?? "none",
    explicit,
  };
}

const DOCUMENTS = {
  identity: "the identity policy",
  resource: "the bucket policy",
  key: "the key policy",
  boundary: "the permissions boundary",
  endpoint: "the endpoint policy",
} as const;
