/**
 * Who could grant itself more: who changes the bucket's policy, the keys or the roles, as far as the documents tell.
 * @module
 */
import type { AccessMap, Target } from "../map/access-map.ts";
import type { MapBucket } from "../map/buckets.ts";
import type { Bindings } from "../policy/bindings.ts";
import { contextOf } from "../policy/context.ts";
import { evaluate } from "../policy/evaluate.ts";
import { parseArn } from "../policy/glob.ts";
import type { AccessRequest } from "../policy/request.ts";
import { standardKeys } from "../policy/standard-keys.ts";
import { callerOf, everydayKeys } from "./everyday.ts";
import type { Actor } from "./matrix-rows.ts";

export const CONTROLLED = ["bucket", "keys", "roles"] as const;

/** What it could change, in the order of CONTROLLED. */
export type Control = readonly (typeof CONTROLLED)[number][];

/**
 * One of the actions on one of the things is enough.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/grants.html (a grant is access without the key's policy)
 */
const ACTIONS: Readonly<Record<Control[number], readonly string[]>> = {
  bucket: ["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"],
  keys: ["kms:PutKeyPolicy", "kms:CreateGrant"],
  roles: [
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:UpdateAssumeRolePolicy",
  ],
};

/**
 * Of any of the buckets.
 * @throws {PosternError} BadData as `evaluate` does
 */
export function controlOf(
  buckets: readonly MapBucket[],
  actor: Actor,
  bindings: Bindings,
): Control {
  return CONTROLLED.filter((thing) =>
    buckets.some(({ map, target }) =>
      thingsOf(thing, map, target).some((resource) =>
        ACTIONS[thing].some((action) => {
          const request = actor.asking(requestFor({ map, target, actor }, action, resource));
          return evaluate(request, bindings(request)).decision === "allow";
        }),
      ),
    ),
  );
}

function thingsOf(thing: Control[number], map: AccessMap, target: Target): readonly string[] {
  switch (thing) {
    case "bucket":
      return [`arn:${map.partition}:s3:::${target.bucket}`];
    case "keys":
      return [...new Set(target.keys.values())];
    case "roles":
      return map.principals.flatMap((one) =>
        "arn" in one && one.kind !== "foreign" && one.arn.includes(":role/") ? [one.arn] : [],
      );
    default:
      return thing satisfies never;
  }
}

interface Asking {
  readonly map: AccessMap;
  readonly target: Target;
  readonly actor: Actor;
}

function requestFor(
  { map, target, actor }: Asking,
  action: string,
  resource: string,
): AccessRequest {
  const asked = {
    caller: callerOf(actor.principal),
    action,
    resource: parseArn(resource),
    resourceAccount: map.account,
  };
  const keys = everydayKeys(map, target, actor.principal, action.startsWith("s3:") ? "s3" : "kms");
  return { ...asked, context: contextOf({ ...standardKeys(asked, keys, undefined), ...keys }) };
}
