/**
 * Who may do what in the sandbox: the interface that policies stand behind, and a plain allow-list that
 * stands in for them, of prefixes for hosts and of exact actions for whoever needs less or other rights.
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

/** What a role or a user may do, action by action, as one statement of a policy allows it. */
export interface ActionGrant {
  /** The name of the role or user. */
  readonly principal: string;
  /** "s3:PutObject", "kms:Encrypt": whole names. */
  readonly actions: readonly string[];
  /** ARNs of objects, buckets and keys. A "*" at the end stands for anything, elsewhere for itself. */
  readonly resources: readonly string[];
  /**
   * Listing takes one of these as its prefix, "*" as above; "web/*" tells of missing keys in web/ as well.
   * Default any prefix, and none.
   */
  readonly prefixes?: readonly string[];
  /** Encryption context pairs that a request to KMS must carry; default none. */
  readonly context?: Readonly<Record<string, string>>;
}

export interface AllowList {
  readonly grants: readonly PrefixGrant[];
  readonly keys: readonly KeyGrant[];
  readonly actions?: readonly ActionGrant[];
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
    decide: (request) => (allows(list, request) ? ALLOWED : denied("identity")),
  };
}

function allows(list: AllowList, request: AuthorisationRequest): boolean {
  const { principal } = request;
  if (principal.kind === "anonymous") return false;
  const { kind, name } = principal;
  if (list.actions?.some((grant) => grantsAction(grant, name, request)) === true) return true;
  if (kind === "user") return list.administrators.includes(name);
  return request.action.startsWith("kms:")
    ? list.keys.some((grant) => grantsKey(grant, name, request))
    : list.grants.some((grant) => grant.role === name && grantsObject(grant, request));
}

function grantsAction(
  grant: ActionGrant,
  name: string,
  { action, resource, context }: AuthorisationRequest,
): boolean {
  const { principal, actions, resources, prefixes } = grant;
  if (principal !== name || !actions.includes(action) || !matchesAny(resource, resources))
    return false;
  if (action.startsWith("kms:")) return carries(context, grant.context);
  if (prefixes === undefined || !LIST.has(action)) return true;
  const prefix = context["s3:prefix"]?.[0];
  return prefix !== undefined && matchesAny(prefix, prefixes);
}

function matchesAny(text: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : text === pattern,
  );
}

function grantsKey(grant: KeyGrant, role: string, request: AuthorisationRequest): boolean {
  return (
    grant.role === role &&
    (grant.key === "*" || grant.key === request.resource) &&
    (grant.actions.includes("kms:*") || grant.actions.includes(request.action)) &&
    carries(request.context, grant.context)
  );
}

function carries(
  conditions: AuthorisationRequest["context"],
  pairs: Readonly<Record<string, string>> = {},
): boolean {
  return Object.entries(pairs).every(
    ([name, value]) => conditions[`kms:EncryptionContext:${name}`]?.includes(value) === true,
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
