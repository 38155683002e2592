/**
 * What the replication role must be able to do, and that it reads nothing by any other way.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
 * @module
 */
import type { AccessMap, Target } from "../map/access-map.ts";
import { sseKeys } from "./encryption.ts";
import { bucketArn, classOf, derivedStep, onObject, type Scene } from "./object-requests.ts";
import { placeOf } from "./object-keys.ts";
import type { Layer, ObjectSet, Obligation, Step, Way } from "./obligation.ts";
import {
  allowingLayers,
  denyingLayers,
  idAt,
  lineOfPrincipal,
  type Subject,
} from "./use-obligations.ts";

const READS = "s3:GetObjectVersionForReplication";
const WRITES = "s3:ReplicateObject";
/** Everything else that reaches objects. */
const NEVER = [
  "s3:PutObjectAcl",
  "s3:DeleteObjectVersion",
  "s3:BypassGovernanceRetention",
] as const;

export function replicationObligations(
  map: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  const subject = subjects.find(({ principal }) => principal.name === map.replication);
  if (subject === undefined) return [];
  const names = new Set<string>(map.groups.map(({ name }) => name));
  const groups: ObjectSet = { kind: "groups", names, withRoot: false };
  return [
    ...copies(map, map.home, subject, READS, groups),
    ...map.replicas.flatMap((target) => copies(map, target, subject, WRITES, groups)),
    ...denials(map, map.home, subject, [...NEVER, WRITES]),
    ...map.replicas.flatMap((target) => denials(map, target, subject, [...NEVER, READS])),
  ];
}

function copies(
  map: AccessMap,
  target: Target,
  subject: Subject,
  action: string,
  objects: ObjectSet,
): readonly Obligation[] {
  const { actor, principal } = subject;
  const scene: Scene = { map, target, caller: actor.caller };
  return allowingLayers(subject).map((layer) => ({
    ...base(map, subject, layer),
    id: `${idAt(map, target)}${principal.name}/${action} allowed: ${layer}`,
    expected: "allow",
    objects,
    ways: (key): readonly Way[] => {
      const { group } = placeOf(map, key);
      const own: Step = {
        requestClass: classOf(scene, action, `${bucketArn(scene)}/${key}`, {
          keys: { "aws:SecureTransport": "true", "aws:ViaAWSService": "false", ...org(map) },
          otherKeys: "absent",
        }),
        endpoint: undefined,
      };
      const all = group === undefined ? [] : sseKeys(target, group);
      // a copy is encrypted anew: under the key that counts now, which is the first
      const keys = action === READS ? all : all.slice(0, 1);
      if (group === undefined || keys.length === 0) return [[own]];
      const crypt = action === READS ? "kms:Decrypt" : "kms:Encrypt";
      return keys.map((arn) => [own, derivedStep(scene, group, key, arn, crypt, principal)]);
    },
  }));
}

function org({ guards }: AccessMap): Readonly<Record<string, string>> {
  return guards.org === undefined ? {} : { "aws:PrincipalOrgID": guards.org };
}

const EVERYWHERE: ObjectSet = { kind: "everywhere" };

function denials(
  map: AccessMap,
  target: Target,
  subject: Subject,
  actions: readonly string[],
): readonly Obligation[] {
  const { actor, principal } = subject;
  const scene: Scene = { map, target, caller: actor.caller };
  return actions.flatMap((action) =>
    denyingLayers(subject, "bucket policy alone").map((layer): Obligation => ({
      ...base(map, subject, layer),
      id: `${idAt(map, target)}${principal.name}/${action} denied: ${layer}`,
      expected: "deny",
      objects: EVERYWHERE,
      ...onObject(scene, action),
    })),
  );
}

function base(
  map: AccessMap,
  { actor, principal }: Subject,
  layer: Layer,
): Pick<Obligation, "kind" | "layer" | "line" | "actor"> {
  return { kind: "use", layer, line: lineOfPrincipal(map, principal), actor };
}
