/**
 * Who may do what in the sandbox: the interface that policies stand behind, in IAM's own words (actions, ARNs,
 * condition keys).
 * @see AWS "Actions, resources, and condition keys for Amazon S3" and "... for AWS KMS"
 * @module
 */
import type { Policy } from "../policy/document.ts";
import type { Grant } from "../policy/grant.ts";
import type { StatementPlace } from "../policy/verdict.ts";

/** Where an instance is; whoever presents its role's credentials elsewhere is told by the difference. */
export interface InstancePlace {
  /** `arn:aws:ec2:REGION:ACCOUNT:instance/i-0…` */
  readonly arn: string;
  readonly vpc: string;
  readonly privateIp: string;
}

export type Principal =
  | {
      readonly kind: "role";
      /** `arn:aws:iam::ACCOUNT:role/NAME` */
      readonly arn: string;
      readonly account: string;
      readonly name: string;
      /** `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`: how AWS names the caller in its messages. */
      readonly sessionArn: string;
      /** Of credentials that EC2 delivered to an instance. */
      readonly instance?: InstancePlace;
    }
  | {
      readonly kind: "user";
      /** `arn:aws:iam::ACCOUNT:user/NAME` */
      readonly arn: string;
      readonly account: string;
      readonly name: string;
    }
  | { readonly kind: "anonymous" };

/** What is attached to a bucket or a key. */
export interface Attached {
  readonly policy: Policy | undefined;
  /** Of the key. */
  readonly grants: readonly Grant[];
}

export interface AuthorisationRequest {
  readonly principal: Principal;
  /** "s3:GetObject", "kms:Decrypt" */
  readonly action: string;
  /** ARN of the object, bucket or key; "*" where the action has none. */
  readonly resource: string;
  /** IAM condition keys ("s3:prefix", "kms:EncryptionContext:app"), each with its values. */
  readonly context: Readonly<Record<string, readonly string[]>>;
  /** Undefined for what has no documents of its own. */
  readonly attached?: Attached | undefined;
}

/** Whose document stopped a request. */
export type DenyingLayer = "identity" | "resource" | "key" | "boundary" | "endpoint";

export interface Denial {
  readonly allowed: false;
  /** A statement denied it, rather than none having allowed it. */
  readonly explicit: boolean;
  readonly layer: DenyingLayer;
  /** The statement that denied it; undefined where none did. */
  readonly statement?: StatementPlace | undefined;
}

export type Decision = { readonly allowed: true } | Denial;

export interface Authoriser {
  decide(request: AuthorisationRequest): Decision;
}

const POLICY_OF: Readonly<Record<DenyingLayer, string>> = {
  identity: "an identity-based policy",
  resource: "a resource-based policy",
  key: "a resource-based policy",
  boundary: "a permissions boundary",
  endpoint: "a VPC endpoint policy",
};

/**
 * Why, as AWS ends its messages.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function reasonOf({ explicit, layer }: Denial, action: string): string {
  const policy = POLICY_OF[layer];
  return explicit
    ? `with an explicit deny in ${policy}`
    : `because no ${policy.replace(/^an? /, "")} allows the ${action} action`;
}
