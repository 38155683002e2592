/**
 * Who can use a KMS key, and for which encryption contexts: what keeps groups apart where S3 no longer does.
 *
 * Of the contexts that a principal is not given, those are asked for that differ from all of its own in what tells
 * the groups apart, and then each of its own with one thing wrong.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 * @module
 */
import type { AccessMap, Group, Target } from "../map/access-map.ts";
import { bucketsOf, type MapBucket } from "../map/buckets.ts";
import { claimOf } from "./entitlement.ts";
import { sealKeys, sseKeys } from "./encryption.ts";
import { beyond, type Use } from "./key-misuse.ts";
import { type EverydayScene, onEach, type Scene } from "./object-requests.ts";
import type { Layer, Obligation } from "./obligation.ts";
import { denyingLayers, lineOfPrincipal, type Subject } from "./use-obligations.ts";

const OPENING = ["kms:Decrypt"] as const;
const SEALING = [
  "kms:Encrypt",
  "kms:GenerateDataKey",
  "kms:GenerateDataKeyWithoutPlaintext",
] as const;
/** Nobody is given them: each opens, or lets others open, what the key seals. */
export const NOBODYS_KEY_ACTIONS = [
  "kms:ReEncryptFrom",
  "kms:ReEncryptTo",
  "kms:CreateGrant",
  "kms:GenerateDataKeyPair",
  "kms:DeriveSharedSecret",
] as const;

/** The keys of a target that its groups are under, each once. */
export function keysOf(map: AccessMap, target: Target): readonly string[] {
  return [
    ...new Set(
      map.groups.flatMap((group) => [...sseKeys(target, group), ...sealKeys(target, group)]),
    ),
  ];
}

/** A key as messages name it. */
export function nameOfKey(arn: string): string {
  return arn.split(":key/")[1] ?? arn;
}

/** Over all buckets: those of a region may have keys in common, and a use for one is no use for another. */
export function keyObligations(
  map: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  const used = usedKeys(map);
  return subjects
    .filter(({ principal }) => !map.breakGlass.includes(principal.name))
    .flatMap((subject) => [
      ...used.flatMap((one) => beyondItsGroups(map, one, subject)),
      ...nobodys(map, used, subject),
    ]);
}

/** A key, with the buckets that have groups under it. */
interface UsedKey {
  readonly key: string;
  /** At least one. */
  readonly places: readonly MapBucket[];
}

function usedKeys(map: AccessMap): readonly UsedKey[] {
  const byKey = new Map<string, UsedKey>();
  for (const place of bucketsOf(map))
    for (const key of keysOf(place.map, place.target)) {
      const before = byKey.get(key)?.places ?? [];
      byKey.set(key, { key, places: [...before, place] });
    }
  return [...byKey.values()];
}

function beyondItsGroups(map: AccessMap, used: UsedKey, subject: Subject): readonly Obligation[] {
  const { key, places } = used;
  const { principal, actor } = subject;
  const scenes = places.map((place): EverydayScene => ({
    ...place,
    principal,
    caller: actor.caller,
  }));
  const [first] = scenes;
  if (first === undefined) return [];
  const given = (act: "open" | "put"): readonly Use[] =>
    scenes.flatMap((scene) => givenIn(scene, act).map((group) => ({ scene, group })));
  const use = (actions: readonly string[], uses: readonly Use[]): readonly Obligation[] =>
    actions.flatMap((action) =>
      denyingLayers(subject, "key policy alone").map((layer): Obligation => ({
        ...baseOf(map, used, subject, layer, `${action} of ${nameOfKey(key)} beyond its groups`),
        objects: undefined,
        ways: () => beyond(first, action, key, uses).map((step) => [step]),
      })),
    );
  return [...use(OPENING, given("open")), ...use(SEALING, given("put"))];
}

function nobodys(
  map: AccessMap,
  used: readonly UsedKey[],
  subject: Subject,
): readonly Obligation[] {
  const scene: Scene = { map, target: map.home, caller: subject.actor.caller };
  return NOBODYS_KEY_ACTIONS.flatMap((action) => {
    const asked = onEach(scene, action, "");
    return used.flatMap((one) =>
      denyingLayers(subject, "key policy alone").map((layer): Obligation => ({
        ...baseOf(map, one, subject, layer, `${action} of ${nameOfKey(one.key)}`),
        objects: { kind: "arns", arns: [one.key] },
        ...asked,
      })),
    );
  });
}

function baseOf(
  map: AccessMap,
  { places }: UsedKey,
  { principal, actor }: Subject,
  layer: Layer,
  what: string,
): Pick<Obligation, "id" | "kind" | "layer" | "line" | "actor" | "expected"> {
  const region = places[0]?.target.region ?? map.home.region;
  const at = region === map.home.region ? "" : `${region}: `;
  return {
    id: `${at}${principal.name}/${what} denied: ${layer}`,
    kind: "keys",
    layer,
    line: lineOfPrincipal(map, principal),
    actor,
    expected: "deny",
  };
}

function givenIn({ map, target, principal }: EverydayScene, act: "open" | "put"): readonly Group[] {
  // what S3 stores is decrypted at home and encrypted elsewhere, whosever it is
  const copies = principal.name === map.replication;
  if (copies && (act === "open") === (target === map.home)) return map.groups.map(asStored);
  return map.groups.filter((group) => claimOf(map, target, principal, group, act) !== "no");
}

/** As S3 has it, whatever clients sealed it with. */
function asStored(group: Group): Group {
  return { ...group, seal: { mode: "none" } };
}
