/**
 * What a map leaves out, filled in: names become ARNs, hosts become roles, defaults are written down.
 * @module
 */
import {
  type AccountId,
  type BucketName,
  type KmsKeyArn,
  parseAccountId,
  type Region,
} from "../core/names.ts";
import type {
  Endpoint,
  Group,
  Guards,
  Network,
  Partition,
  Principal,
  PrincipalKind,
  PrincipalName,
  Reach,
  Seal,
  ServerSide,
  Target,
} from "./access-map.ts";
import type { NetworkSettings, PrincipalSettings } from "./principal-schema.ts";
import type {
  EncryptionSettings,
  EndpointSettings,
  GroupSettings,
  GuardSettings,
  MapSettings,
  ReplicaSettings,
  SealSettings,
} from "./schema.ts";

/** Of an account, what its ARNs are made of. */
export interface Account {
  readonly id: AccountId;
  readonly partition: Partition;
  readonly region: Region;
}

/** Where something stands in the map. */
export type MapPath = readonly (string | number)[];

/** The ARN of a key that the map names; undefined, and said, when it names none. */
export type KeyOf = (reference: string, path: MapPath) => KmsKeyArn | undefined;

/**
 * @param hosts the roles of the hosts that need the group
 * @param bucket that it lies in
 * @param byDefault what that bucket encrypts with
 */
export function completeGroup(
  [name, settings]: MapSettings["groups"][number],
  reach: Reach,
  {
    keyOf,
    hosts,
    bucket,
    byDefault,
  }: {
    readonly keyOf: KeyOf;
    readonly hosts: readonly PrincipalName[];
    readonly bucket: BucketName;
    readonly byDefault: ServerSide;
  },
): Group {
  const path = ["groups", name];
  return {
    name,
    bucket,
    reach,
    sse: {
      // what a request does not say, S3 does by the bucket's default
      ...(settings.sse === undefined
        ? byDefault
        : completeEncryption(settings.sse, [...path, "sse"], keyOf)),
      header: settings.sse?.header ?? "default",
    },
    seal: completeSeal(settings.seal, [...path, "seal"], keyOf),
    readers: [...new Set([...(settings.readers ?? []), ...hosts])],
    publishers: (settings.publishers ?? []).map(([principal, level]) => ({ principal, level })),
  };
}

/** Undefined when the settings name not exactly one. */
export function reachOf({ prefix, only, bundle }: GroupSettings): Reach | undefined {
  if (bundle !== undefined)
    return prefix === undefined && only === undefined ? { kind: "bundle", key: bundle } : undefined;
  if (prefix === undefined) return undefined;
  return only === undefined ? { kind: "prefix", prefix } : { kind: "only", prefix, names: only };
}

export function completeEncryption(
  settings: EncryptionSettings | undefined,
  path: MapPath,
  keyOf: KeyOf,
): ServerSide {
  const { type = "s3", key, old_key: old } = settings ?? {};
  const arn = key === undefined ? undefined : keyOf(key, [...path, "key"]);
  if (type === "s3" || arn === undefined) return { type: "s3" };
  return {
    type,
    key: arn,
    oldKey: old === undefined ? undefined : keyOf(old, [...path, "old_key"]),
  };
}

function completeSeal(settings: SealSettings | undefined, path: MapPath, keyOf: KeyOf): Seal {
  const key = settings && keyOf(settings.key, [...path, "key"]);
  if (settings === undefined || key === undefined) return { mode: "none" };
  const { mode, old_key: old, bind = "key", context = [] } = settings;
  const oldKey = old === undefined ? undefined : keyOf(old, [...path, "old_key"]);
  return { mode, key, oldKey, bind, context: Object.fromEntries(context) };
}

export function completeNetwork(settings: NetworkSettings | undefined): Network {
  if (settings === undefined || settings === "any") return { kind: "any" };
  return { kind: "limited", vpces: settings.vpce ?? [], cidrs: settings.cidr ?? [] };
}

