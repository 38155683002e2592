/** The sandbox's S3. @module */
import type { Service, ServiceContext } from "./service.ts";

/** What S3 needs to know of KMS keys: whether it may use one. */
export interface KeyLookup {
  /** By id, ARN or alias (name or ARN); undefined when there is none. */
  describe(key: string): { readonly arn: string; readonly state: string } | undefined;
}

export function createS3(
  _context: ServiceContext,
  _options: { readonly keys: KeyLookup },
): Service {
  return {
    name: "s3",
    asked: () => ({ operation: "", key: "" }),
    answer: () => ({ response: { status: 501, headers: {}, body: Buffer.alloc(0) } }),
    refuse: () => ({ status: 500, headers: {}, body: Buffer.alloc(0) }),
  };
}
