/**
 * Hostile principals, each with two verdicts: whether it gets at a secret by a request, and by which actions it could
 * give itself what it lacks.
 *
 * The first is also an obligation where the map promises it; the second is told, since nothing that lies on a bucket
 * or a key keeps the administrators of IAM from becoming any role.
 * @module
 */
import type { AccessMap, Group, Principal } from "../map/access-map.ts";
import { mapsByBucket } from "../map/buckets.ts";
import { parseArn } from "../policy/glob.ts";
import type { Alike } from "./alike.ts";
import { callerOf, isInstance, type Keys } from "./caller-facts.ts";
import type { Prover } from "./decide.ts";
import { claimOf } from "./entitlement.ts";
import { instanceKeys } from "./everyday.ts";
import { exampleOf } from "./key-misuse.ts";
import { keysOf } from "./key-obligations.ts";
import { askedBy, type Layers } from "./layers.ts";
import {
  anyhow,
  anyWays,
  bucketArn,
  onObject,
  type Scene,
  type Unknown,
} from "./object-requests.ts";
import type { Actor, Step, Way } from "./obligation.ts";
import { requestClassOf } from "./request-class.ts";
import type { Stranger } from "./strangers.ts";
import { hostArn, HOST_ACTIONS, ROLE_ACTIONS } from "./takeover.ts";

export interface HostileVerdict {
  /** "another role", "stolen credentials of an instance"; several actors may be of one kind. */
  readonly kind: string;
  readonly actor: string;
  /** What is taken for granted of it. */
  readonly assumes: string;
  /** The groups whose values it gets at, of those that are not its own unless its kind says otherwise. */
  readonly reads: readonly string[];
  /** Actions by which it could come to read. */
  readonly grantsItself: readonly string[];
}

interface Hostile {
  readonly kind: string;
  readonly actor: Actor;
  readonly assumes: string;
  readonly groups: readonly Group[];
  /** What its requests have in common. */
  readonly keys: Keys;
  readonly unknown?: Unknown | undefined;
}

interface Proving {
  readonly layers: Layers;
  readonly prover: Prover;
  readonly alike: Alike;
}

export function hostileVerdicts(
  map: AccessMap,
  strangers: readonly Stranger[],
  proving: Proving,
): readonly HostileVerdict[] {
  const maps = mapsByBucket(map);
  // the same of a principal in whatever part it plays
  const granting = new Map<string, readonly Granting[]>();
  return hostilesOf(map, strangers).map((hostile) => {
    const { kind, actor, assumes, keys, unknown } = hostile;
    const scenes = maps.map((one): Scene => ({
      map: one,
      target: one.home,
      caller: actor.caller,
      unknown,
    }));
    const steps = granting.get(actor.name) ?? scenes.flatMap(grantingSteps);
    granting.set(actor.name, steps);
    const gained = steps
      .filter(({ step }) => isAllowed(hostile, narrowed([step], keys), proving))
      .map(({ action }) => action);
    return {
      kind,
      actor: actor.name,
      assumes,
      reads: readBy(hostile, scenes, proving),
      grantsItself: [...new Set(gained)],
    };
  });
}

function isAllowed({ actor }: Hostile, way: Way, { layers, prover }: Proving): boolean {
  const links = way.map((step) => ({
    policies: layers.policiesFor("whole", actor, askedBy(step)),
    requestClass: step.requestClass,
  }));
  return prover.find({ links, shared: new Set() }, "allow").kind !== "none";
}

function readBy(hostile: Hostile, scenes: readonly Scene[], proving: Proving): readonly string[] {
  const fetching = new Map(
    scenes.map((scene) => [
      scene.target.bucket,
      { scene, fetches: fetchesIn(hostile, scene, proving) },
    ]),
  );
  return hostile.groups
    .filter((group) => {
      const place = fetching.get(group.bucket);
      const key = exampleOf(group);
      // who cannot fetch need not be asked whether it opens
      if (place === undefined || !place.fetches(key)) return false;
      return anyWays(place.scene, "open", key).some((way) =>
        isAllowed(hostile, narrowed(way, hostile.keys), proving),
      );
    })
    .map(({ name }) => name);
}

/** Whether it gets at the bytes of an object in the bucket: those that the documents take alike are fetched alike. */
function fetchesIn(hostile: Hostile, scene: Scene, proving: Proving): (key: string) => boolean {
  const { actor, keys } = hostile;
  const { ways, similar } = onObject(scene, "s3:GetObject");
  const { action, within } = similar;
  const bucket = { resource: parseArn(`${within}x`), endpoint: undefined };
  const policies = proving.layers.policiesFor("whole", actor, bucket);
  const signatureOf = proving.alike.signatureOf(policies, action);
  const known = new Map<string | number, boolean>();
  return (key) => {
    const resource = parseArn(`${within}${key}`);
    const signature = resource === undefined ? "" : signatureOf(resource);
    const found =
      known.get(signature) ??
      ways(key).some((way) => isAllowed(hostile, narrowed(way, keys), proving));
    known.set(signature, found);
    return found;
  };
}

