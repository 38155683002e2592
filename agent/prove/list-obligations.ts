/**
 * Who can list what: the names of secrets, now and in the past.
 * @module
 */
import type { AccessMap, Group, Target } from "../map/access-map.ts";
import { BUCKET_CHECK_RIGHTS } from "../policy/rights.ts";
import type { Keys } from "./caller-facts.ts";
import { claimOf, listedBy, type Listing, LISTINGS } from "./entitlement.ts";
import { routesOf } from "./everyday.ts";
import { bucketArn, classOf, type EverydayScene, everydayStep } from "./object-requests.ts";
import type { Layer, Obligation, Step, Way } from "./obligation.ts";
import {
  allowingLayers,
  idAt,
  lineOfPrincipal,
  type Subject,
  targetsOf,
} from "./use-obligations.ts";

const ACTIONS: Readonly<Record<Listing, string>> = {
  list: "s3:ListBucket",
  "list old versions of": "s3:ListBucketVersions",
};

export function listObligations(
  map: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  return targetsOf(map).flatMap((target) =>
    subjects.flatMap((subject) => [
      ...LISTINGS.flatMap((listing) => listed(map, target, subject, listing)),
      ...(target === map.home ? looksAtBucket(map, subject) : []),
    ]),
  );
}

/** Publishers look whether the bucket keeps versions and is closed, before they write. */
function looksAtBucket(map: AccessMap, subject: Subject): readonly Obligation[] {
  const { principal, actor } = subject;
  const publishes = map.groups.some(({ publishers }) =>
    publishers.some((one) => one.principal === principal.name),
  );
  const scene: EverydayScene = { map, target: map.home, principal, caller: actor.caller };
  const layers = publishes ? allowingLayers(subject) : [];
  return layers.flatMap((layer) =>
    BUCKET_CHECK_RIGHTS.map((action): Obligation => ({
      id: `${idAt(map, map.home)}${principal.name}/${action} allowed: ${layer}`,
      kind: "list",
      layer,
      line: lineOfPrincipal(map, principal),
      actor,
      expected: "allow",
      objects: undefined,
      ways: () =>
        routesOf(map, map.home, principal, "s3").map((route) => [
          everydayStep(scene, action, bucketArn(scene), route, {}),
        ]),
    })),
  );
}

function listed(
  map: AccessMap,
  target: Target,
  subject: Subject,
  listing: Listing,
): readonly Obligation[] {
  const { principal, actor, hasDocuments } = subject;
  const scene: EverydayScene = { map, target, principal, caller: actor.caller };
  const claims = map.groups.map((group) => ({
    group,
    claim: claimOf(map, target, principal, group, listing),
  }));
  const id = `${idAt(map, target)}${principal.name}/${listing}`;
  const base = { kind: "list", actor, objects: undefined } as const;
  const layers: readonly Layer[] = [
    "whole",
    ...(hasDocuments ? (["identity alone"] as const) : []),
    // names of secrets are no secrets
    ...(map.accepted.includes("fewer-layers") ? [] : (["bucket policy alone"] as const)),
  ];
  // whoever copies all must know what there is
  if (principal.name === map.replication && listing === "list" && target === map.home) return [];
  const open = claims.filter(({ claim }) => claim !== "no").map(({ group }) => group);
  return [
    ...claims
      .filter(({ claim }) => claim === "must")
      .flatMap(({ group }) =>
        allowingLayers(subject).map((layer): Obligation => ({
          ...base,
          id: `${id}/${group.name} allowed: ${layer}`,
          layer,
          line: map.lineOf(["groups", group.name]),
          expected: "allow",
          ways: () => everydayListings(scene, listing, group),
        })),
      ),
    ...(map.breakGlass.includes(principal.name) ? [] : layers).map((layer): Obligation => ({
      ...base,
      id: `${id}/anything else denied: ${layer}`,
      layer,
      line: lineOfPrincipal(map, principal),
      expected: "deny",
      ways: () => [[otherListing(scene, listing, open)]],
    })),
  ];
}

export function everydayListings(
  scene: EverydayScene,
  listing: Listing,
  group: Group,
): readonly Way[] {
  const { text, isPrefix } = listedBy(group);
  // S3 also compares a key itself as the prefix, when it decides between 403 and 404
  const below = isPrefix && group.reach.kind === "prefix" ? [[`${text}x`], [`${text}x/y`]] : [];
  const keys: Keys = {
    "s3:prefix": { kind: "one of", alternatives: [[text], ...below] },
    "s3:max-keys": "free",
    "s3:delimiter": { kind: "one of", alternatives: [[], ["/"]] },
  };
  return routesOf(scene.map, scene.target, scene.principal, "s3").map((route) => [
    everydayStep(scene, ACTIONS[listing], bucketArn(scene), route, keys),
  ]);
}

/** Any prefix that is none of those groups', and none at all. */
function otherListing(scene: EverydayScene, listing: Listing, open: readonly Group[]): Step {
  const patterns = open.map(listedBy).map(({ text, isPrefix }) => (isPrefix ? `${text}*` : text));
  const where = patterns.length === 0 ? {} : { StringNotLike: { "s3:prefix": patterns } };
  return {
    requestClass: classOf(scene, ACTIONS[listing], bucketArn(scene), { where }),
    endpoint: undefined,
  };
}
