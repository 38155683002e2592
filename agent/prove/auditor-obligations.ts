/**
 * That auditors see how buckets and keys are protected, over every route of theirs, and do nothing else with them or with
 * what lies in them. What is asked of every principal is not asked here again: the groups' objects, listings, and uses of keys.
 * @module
 */
import type { AccessMap, Target } from "../map/access-map.ts";
import { type Route, routesOf } from "./everyday.ts";
import { keysOf, nameOfKey } from "./key-obligations.ts";
import { BUCKET_ACTIONS, BUCKET_LOOKS, KEY_ACTIONS, KEY_LOOKS } from "./known-actions.ts";
import { anotherKey, anyOf, obligation } from "./management-obligations.ts";
import { bucketArn, type EverydayScene, everydayStep, onObject } from "./object-requests.ts";
import type { Obligation, Way } from "./obligation.ts";
import {
  allowingLayers,
  denyingLayers,
  isGenerated,
  type Subject,
  targetsOf,
} from "./use-obligations.ts";

export function auditorObligations(
  map: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  return targetsOf(map).flatMap((target) =>
    subjects
      .filter(({ principal }) => map.auditors.includes(principal.name))
      .flatMap((subject) => {
        const scene = sceneOf(map, target, subject);
        return [...looks(scene, subject), ...nothingMore(scene, subject)];
      }),
  );
}

function sceneOf(map: AccessMap, target: Target, { principal, actor }: Subject): EverydayScene {
  return { map, target, principal, caller: actor.caller };
}

function looks(scene: EverydayScene, subject: Subject): readonly Obligation[] {
  const { map, target, principal } = scene;
  const over = (routes: readonly Route[], actions: readonly string[], resource: string) =>
    routes.flatMap((route) =>
      actions.map((action): Way => [everydayStep(scene, action, resource, route, {})]),
    );
  return allowingLayers(subject).flatMap((layer) => [
    obligation(scene, "looks at the bucket", layer, "allow", () =>
      over(routesOf(map, target, principal, "s3"), BUCKET_LOOKS, bucketArn(scene)),
    ),
    ...keysOf(map, target).map((key) =>
      obligation(scene, `looks at ${nameOfKey(key)}`, layer, "allow", () =>
        over(routesOf(map, target, principal, "kms"), KEY_LOOKS, key),
      ),
    ),
  ]);
}

/** A role that is there already may have other duties, but none here. */
function nothingMore(scene: EverydayScene, subject: Subject): readonly Obligation[] {
  const { map, target, principal } = scene;
  const others = (all: readonly string[], own: readonly string[]): readonly string[] =>
    all.filter((one) => !own.includes(one));
  const base = (what: string, layer: Obligation["layer"]): Obligation =>
    obligation(scene, what, layer, "deny", () => []);
  return [
    ...denyingLayers(subject, "bucket policy alone").flatMap((layer) => [
      obligation(scene, "more than to look at the bucket", layer, "deny", () =>
        anyOf(scene, others(IN_BUCKET, BUCKET_LOOKS), bucketArn(scene)),
      ),
      ...OF_OBJECTS.map((action): Obligation => ({
        ...base(`${action} of any object`, layer),
        objects: { kind: "everywhere" },
        ...onObject(scene, action),
      })),
    ]),
    ...keysOf(map, target).flatMap((key) =>
      denyingLayers(subject, "key policy alone").map((layer) =>
        obligation(scene, `more than to look at ${nameOfKey(key)}`, layer, "deny", () =>
          anyOf(scene, others(KEY_ACTIONS, KEY_LOOKS), key),
        ),
      ),
    ),
    ...(isGenerated(principal)
      ? [
          obligation(scene, "any use of another key", "identity alone", "deny", () =>
            anyOf(scene, KEY_ACTIONS, anotherKey(scene)),
          ),
        ]
      : []),
  ];
}

// the last of each stands for what is not invented yet
const IN_BUCKET: readonly string[] = [...BUCKET_ACTIONS, "s3:UnknownToday"];
const OF_OBJECTS = [
  "s3:GetObjectAcl",
  "s3:GetObjectAttributes",
  "s3:GetObjectTagging",
  "s3:PutObjectTagging",
  "s3:AbortMultipartUpload",
  "s3:UnknownToday",
] as const;
