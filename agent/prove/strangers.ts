/**
 * Who is not in the map, each with what is assumed of it; none of them may get at anything.
 * @module
 */
import type { AccessMap, Target } from "../map/access-map.ts";
import { type Caller, callerOfArn } from "../policy/caller.ts";
import { arnGlobOf, matchesArn, parseArn, wildTokens } from "../policy/glob.ts";
import type { PrincipalSet } from "../policy/principal.ts";
import { BUCKET_CHECK_RIGHTS } from "../policy/rights.ts";
import { BUCKET_ADMINISTRATION, KEY_ADMINISTRATION } from "./administration.ts";
import { callerWith } from "./caller-facts.ts";
import { keysOf, nameOfKey, NOBODYS_KEY_ACTIONS } from "./key-obligations.ts";
import { anyhow, bucketArn, onObject, type Scene, type Unknown } from "./object-requests.ts";
import type { Actor, Layer, ObjectSet, Obligation } from "./obligation.ts";
import { idAt, targetsOf } from "./use-obligations.ts";

export interface Stranger extends Actor {
  readonly kind: StrangerKind;
  readonly unknown: Unknown | undefined;
}

/**
 * - another role, another user, federated user: of the map's account, with `*:*`.
 * - root user: of the map's account, which no policy of its own binds.
 * - another account: somebody there with `*:*`, and of any organisation.
 * - anonymous: without a signature.
 * - service: of AWS, on its own behalf or on that of any account.
 * - identity provider: who has a token of it.
 */
export type StrangerKind =
  | "another role"
  | "another user"
  | "federated user"
  | "root user"
  | "another account"
  | "anonymous"
  | "service"
  | "identity provider";

const ELSEWHERE = "999988887777";
const SERVICES = ["logging.s3.amazonaws.com", "cloudtrail.amazonaws.com"];

/** ARNs of the map's principals; of a permission set a pattern. */
export function knownArns({ principals }: AccessMap): readonly string[] {
  return principals.map((one) => (one.kind === "sso" ? one.arnPattern : one.arn));
}

/**
 * Everybody but `known`: all others of a kind together, whatever their names, and whom documents name.
 * @param known ARNs, which may be patterns
 */
export function strangersOf(
  map: AccessMap,
  named: PrincipalSet,
  known: readonly string[],
): readonly Stranger[] {
  const { partition, account } = map;
  const iam = `arn:${partition}:iam::${account}`;
  const sts = `arn:${partition}:sts::${account}`;
  const patterns = known.map((text) => arnGlobOf(wildTokens(text)));
  const isKnown = (text: string): boolean => {
    const arn = parseArn(text);
    return arn !== undefined && patterns.some((pattern) => matchesArn(pattern, arn));
  };
  const sessions = sessionsOf(map, named);
  const arns = [...named.arns].filter((text) => !isKnown(text) && !sessions.includes(text));
  const callers = arns.flatMap((text) => callerOfArn(text) ?? []);
  const accounts = [...named.accounts].filter((one) => one !== account);
  const apart = [...known, ...arns, ...accounts.map((one) => `arn:*:*::${one}:*`)];
  const others = (kind: StrangerKind, name: string, like: string, caller: Caller): Stranger => ({
    kind,
    name,
    caller,
    own: "everything",
    unknown: unknownWithin(like, apart),
  });
  return [
    others("another role", "any other role", `${iam}:role/?*`, callerWith(`${iam}:role/stranger`)),
    others("another user", "any other user", `${iam}:user/?*`, callerWith(`${iam}:user/stranger`)),
    others("federated user", "any federated user", `${sts}:federated-user/?*`, {
      kind: "federated user",
      arn: `${sts}:federated-user/stranger`,
      account,
    }),
    stranger("root user", "root", { kind: "root", arn: `${iam}:root`, account }),
    inAccount(map, ELSEWHERE, elsewhere(map, apart), "any other account"),
    stranger("anonymous", "anonymous", { kind: "anonymous" }),
    ...[...new Set([...SERVICES, ...named.services])]
      .filter((name) => name !== "*")
      .map((name) => stranger("service", name, { kind: "service", name })),
    ...callers.map((caller) => namedStranger(map, caller)),
    ...accounts.map((one) =>
      inAccount(map, one, unknownWithin(`arn:${partition}:*::${one}:?*`, [...known, ...arns])),
    ),
    ...[...named.federated].map((provider) =>
      stranger("identity provider", provider, { kind: "federated", provider }),
    ),
    ...[...named.canonicalUsers].map((canonicalUser) => ({
      ...inAccount(map, ELSEWHERE, { ...elsewhere(map, apart), canonicalUser }),
      name: `canonical user ${canonicalUser}`,
    })),
  ];
}

/**
 * Of the sessions that documents name by their ARNs, those of the map's roles: what such a session alone is given is not
 * looked at.
 */
