/**
 * Who is not in the map, each with what is assumed of it; none of them may get at anything.
 * @module
 */
import type { AccessMap, Target } from "../map/access-map.ts";
import { type Caller, callerOfArn } from "../policy/caller.ts";
import { arnGlobOf, matchesArn, parseArn, wildTokens } from "../policy/glob.ts";
import { BUCKET_CHECK_RIGHTS } from "../policy/rights.ts";
import { BUCKET_ADMINISTRATION, KEY_ADMINISTRATION } from "./administration.ts";
import { callerWith } from "./caller-facts.ts";
import { keysOf, nameOfKey, NOBODYS_KEY_ACTIONS } from "./key-obligations.ts";
import { anyhow, bucketArn, onObject, type Scene } from "./object-requests.ts";
import type { Actor, Layer, ObjectSet, Obligation } from "./obligation.ts";
import { idAt, targetsOf } from "./use-obligations.ts";

export interface Stranger extends Actor {
  readonly kind: StrangerKind;
}

/**
 * - another role, another user: of the map's account, with `*:*`.
 * - root user: of the map's account, which no policy of its own binds.
 * - another account: a role there with `*:*`, and of any organisation.
 * - anonymous: without a signature.
 * - service: of AWS, on its own behalf or on that of any account.
 */
export type StrangerKind =
  | "another role"
  | "another user"
  | "root user"
  | "another account"
  | "anonymous"
  | "service";

const ELSEWHERE = "999988887777";

/** @param roles ARNs that the documents tell apart from each other */
export function strangersOf(map: AccessMap, roles: readonly string[]): readonly Stranger[] {
  const { partition, account } = map;
  const iam = `arn:${partition}:iam::${account}`;
  const known = map.principals.map((one) =>
    arnGlobOf(wildTokens(one.kind === "sso" ? one.arnPattern : one.arn)),
  );
  const isKnown = (text: string): boolean => {
    const arn = parseArn(text);
    return arn !== undefined && known.some((pattern) => matchesArn(pattern, arn));
  };
  const others = [...new Set([`${iam}:role/stranger`, ...nearRoles(map), ...roles])].filter(
    (arn) => !isKnown(arn) && callerOfArn(arn)?.kind === "role",
  );
  const stranger = (kind: StrangerKind, name: string, caller: Caller): Stranger => ({
    kind,
    name,
    caller,
    own: "everything",
  });
  return [
    ...others.map((arn) => stranger("another role", arn.slice(iam.length + 1), callerWith(arn))),
    stranger("another user", "user/stranger", callerWith(`${iam}:user/stranger`)),
    stranger("root user", "root", { kind: "root", arn: `${iam}:root`, account }),
    stranger(
      "another account",
      `role/stranger of ${ELSEWHERE}`,
      callerWith(`arn:${partition}:iam::${ELSEWHERE}:role/stranger`),
    ),
    stranger("anonymous", "anonymous", { kind: "anonymous" }),
    ...["logging.s3.amazonaws.com", "cloudtrail.amazonaws.com"].map((name) =>
      stranger("service", name, { kind: "service", name }),
    ),
  ];
}

/** Roles that a careless pattern would take for one of the map's. */
function nearRoles({ partition, account, principals }: AccessMap): readonly string[] {
  const iam = `arn:${partition}:iam::${account}:role`;
  const first = principals.find((one) => one.kind === "ec2");
  const sets = principals.flatMap((one) => (one.kind === "sso" ? [one] : []));
  return [
    `${iam}/postern/stranger`,
    ...(first === undefined
      ? []
      : [`${iam}/${first.name}`, `${iam}/x/postern/${first.name}`, `${first.arn}x`]),
    ...sets.flatMap(({ permissionSet, arnPattern }) => [
      `${iam}/AWSReservedSSO_${permissionSet}_0123456789abcdef`,
      `${arnPattern.replaceAll("?", "0")}x`,
      arnPattern.replace(/_\?+$/, `_Admin_${"0".repeat(16)}`),
    ]),
  ];
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
  const scene: Scene = { map, target, caller: stranger.caller };
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
      ...(objects === undefined ? {} : { isAlike: true as const }),
      ways:
        objects === undefined
          ? () => [[anyhow(scene, action, resource(""))]]
          : onObject(scene, action),
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
      return [];
    case "another account":
      return [...USE_OF_KEYS, "kms:CreateGrant", "kms:ReEncryptFrom"];
    case "root user":
      return [...USE_OF_KEYS, ...NOBODYS_KEY_ACTIONS];
    case "another role":
    case "another user":
    case "service":
      return [...USE_OF_KEYS, ...NOBODYS_KEY_ACTIONS, ...KEY_ADMINISTRATION];
    default:
      return kind satisfies never;
  }
}
