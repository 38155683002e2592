/** What nobody who is not in the map may do: at anything of it. @module */
import type { AccessMap, Target } from "../map/access-map.ts";
import { BUCKET_CHECK_RIGHTS } from "../policy/rights.ts";
import { BUCKET_ADMINISTRATION, KEY_ADMINISTRATION } from "./administration.ts";
import { keysOf, nameOfKey, NOBODYS_KEY_ACTIONS } from "./key-obligations.ts";
import { FURTHER_OBJECT_ACTIONS } from "./known-actions.ts";
import { anyhow, bucketArn, onObject, type Scene } from "./object-requests.ts";
import type { Layer, ObjectSet, Obligation } from "./obligation.ts";
import type { Stranger } from "./strangers.ts";
import { idAt, targetsOf } from "./use-obligations.ts";

const EVERYWHERE: ObjectSet = { kind: "everywhere" };

const OBJECT_ACTIONS = [
  "s3:GetObject",
  "s3:GetObjectVersion",
  "s3:PutObject",
  "s3:DeleteObject",
  ...FURTHER_OBJECT_ACTIONS,
];

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