function hostilesOf(map: AccessMap, strangers: readonly Stranger[]): readonly Hostile[] {
  const instances = map.principals.filter(isInstance);
  return [
    ...map.principals.map((one) => withEverything(map, one)),
    ...instances.flatMap((one) => ofInstance(map, one)),
    ...map.principals.map((one) => recreated(map, one)),
    ...strangers.map((actor) => ({
      kind: actor.kind,
      actor,
      assumes: ASSUMES[actor.kind],
      groups: map.groups,
      keys: {},
      unknown: actor.unknown,
    })),
  ];
}

const ASSUMES: Readonly<Record<Stranger["kind"], string>> = {
  "another role": "*:* of its own, in the map's account",
  "another user": "*:* of its own, in the map's account",
  "federated user": "*:* of its own, in the map's account",
  "root user": "the map's account itself",
  "another account": "*:* in its account, any organisation",
  anonymous: "no signature",
  service: "any account on whose behalf it comes",
  "identity provider": "a token of it",
};

function withEverything(map: AccessMap, principal: Principal): Hostile {
  const isUndoer = [...map.deployers, ...map.breakGlass].includes(principal.name);
  const kinds = principal.name === map.replication ? "replication role" : "a role of the map";
  return {
    kind: isUndoer ? "administrator of keys and buckets" : kinds,
    actor: { name: principal.name, caller: callerOf(principal), own: "both" },
    assumes: "*:* attached to it, asking for what is not its own",
    groups: map.groups.filter((group) => claimOf(map, map.home, principal, group, "open") === "no"),
    keys: {},
  };
}

function ownGroups(map: AccessMap, principal: Principal): readonly Group[] {
  return map.groups.filter((group) => claimOf(map, map.home, principal, group, "open") !== "no");
}

function ofInstance(map: AccessMap, principal: Principal): readonly Hostile[] {
  const { name } = principal;
  const instance = { ...instanceKeys(map, map.home), "aws:ViaAWSService": "false" };
  const hostile = (kind: string, assumes: string, keys: Keys): Hostile => ({
    kind,
    actor: { name, caller: callerOf(principal), own: "documents" },
    assumes,
    groups: ownGroups(map, principal),
    keys,
  });
  return [
    hostile("stolen credentials of an instance", "used outside every VPC, for its own groups", {
      ...instance,
      "aws:SourceVpc": [],
      "aws:SourceVpce": [],
      "aws:VpcSourceIp": [],
    }),
    hostile("credentials of IMDSv1", "used on the instance, for its own groups", {
      ...instance,
      "ec2:RoleDelivery": "1.0",
    }),
    hostile("presigned URL", "of its own, for its own groups", {
      "aws:ViaAWSService": "false",
      "s3:authType": "REST-QUERY-STRING",
    }),
  ];
}

function recreated(map: AccessMap, principal: Principal): Hostile {
  return {
    kind: "a re-created role of the same name",
    actor: {
      name: principal.name,
      caller: callerOf(principal),
      own: "everything",
      isRecreated: true,
    },
    assumes: "*:*; policies that name a role as principal know it no more, for its former groups",
    groups: ownGroups(map, principal),
    keys: {},
  };
}

/** The first request alone is the caller's own choice of network and time; others follow from it. */
function narrowed(way: Way, keys: Keys): Way {
  if (Object.keys(keys).length === 0) return way;
  return way.map((step): Step => {
    const { requestClass } = step;
    const isDerived = requestClass.keys.get("kms:viaservice") !== undefined;
    if (isDerived) return step;
    const { keys: own, where: _, correlations: __, otherKeys: ___, ...request } = requestClass;
    const more = requestClassOf({ ...request, keys }).keys;
    return { ...step, requestClass: { ...requestClass, keys: new Map([...own, ...more]) } };
  });
}

interface Granting {
  readonly action: string;
  readonly step: Step;
}

/** Each action once: on the bucket, the keys, a host, and the roles of the map. */
function grantingSteps(scene: Scene): readonly Granting[] {
  const { map } = scene;
  const on = (actions: readonly string[], resource: string): readonly Granting[] =>
    parseArn(resource) === undefined
      ? []
      : actions.map((action) => ({ action, step: anyhow(scene, action, resource) }));
  const [key] = keysOf(map, map.home);
  const role = map.principals.find((one) => one.kind === "ec2");
  return [
    ...on(["s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutBucketAcl"], bucketArn(scene)),
    ...on(["kms:PutKeyPolicy", "kms:CreateGrant"], key ?? ""),
    ...on([...ROLE_ACTIONS, "sts:AssumeRole"], role?.arn ?? ""),
    ...on(HOST_ACTIONS, role === undefined ? "" : hostArn(map)),
  ];
}
