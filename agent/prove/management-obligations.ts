/**
 * That who administers buckets and keys can do all that this takes, and that nobody else does anything with a bucket but
 * look at it. Administrators change the policies themselves: that one who is there already lacks other rights would promise
 * nothing.
 * @module
 */
import type { AccessMap, Target } from "../map/access-map.ts";
import { BUCKET_CHECK_RIGHTS } from "../policy/rights.ts";
import { waysOut } from "./administration.ts";
import { routesOf } from "./everyday.ts";
import { keysOf, nameOfKey } from "./key-obligations.ts";
import { BUCKET_ACTIONS, BUCKET_MANAGEMENT, KEY_ACTIONS, KEY_MANAGEMENT } from "./known-actions.ts";
import { anyhow, bucketArn, type EverydayScene, everydayStep } from "./object-requests.ts";
import type { Layer, Obligation, Way } from "./obligation.ts";
import {
  allowingLayers,
  denyingLayers,
  idAt,
  isGenerated,
  lineOfPrincipal,
  type Subject,
  targetsOf,
} from "./use-obligations.ts";

export function managementObligations(
  map: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  return targetsOf(map).flatMap((target) =>
    subjects
      // what copies objects reads how they are to be copied; of auditors is asked elsewhere (auditor-obligations.ts)
      .filter(({ principal: { name } }) => name !== map.replication && !map.auditors.includes(name))
      .flatMap((subject) =>
        [...map.deployers, ...map.breakGlass].includes(subject.principal.name)
          ? ofAdministrator(map, target, subject)
          : ofOther(map, target, subject),
      ),
  );
}

function ofAdministrator(map: AccessMap, target: Target, subject: Subject): readonly Obligation[] {
  const { principal, actor } = subject;
  const scene: EverydayScene = { map, target, principal, caller: actor.caller };
  const everyday = (actions: readonly string[], resource: string, service: "s3" | "kms") =>
    waysOut(routesOf(map, target, principal, service)).flatMap((route) =>
      actions.map((action): Way => [everydayStep(scene, action, resource, route, {})]),
    );
  const bucket = bucketArn(scene);
  const can = allowingLayers(subject).flatMap((layer) => [
    obligation(scene, "manages the bucket", layer, "allow", () =>
      everyday(BUCKET_MANAGEMENT, bucket, "s3"),
    ),
    ...keysOf(map, target).map((key) =>
      obligation(scene, `manages ${nameOfKey(key)}`, layer, "allow", () =>
        everyday(KEY_MANAGEMENT, key, "kms"),
      ),
    ),
  ]);
  return [...can, ...(isGenerated(principal) ? nothingMore(map, target, subject, scene) : [])];
}

/** A role that the map makes for it does nothing else; one that is there already may have other duties. */
function nothingMore(
  map: AccessMap,
  target: Target,
  subject: Subject,
  scene: EverydayScene,
): readonly Obligation[] {
  const others = (all: readonly string[], managing: readonly string[]): readonly string[] =>
    all.filter((one) => !managing.includes(one) && !LISTING.includes(one) && !USE.includes(one));
  const keys = keysOf(map, target);
  return [
    obligation(scene, "more than to manage the bucket", "identity alone", "deny", () =>
      anyOf(scene, others(BUCKET_ACTIONS, BUCKET_MANAGEMENT), bucketArn(scene)),
    ),
    obligation(scene, "any use of another key", "identity alone", "deny", () =>
      anyOf(scene, KEY_ACTIONS, anotherKey(scene)),
    ),
    ...keys.flatMap((key) =>
      denyingLayers(subject, "key policy alone").map((layer) =>
        obligation(scene, `more than to manage ${nameOfKey(key)}`, layer, "deny", () =>
          anyOf(scene, others(KEY_ACTIONS, KEY_MANAGEMENT), key),
        ),
      ),
    ),
  ];
}

/** Of the map's account and in no map. */
export function anotherKey({ map, target }: EverydayScene): string {
  return `arn:${map.partition}:kms:${target.region}:${map.account}:key/ffffffff-ffff-ffff-ffff-ffffffffffff`;
}

/** By which contexts is asked elsewhere (key-obligations.ts). */
const USE: readonly string[] = [
  "kms:Decrypt",
  "kms:Encrypt",
  "kms:GenerateDataKey",
  "kms:GenerateDataKeyWithoutPlaintext",
];

const LISTING: readonly string[] = ["s3:ListBucket", "s3:ListBucketVersions"];

function ofOther(map: AccessMap, target: Target, subject: Subject): readonly Obligation[] {
  const { principal, actor } = subject;
  const scene: EverydayScene = { map, target, principal, caller: actor.caller };
  const publishes = map.groups.some(({ publishers }) =>
    publishers.some((one) => one.principal === principal.name),
  );
  return denyingLayers(subject, "bucket policy alone").map((layer) => {
    // the bucket's own policy lets all of the map look
    const looks = layer === "bucket policy alone" || publishes || map.doctor;
    const actions = BUCKET_ACTIONS.filter(
      (action) => !LISTING.includes(action) && !(looks && BUCKET_CHECK_RIGHTS.includes(action)),
    );
    return obligation(scene, "more than to look at the bucket", layer, "deny", () =>
      anyOf(scene, actions, bucketArn(scene)),
    );
  });
}

/** Any of the actions in whatever context. */
export function anyOf(
  scene: EverydayScene,
  actions: readonly string[],
  resource: string,
): readonly Way[] {
  const [first = ""] = actions;
  const { requestClass, endpoint } = anyhow(scene, first, resource);
  return actions.map((action) => [{ requestClass: { ...requestClass, action }, endpoint }]);
}

/** One about what a principal of the map does with a bucket or key, told by its line there. */
export function obligation(
  { map, target, principal, caller }: EverydayScene,
  what: string,
  layer: Layer,
  expected: Obligation["expected"],
  ways: () => readonly Way[],
): Obligation {
  return {
    id: `${idAt(map, target)}${principal.name}/${what} ${expected === "allow" ? "allowed" : "denied"}: ${layer}`,
    kind: "administration",
    layer,
    line: lineOfPrincipal(map, principal),
    actor: { name: principal.name, caller, own: "documents" },
    expected,
    objects: undefined,
    ways,
  };
}