export function sessionsOf(map: AccessMap, { arns }: PrincipalSet): readonly string[] {
  const names = new Set(knownArns(map).map((arn) => arn.split("/").at(-1) ?? ""));
  return [...arns].filter((arn) => names.has(/:assumed-role\/([^/]+)\//.exec(arn)?.[1] ?? ""));
}

function stranger(kind: StrangerKind, name: string, caller: Caller): Stranger {
  return { kind, name, caller, own: "everything", unknown: undefined };
}

const FREE = { kind: "free", several: false } as const;

/** Whoever has an ARN like that and none of those `apart`. */
function unknownWithin(like: string, apart: readonly string[]): Unknown {
  return {
    keys: { "aws:PrincipalArn": FREE, "aws:username": FREE },
    where: {
      ArnLike: { "aws:PrincipalArn": like },
      ...(apart.length === 0 ? {} : { ArnNotLike: { "aws:PrincipalArn": apart } }),
    },
  };
}

/** Whoever is of another account than the map's, whichever that is. */
function elsewhere({ partition, account }: AccessMap, apart: readonly string[]): Unknown {
  const { keys, where } = unknownWithin(`arn:${partition}:*::*:?*`, [
    `arn:*:*::${account}:*`,
    ...apart,
  ]);
  return {
    keys: { ...keys, "aws:PrincipalAccount": FREE, "kms:CallerAccount": FREE },
    where: {
      ...where,
      StringNotEquals: { "aws:PrincipalAccount": account, "kms:CallerAccount": account },
      Null: { "aws:PrincipalAccount": "false" },
    },
  };
}

function inAccount(
  { partition }: AccessMap,
  account: string,
  unknown: Unknown,
  name = `account ${account}`,
): Stranger {
  const caller = callerWith(`arn:${partition}:iam::${account}:role/stranger`);
  return { ...stranger("another account", name, caller), unknown };
}

const KINDS = {
  role: "another role",
  user: "another user",
  "federated user": "federated user",
  root: "root user",
  federated: "identity provider",
  service: "service",
  anonymous: "anonymous",
} as const;

/** Whom a document names by its ARN. */
function namedStranger({ partition, account }: AccessMap, caller: Caller): Stranger {
  const arn =
    "session" in caller ? (caller.session ?? caller.arn) : "arn" in caller ? caller.arn : "";
  const isOurs = "account" in caller && caller.account === account;
  const name = isOurs
    ? arn.replace(new RegExp(`^arn:${partition}:(iam|sts)::${account}:`), "")
    : arn;
  return stranger(isOurs ? KINDS[caller.kind] : "another account", name, caller);
}

const EVERYWHERE: ObjectSet = { kind: "everywhere" };

/** The last stands for what is not invented yet. */
const OBJECT_ACTIONS = [
  "s3:GetObject",
  "s3:GetObjectVersion",
  "s3:GetObjectAttributes",
  "s3:GetObjectVersionForReplication",
  "s3:PutObject",
  "s3:PutObjectAcl",
  "s3:DeleteObject",
  "s3:DeleteObjectVersion",
  "s3:ReplicateObject",
  "s3:ReplicateDelete",
  "s3:RestoreObject",
  "s3:BypassGovernanceRetention",
  "s3:UpdateObjectEncryption",
  "s3:UnknownToday",
] as const;

const LOOKING = ["s3:ListBucket", "s3:ListBucketVersions", ...BUCKET_CHECK_RIGHTS];

const USE_OF_KEYS = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"] as const;

export function strangerObligations(
  map: AccessMap,
  strangers: readonly Stranger[],
): readonly Obligation[] {
  return targetsOf(map).flatMap((target) =>
    strangers.flatMap((stranger) => ofStranger(map, target, stranger)),
  );
}

function ofStranger(map: AccessMap, target: Target, stranger: Stranger): readonly Obligation[] {
  const { caller, unknown } = stranger;
  const scene: Scene = { map, target, caller, unknown };
  const deny = (
    action: string,
    layer: Layer,
    resource: (key: string) => string,
    objects?: ObjectSet,
  ): Obligation => {
    const about = layer === "key policy alone" ? ` of ${nameOfKey(resource(""))}` : "";
    return {
      id: `${idAt(map, target)}${stranger.name}/${action}${about} denied: ${layer}`,
      kind: "stranger",
      layer,
      line: map.lineOf(["principals"]),
      actor: stranger,
      expected: "deny",
      objects,
      ...(objects === undefined
        ? { ways: () => [[anyhow(scene, action, resource(""))]] }
        : onObject(scene, action)),
    };
  };
  const bucket = bucketArn(scene);
  return [
    ...OBJECT_ACTIONS.map((action) =>
      deny(action, "bucket policy alone", (key) => `${bucket}/${key}`, EVERYWHERE),
    ),
    ...[...LOOKING, ...administrationBy(stranger)].map((action) =>
      deny(action, "bucket policy alone", () => bucket),
    ),
    ...keysOf(map, target).flatMap((key) =>
      keyActionsBy(stranger).map((action) => deny(action, "key policy alone", () => key)),
    ),
  ];
}

const ROOTS = ["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];

// @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html (what the root user always may)
function administrationBy({ kind }: Stranger): readonly string[] {
  return kind === "root user"
    ? BUCKET_ADMINISTRATION.filter((action) => !ROOTS.includes(action))
    : BUCKET_ADMINISTRATION;
}

/** Those that KMS itself does not refuse: it takes nothing unsigned, and little from other accounts. */
function keyActionsBy({ kind }: Stranger): readonly string[] {
  switch (kind) {
    case "anonymous":
    case "identity provider":
      return [];
    case "another account":
      return [
        ...USE_OF_KEYS,
        "kms:CreateGrant",
        "kms:ListGrants",
        "kms:RevokeGrant",
        "kms:ReEncryptFrom",
      ];
    case "root user":
      return [...USE_OF_KEYS, ...NOBODYS_KEY_ACTIONS];
    case "another role":
    case "another user":
    case "federated user":
    case "service":
      return [...USE_OF_KEYS, ...NOBODYS_KEY_ACTIONS, ...KEY_ADMINISTRATION];
    default:
      return kind satisfies never;
  }
}