export function completePrincipal(
  name: PrincipalName,
  settings: PrincipalSettings,
  account: Account,
): Principal {
  return {
    name,
    network: completeNetwork(settings.network),
    ...kindOf(name, settings, account),
  };
}

function kindOf(name: PrincipalName, settings: PrincipalSettings, account: Account): PrincipalKind {
  const arn = generatedRole(name, account);
  switch (settings.kind) {
    case "ec2":
      return { kind: "ec2", arn, withPolicies: settings.with_policies ?? [] };
    case "existing":
      return {
        kind: "existing",
        arn: identityArn("role", settings.role, account),
        isInstance: settings.instance ?? false,
      };
    case "sso": {
      const { permission_set: permissionSet, region = account.region } = settings;
      return {
        kind: "sso",
        permissionSet,
        arnPattern: permissionSetRoles(permissionSet, region, account),
      };
    }
    case "oidc": {
      const { provider, audience = "sts.amazonaws.com", subjects } = settings;
      return { kind: "oidc", arn, provider, audience, subjects };
    }
    case "user":
      return { kind: "user", arn: identityArn("user", settings.user, account) };
    case "service":
      return { kind: "service", arn, service: settings.service };
    case "foreign":
      return { kind: "foreign", arn: settings.role, account: accountIn(settings.role) };
    case "human":
      return { kind: "human", arn, trusted: settings.trusted };
    default:
      return settings satisfies never;
  }
}

/** All that is generated lies below one path, so that one pattern names it. */
export function generatedRole(name: PrincipalName, { id, partition }: Account): string {
  return `arn:${partition}:iam::${id}:role/postern/${name}`;
}

/** `text` itself when it is an ARN. */
export function identityArn(
  kind: "role" | "user",
  text: string,
  { id, partition }: Account,
): string {
  return text.startsWith("arn:") ? text : `arn:${partition}:iam::${id}:${kind}/${text}`;
}

function accountIn(arn: string): AccountId {
  return parseAccountId(arn.split(":")[4] ?? "");
}

/**
 * The suffix is sixteen hexadecimal digits: with as many "?" the set "Ops" is not also "Ops_Admin", as it were with "*".
 * @see https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
 */
function permissionSetRoles(name: string, region: Region, { id, partition }: Account): string {
  // only the roles of an identity center in us-east-1 have no region in their path
  const path = region === "us-east-1" ? "sso.amazonaws.com" : `sso.amazonaws.com/${region}`;
  return `arn:${partition}:iam::${id}:role/aws-reserved/${path}/AWSReservedSSO_${name}_${"?".repeat(16)}`;
}

export function completeGuards(settings: GuardSettings = {}): Guards {
  return {
    tls: settings.tls ?? "1.2",
    org: settings.org,
    imdsV2: settings.imds_v2 ?? true,
    stolenCredentials: settings.stolen_credentials ?? "off",
    presigned: settings.presigned ?? "deny",
  };
}

/**
 * @param path where the settings stand
 * @param keys of the groups in the bucket, each with that of the target's region
 */
export function completeTarget(
  settings: Omit<ReplicaSettings, "keys">,
  {
    path,
    keys,
    defaultEncryption,
  }: {
    readonly path: MapPath;
    readonly keys: ReadonlyMap<KmsKeyArn, KmsKeyArn>;
    readonly defaultEncryption: ServerSide;
  },
): Target {
  return {
    path,
    bucket: settings.bucket,
    region: settings.region,
    bucketKey: settings.bucket_key ?? false,
    defaultEncryption,
    keys,
    endpoints: (settings.endpoints ?? []).map(([id, endpoint]) => completeEndpoint(id, endpoint)),
  };
}

/** A gateway costs nothing, and only S3 has one of the two. */
function completeEndpoint(
  id: string,
  { service, type, include_aws_owned: owned }: EndpointSettings,
): Endpoint {
  return {
    id,
    service,
    type: type ?? (service === "s3" ? "gateway" : "interface"),
    includeAwsOwned: owned ?? false,
  };
}
