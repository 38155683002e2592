/** What the map's owner wrote under `expect`. @module */
import type { AccessMap, Group, MapExpectation, Verb } from "../map/access-map.ts";
import { type Act, listedBy } from "./entitlement.ts";
import { routesOf } from "./everyday.ts";
import {
  anyhow,
  anyWays,
  bucketArn,
  type EverydayScene,
  everydayStep,
  everydayWays,
} from "./object-requests.ts";
import type { Obligation, Way } from "./obligation.ts";
import { idAt, type Subject } from "./use-obligations.ts";

const ACTS: Readonly<Record<Exclude<Verb, "list">, Act>> = {
  read: "open",
  put: "put",
  remove: "remove",
  "read old versions of": "fetch old versions of",
};

/**
 * What must not be is asked in each bucket; what must be, where groups are that the keys could be of.
 * @param map the whole map
 * @param one the same of one bucket
 */
export function expectationObligations(
  map: AccessMap,
  one: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  return map.expectations
    .filter((expectation) => isAskedIn(map, one, expectation))
    .flatMap((expectation) =>
      subjects
        .filter(({ principal }) => principal.name === expectation.principal)
        .map((subject) => expected(one, subject, expectation)),
    );
}

function isAskedIn(map: AccessMap, one: AccessMap, { allowed, pattern }: MapExpectation): boolean {
  const isOfGroup = (group: Group): boolean => isNear(pattern, group);
  if (!allowed || one.groups.some(isOfGroup)) return true;
  // keys of no group are said of the home bucket
  return one.home.bucket === map.home.bucket && !map.groups.some(isOfGroup);
}

/** Whether some key is both of the pattern and of what the group is listed by. */
function isNear(pattern: string, group: Group): boolean {
  const { text, isPrefix } = listedBy(group);
  const prefix = pattern.replace(/\*$/, "");
  const isOpen = pattern !== prefix;
  return (
    (isOpen && text.startsWith(prefix)) || (isPrefix && prefix.startsWith(text)) || text === prefix
  );
}

function expected(
  map: AccessMap,
  { principal, actor }: Subject,
  { text, verb, allowed, pattern, line }: MapExpectation,
): Obligation {
  const scene: EverydayScene = { map, target: map.home, principal, caller: actor.caller };
  return {
    id: `${idAt(map, map.home)}expect: ${text}`,
    kind: "expectation",
    layer: "whole",
    line,
    actor,
    expected: allowed ? "allow" : "deny",
    objects: verb === "list" ? undefined : { kind: "pattern", pattern },
    ways: (key): readonly Way[] => {
      if (verb === "list") return listings(scene, pattern, allowed);
      return allowed ? everydayWays(scene, ACTS[verb], key) : anyWays(scene, ACTS[verb], key);
    },
  };
}

/** With "*" at its end, by the prefix before it and by one longer. */
function listings(scene: EverydayScene, pattern: string, allowed: boolean): readonly Way[] {
  const prefix = pattern.replace(/\*$/, "");
  const prefixes = pattern === prefix ? [[prefix]] : [[prefix], [`${prefix}x`]];
  const keys = { "s3:prefix": { kind: "one of", alternatives: prefixes } } as const;
  if (!allowed) return [[anyhow(scene, "s3:ListBucket", bucketArn(scene), keys)]];
  return routesOf(scene.map, scene.target, scene.principal, "s3").map((route) => [
    everydayStep(scene, "s3:ListBucket", bucketArn(scene), route, keys),
  ]);
}
