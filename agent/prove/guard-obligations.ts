/**
 * That each guard holds by itself: for everything that a principal is given, the request with the guard broken is
 * denied by the statements that keep this guard, whatever the rest of its context, and all other statements that
 * deny removed.
 *
 * Which statements those are is told by what they do: they deny a request of every day in which the guard is all that
 * is broken.
 * @module
 */
import type { AccessMap, Group, Target } from "../map/access-map.ts";
import { BUCKET_CHECK_RIGHTS } from "../policy/rights.ts";
import { ACTS, claimOf } from "./entitlement.ts";
import { encryptionGuards } from "./encryption-guards.ts";
import { routesOf } from "./everyday.ts";
import { type Broken, guardsOf } from "./guards.ts";
import { BUCKET_LOOKS } from "./known-actions.ts";
import { everydayListings } from "./list-obligations.ts";
import { sealContext, sealKeys } from "./encryption.ts";
import {
  ACTIONS,
  bucketArn,
  classOf,
  type EverydayScene,
  everydayStep,
  everydayWays,
  onObject,
} from "./object-requests.ts";
import { placeOf } from "./object-keys.ts";
import type { Obligation, Step, Way } from "./obligation.ts";
import { constraintsOf, withKeys } from "./request-class.ts";
import { idAt, type Subject, targetsOf } from "./use-obligations.ts";

export function guardObligations(
  map: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  return targetsOf(map).flatMap((target) =>
    subjects.flatMap((subject) => {
      const { principal, actor } = subject;
      const scene: EverydayScene = { map, target, principal, caller: actor.caller };
      const given = givenTo(map, target, subject);
      const everyday = everydayOf(scene);
      return [
        ...guardsOf(scene).flatMap((guard) => [
          ...forGuard(scene, everyday, subject, guard, given),
          ...onBucket(scene, subject, guard),
        ]),
        ...(given.get("put") ?? []).flatMap((group) =>
          encryptionGuards(scene, group).flatMap((guard) =>
            forGuard(scene, everyday, subject, guard, new Map([["put", [group]]])),
          ),
        ),
      ];
    }),
  );
}

type Given = ReadonlyMap<(typeof ACTS)[number], readonly Group[]>;

function givenTo(map: AccessMap, target: Target, { principal }: Subject): Given {
  const acts = ACTS.filter((act) => act !== "open");
  return new Map(
    acts.flatMap((act) => {
      const groups = map.groups.filter(
        (group) => claimOf(map, target, principal, group, act) === "must",
      );
      return groups.length === 0 ? [] : [[act, groups] as const];
    }),
  );
}

/** The same for all guards of a principal. */
type Everyday = (act: (typeof ACTS)[number], key: string) => readonly Way[];

function everydayOf(scene: EverydayScene): Everyday {
  const known = new Map<string, readonly Way[]>();
  return (act, key) => {
    const name = `${act} ${key}`;
    const found = known.get(name) ?? everydayWays(scene, act, key);
    known.set(name, found);
    return found;
  };
}

function forGuard(
  scene: EverydayScene,
  everyday: Everyday,
  { actor, principal }: Subject,
  guard: Broken,
  given: Given,
): readonly Obligation[] {
  const { map, target } = scene;
  const base = {
    kind: "guard",
    layer: "guard alone",
    line: guard.line,
    actor,
    expected: "deny",
  } as const;
  const id = (what: string): string =>
    `${idAt(map, target)}${principal.name}/${what} denied: guard alone: ${guard.name}`;
  const ofS3 = [...given].map(([act, groups]): Obligation => {
    const broken = guard.broken.map((input) => onObject(scene, ACTIONS[act], input).ways);
    return {
      ...base,
      id: id(guard.isOfGroup ? `${act}/${groups[0]?.name ?? ""}` : act),
      objects: { kind: "groups", names: new Set(groups.map(({ name }) => name)), withRoot: false },
      ways: (key) => broken.flatMap((one) => one(key)),
      // what a group's objects are put with is the group's own
      similar: act === "put" ? undefined : onObject(scene, ACTIONS[act]).similar,
      typical: (key) => everyday(act, key).flatMap((way) => typicalOf(way.slice(0, 1), guard)),
    };
  });
  const sealed = (given.get("fetch") ?? []).filter(
    (group) => guard.alsoKms && sealKeys(target, group).length > 0,
  );
  if (sealed.length === 0) return ofS3;
  const ofKms: Obligation = {
    ...base,
    id: id("kms:Decrypt"),
    objects: { kind: "groups", names: new Set(sealed.map(({ name }) => name)), withRoot: false },
    ways: (key) => decrypts(scene, key, guard),
    typical: (key) => everyday("open", key).flatMap((way) => typicalOf(way.slice(-1), guard)),
  };
  return [...ofS3, ofKms];
}

/** What it is given to do with the bucket itself: to list it, or to look at it, as before it writes. */
function onBucket(
  scene: EverydayScene,
  { actor, principal }: Subject,
  guard: Broken,
): readonly Obligation[] {
  const { map, target } = scene;
  const listed = map.groups.find(
    (group) => claimOf(map, target, principal, group, "list") === "must",
  );
  const audits = map.auditors.includes(principal.name);
  const [check = ""] = audits ? BUCKET_LOOKS : BUCKET_CHECK_RIGHTS;
  const publishes =
    target === map.home &&
    map.groups.some(({ publishers }) => publishers.some((one) => one.principal === principal.name));
  const obligation = (action: string, everyday: () => readonly Way[]): Obligation => ({
    id: `${idAt(map, target)}${principal.name}/${action} denied: guard alone: ${guard.name}`,
    kind: "guard",
    layer: "guard alone",
    line: guard.line,
    actor,
    expected: "deny",
    objects: undefined,
    ways: () =>
      guard.broken.map((input) => [
        { requestClass: classOf(scene, action, bucketArn(scene), input), endpoint: undefined },
      ]),
    typical: () => everyday().flatMap((way) => typicalOf(way, guard)),
  });
  return [
    ...(listed === undefined
      ? []
      : [obligation("s3:ListBucket", () => everydayListings(scene, "list", listed))]),
    ...(publishes || audits
      ? [
          obligation(check, () =>
            routesOf(map, target, principal, "s3").map((route) => [
              everydayStep(scene, check, bucketArn(scene), route, {}),
            ]),
          ),
        ]
      : []),
  ];
}

/** The caller's own decryption of what it is given, with the guard broken. */
function decrypts(scene: EverydayScene, key: string, guard: Broken): readonly Way[] {
  const { group } = placeOf(scene.map, key);
  if (group === undefined) return [];
  const { pairs, names } = sealContext(scene.map, group, key);
  return sealKeys(scene.target, group).flatMap((arn) =>
    guard.broken.map((input) => [
      {
        requestClass: classOf(scene, "kms:Decrypt", arn, {
          ...input,
          keys: {
            ...pairs,
            "kms:EncryptionContextKeys": { kind: "one of", alternatives: names },
            ...input.keys,
          },
        }),
        endpoint: undefined,
      },
    ]),
  );
}

/** An everyday request with nothing but the guard broken. */
function typicalOf(way: Way, { typical }: Broken): readonly Way[] {
  return typical.map((change) => {
    const changed = constraintsOf(change);
    return way.map(({ requestClass, endpoint }): Step => {
      const keys = new Map([...requestClass.keys, ...changed]);
      return { requestClass: withKeys(requestClass, keys), endpoint };
    });
  });
}
