/**
 * Who can change what everything rests on, and that those who must can: deployers and who comes when all is locked.
 * @module
 */
import type { AccessMap, Principal, Target } from "../map/access-map.ts";
import { type Route, routesOf } from "./everyday.ts";
import { keysOf, nameOfKey } from "./key-obligations.ts";
import {
  bucketArn,
  type EverydayScene,
  everydayStep,
  onEach,
  type Scene,
} from "./object-requests.ts";
import type { Layer, Obligation } from "./obligation.ts";
import {
  allowingLayers,
  denyingLayers,
  idAt,
  lineOfPrincipal,
  type Subject,
  targetsOf,
} from "./use-obligations.ts";

/** By which a bucket stops being what was proved. */
export const BUCKET_ADMINISTRATION = [
  "s3:PutBucketPolicy",
  "s3:DeleteBucketPolicy",
  "s3:PutBucketAcl",
  "s3:PutBucketVersioning",
  "s3:PutEncryptionConfiguration",
  "s3:PutBucketPublicAccessBlock",
  "s3:PutBucketOwnershipControls",
  "s3:PutLifecycleConfiguration",
  "s3:PutReplicationConfiguration",
  "s3:PutInventoryConfiguration",
  "s3:PutBucketNotification",
  "s3:PutBucketLogging",
  "s3:DeleteBucket",
] as const;

export const KEY_ADMINISTRATION = [
  "kms:PutKeyPolicy",
  "kms:ScheduleKeyDeletion",
  "kms:DisableKey",
  "kms:UpdatePrimaryRegion",
  "kms:ReplicateKey",
] as const;

/** What undoes any of it. */
const BUCKET_UNDO = ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"] as const;
const KEY_UNDO = ["kms:GetKeyPolicy", "kms:PutKeyPolicy"] as const;

export function administrationObligations(
  map: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  const undoers = [...map.deployers, ...map.breakGlass];
  return targetsOf(map).flatMap((target) =>
    subjects.flatMap((subject) =>
      undoers.includes(subject.principal.name)
        ? canUndo(map, target, subject)
        : cannotChange(map, target, subject),
    ),
  );
}

function canUndo(map: AccessMap, target: Target, subject: Subject): readonly Obligation[] {
  const { principal } = subject;
  const scene: EverydayScene = { map, target, principal, caller: subject.actor.caller };
  // a role of which no document is known has its rights from elsewhere
  const { actor } = subject;
  const layers = allowingLayers(subject);
  const allowIn = (
    layer: Layer,
    action: string,
    resource: string,
    service: "s3" | "kms",
  ): Obligation => ({
    id: `${idAt(map, target)}${principal.name}/${action}${ofKey(resource)} allowed: ${layer}`,
    kind: "administration",
    layer,
    line: lineOfRole(map, principal),
    actor,
    expected: "allow",
    objects: undefined,
    ways: () =>
      waysOut(routesOf(map, target, principal, service)).map((route) => [
        everydayStep(scene, action, resource, route, {}),
      ]),
  });
  const allow = (action: string, resource: string, service: "s3" | "kms"): readonly Obligation[] =>
    layers.map((layer) => allowIn(layer, action, resource, service));
  return [
    ...BUCKET_UNDO.flatMap((action) => allow(action, bucketArn(scene), "s3")),
    ...keysOf(map, target).flatMap((key) =>
      KEY_UNDO.flatMap((action) => allow(action, key, "kms")),
    ),
  ];
}

/** Endpoints are for those who use secrets: who has another way may have to take it. */
export function waysOut(routes: readonly Route[]): readonly Route[] {
  const around = routes.filter(({ endpoint }) => endpoint === undefined);
  return around.length === 0 ? routes : around;
}

function lineOfRole(map: AccessMap, { name }: Principal): number {
  const at = map.deployers.indexOf(name);
  return at === -1
    ? map.lineOf(["break_glass", map.breakGlass.indexOf(name)])
    : map.lineOf(["deployers", at]);
}

function cannotChange(map: AccessMap, target: Target, subject: Subject): readonly Obligation[] {
  const { principal, actor } = subject;
  const scene: Scene = { map, target, caller: actor.caller };
  const deny = (action: string, last: Layer, resources: readonly string[]) => {
    const asked = onEach(scene, action, "");
    return resources.flatMap((resource) =>
      denyingLayers(subject, last).map((layer): Obligation => ({
        id: `${idAt(map, target)}${principal.name}/${action}${ofKey(resource)} denied: ${layer}`,
        kind: "administration",
        layer,
        line: lineOfPrincipal(map, principal),
        actor,
        expected: "deny",
        objects: { kind: "arns", arns: [resource] },
        ...asked,
      })),
    );
  };
  const keys = keysOf(map, target);
  return [
    ...BUCKET_ADMINISTRATION.flatMap((action) =>
      deny(action, "bucket policy alone", [bucketArn(scene)]),
    ),
    ...KEY_ADMINISTRATION.flatMap((action) => deny(action, "key policy alone", keys)),
  ];
}

function ofKey(resource: string): string {
  return resource.includes(":key/") ? ` of ${nameOfKey(resource)}` : "";
}
