/**
 * Who may do what in the sandbox: the interface that policies stand behind, and a plain allow-list of
 * prefixes that stands in for them.
 *
 * Requests carry IAM's own words (actions, ARNs, condition keys), so that an evaluator of real policies fits
 * the same interface.
 * @see AWS "Actions, resources, and condition keys for Amazon S3" and "... for AWS KMS"
 * @module
 */

export type Principal =
  | {
      readonly kind: "role";
      /** `arn:aws:iam::ACCOUNT:role/NAME` */
      readonly arn: string;
      readonly account: string;
      readonly name: string;
      /** `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`: how AWS names the caller in its messages. */
      readonly sessionArn: string;
    }
  | {
      readonly kind: "user";
      /** `arn:aws:iam::ACCOUNT:user/NAME` */
      readonly arn: string;
      readonly account: string;
      readonly name: string;
    }
  | { readonly kind: "anonymous" };

export interface AuthorisationRequest {
  readonly principal: Principal;
  /** "s3:GetObject", "kms:Decrypt" */
  readonly action: string;
  /** ARN of the object, bucket or key; "*" where the action has none. */
  readonly resource: string;
  /** IAM condition keys ("s3:prefix", "kms:EncryptionContext:app"), each with its values. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

export type Decision =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      /** A statement denied it, rather than none having allowed it. */
      readonly explicit: boolean;
      readonly layer: "identity" | "resource" | "key";
    };

export interface Authoriser {
  decide(request: AuthorisationRequest): Decision;
}

/** What a role may do with the objects of every bucket. */
export interface PrefixGrant {
  /** The role's name. */
  readonly role: string;
  /** Key prefixes: "" is everything, "web/" a group, a whole key itself. */
  readonly readPrefixes: readonly string[];
  readonly writePrefixes: readonly string[];
  /** May list what it reads, and so learns of missing keys by 404; default true. */
  readonly list?: boolean;
}

/** What a role may do with a KMS key. */
export interface KeyGrant {
  readonly role: string;
  /** The key's ARN, or "*". */
  readonly key: string;
  /** "kms:Decrypt" and so on, or "kms:*". */
  readonly actions: readonly string[];
  /** Encryption context pairs that the request must carry; default none. */
  readonly context?: Readonly<Record<string, string>>;
}

export interface AllowList {
  readonly grants: readonly PrefixGrant[];
  readonly keys: readonly KeyGrant[];
  /** Names of users with every right. */
  readonly administrators: readonly string[];
}

const READ = new Set([
  "s3:GetObject",
  "s3:GetObjectVersion",
  "s3:GetObjectTagging",
  "s3:GetObjectVersionTagging",
]);
const WRITE = new Set([
  "s3:PutObject",
  "s3:PutObjectTagging",
  "s3:DeleteObject",
  "s3:DeleteObjectVersion",
  "s3:AbortMultipartUpload",
  "s3:ListMultipartUploadParts",
]);
const LIST = new Set(["s3:ListBucket", "s3:ListBucketVersions"]);

const ALLOWED: Decision = { allowed: true };

/** An authoriser that allows what the list names and denies all else without saying why. */
export function prefixAllowList(list: AllowList): Authoriser {
  return {
    decide(request) {
      const { principal } = request;
      if (principal.kind === "anonymous") return denied("identity");
      if (principal.kind === "user")
        return list.administrators.includes(principal.name) ? ALLOWED : denied("identity");
      if (request.action.startsWith("kms:")) {
        const granted = list.keys.some((grant) => grantsKey(grant, principal.name, request));
        return granted ? ALLOWED : denied("identity");
      }
      const grants = list.grants.filter(({ role }) => role === principal.name);
      return grants.some((grant) => grantsObject(grant, request)) ? ALLOWED : denied("identity");
    },
  };
}

function grantsKey(grant: KeyGrant, role: string, request: AuthorisationRequest): boolean {
  return (
    grant.role === role &&
    (grant.key === "*" || grant.key === request.resource) &&
    (grant.actions.includes("kms:*") || grant.actions.includes(request.action)) &&
    Object.entries(grant.context ?? {}).every(([name, value]) =>
      request.context[`kms:EncryptionContext:${name}`]?.includes(value),
    )
  );
}

function grantsObject(
  grant: PrefixGrant,
  { action, resource, context }: AuthorisationRequest,
): boolean {
  if (LIST.has(action)) {
    // no s3:prefix at all (HeadBucket) fails every condition on it, unless the grant is the whole bucket
    const prefix = context["s3:prefix"]?.[0] ?? "";
    return grant.list !== false && startsWithAny(prefix, grant.readPrefixes);
  }
  const key = /^arn:aws:s3:::[^/]+\/(.*)$/s.exec(resource)?.[1];
  if (key === undefined) return action === "s3:GetBucketLocation";
  if (READ.has(action)) return startsWithAny(key, grant.readPrefixes);
  return WRITE.has(action) && startsWithAny(key, grant.writePrefixes);
}

function startsWithAny(key: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => key.startsWith(prefix));
}

function denied(layer: "identity" | "resource" | "key"): Decision {
  return { allowed: false, explicit: false, layer };
}
