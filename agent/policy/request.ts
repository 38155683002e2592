/** What is decided on: a request, and the documents that bind its caller and its resource. @module */
import type { Caller } from "./caller.ts";
import type { Context } from "./context.ts";
import type { Policy } from "./document.ts";
import type { Arn } from "./glob.ts";
import type { Grant } from "./grant.ts";

export interface AccessRequest {
  readonly caller: Caller;
  /** S3's own id of the caller's account, for policies that name it so. */
  readonly canonicalUser?: string | undefined;
  /** "s3:GetObject", in any case. */
  readonly action: string;
  /** Undefined for an action that has none, which policies write as "*". */
  readonly resource: Arn | undefined;
  readonly resourceAccount: string;
  readonly context: Context;
}

export interface Policies {
  readonly identity: readonly Policy[];
  /** Of the bucket, the key or the role. */
  readonly resource?: Policy | undefined;
  readonly session?: Policy | undefined;
  readonly boundary?: Policy | undefined;
  /** Level by level from the root to the caller's account; no level: no organisation, or its management account. */
  readonly scp: readonly (readonly Policy[])[];
  /** Likewise of the resource's account; AWS's own RCPFullAWSAccess is implied. */
  readonly rcp: readonly (readonly Policy[])[];
  /** Of the VPC endpoint that the request comes through; undefined when it comes through none. */
  readonly endpoint?: Policy | undefined;
  /** Of the key. */
  readonly grants: readonly Grant[];
}
