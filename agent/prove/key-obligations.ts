/**
 * Who can use a KMS key, and for which encryption contexts: what keeps groups apart where S3 no longer does.
 *
 * Of the contexts that a principal is not given, those are asked for that differ from all of its own in what tells
 * the groups apart, and then each of its own with one thing wrong.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 * @module
 */
import type { AccessMap, Group, Target } from "../map/access-map.ts";
import type { Keys } from "./caller-facts.ts";
import { claimOf, listedBy } from "./entitlement.ts";
import { sealContext, sealKeys, sseKeys } from "./encryption.ts";
import {
  bucketArn,
  classOf,
  type EverydayScene,
  onEach,
  s3ContextOf,
  type Scene,
  viaS3,
} from "./object-requests.ts";
import type { Layer, Obligation, Step } from "./obligation.ts";
import type { Values } from "./request-class.ts";
import { idAt, lineOfPrincipal, type Subject, targetsOf } from "./use-obligations.ts";

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

export function keyObligations(
  map: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  return targetsOf(map).flatMap((target) =>
    subjects
      .filter(({ principal }) => !map.breakGlass.includes(principal.name))
      .flatMap((subject) => [
        ...keysOf(map, target).flatMap((key) => ofKey(map, target, key, subject)),
        ...nobodys(map, target, subject),
      ]),
  );
}

function nobodys(map: AccessMap, target: Target, subject: Subject): readonly Obligation[] {
  const { principal, actor } = subject;
  const scene: Scene = { map, target, caller: actor.caller };
  return NOBODYS_KEY_ACTIONS.flatMap((action) => {
    const asked = onEach(scene, action, "");
    return keysOf(map, target).flatMap((key) =>
      layersOf(subject).map((layer): Obligation => ({
        id: `${idAt(map, target)}${principal.name}/${action} of ${nameOfKey(key)} denied: ${layer}`,
        kind: "keys",
        layer,
        line: lineOfPrincipal(map, principal),
        actor,
        expected: "deny",
        objects: { kind: "arns", arns: [key] },
        ...asked,
      })),
    );
  });
}

function layersOf({ hasDocuments }: Subject): readonly Layer[] {
  return hasDocuments ? ["identity alone", "key policy alone"] : ["key policy alone"];
}

function ofKey(
  map: AccessMap,
  target: Target,
  key: string,
  subject: Subject,
): readonly Obligation[] {
  const { principal, actor } = subject;
  const scene: EverydayScene = { map, target, principal, caller: actor.caller };
  const copies = principal.name === map.replication;
  const given = (act: "open" | "put"): readonly Group[] => {
    // what S3 stores is decrypted at home and encrypted elsewhere, whosever it is
    if (copies && (act === "open") === (target === map.home)) return map.groups.map(asStored);
    return map.groups.filter((group) => claimOf(map, target, principal, group, act) !== "no");
  };
  const deny = (id: string, steps: () => readonly Step[]): readonly Obligation[] =>
    layersOf(subject).map((layer) => ({
      id: `${idAt(map, target)}${principal.name}/${id} denied: ${layer}`,
      kind: "keys",
      layer,
      line: lineOfPrincipal(map, principal),
      actor,
      expected: "deny",
      objects: undefined,
      ways: () => steps().map((one) => [one]),
    }));
  const use = (actions: readonly string[], groups: readonly Group[]): readonly Obligation[] =>
    actions.flatMap((action) =>
      deny(`${action} of ${nameOfKey(key)} beyond its groups`, () =>
        beyond(scene, action, key, groups),
      ),
    );
  return [...use(OPENING, given("open")), ...use(SEALING, given("put"))];
}

/** As S3 has it, whatever clients sealed it with. */
function asStored(group: Group): Group {
  return { ...group, seal: { mode: "none" } };
}

/** Every context that is not one of the groups'. */
function beyond(
  scene: EverydayScene,
  action: string,
  key: string,
  groups: readonly Group[],
): readonly Step[] {
  const { target } = scene;
  const stored = groups.filter((group) => sseKeys(target, group).includes(key));
  const sealed = groups.filter((group) => sealKeys(target, group).includes(key));
  const arns = stored.flatMap((group) => arnsOf(scene, group));
  const step = (keys: Keys, where: object = {}): Step => ({
    requestClass: classOf(scene, action, key, { keys, where }),
    endpoint: undefined,
  });
  // none of the groups: neither by what S3 says nor by what a client does
  const apart: Record<string, string[]> = {};
  for (const group of sealed) {
    const [name, value] = tellingPair(scene, group);
    if (name !== "") (apart[name] ??= []).push(value);
  }
  const notStored = arns.length === 0 ? {} : { StringNotLike: { [S3_CONTEXT]: arns } };
  const notSealed = Object.keys(apart).length === 0 ? {} : { StringNotEquals: apart };
  const indistinct = sealed.some((group) => tellingPair(scene, group)[0] === "");
  return [
    ...(indistinct ? [] : [step({}, { ...notStored, ...notSealed })]),
    // what S3 would be asked for, asked directly or through another service
    ...stored.map((group) =>
      step(
        { [S3_CONTEXT]: s3ContextOf(scene, group, exampleOf(group)), ...indistinctPairs(apart) },
        { StringNotEquals: { "kms:ViaService": viaS3(scene) } },
      ),
    ),
    ...sealed.flatMap((group) => wrongly(scene, group).map((keys) => step(keys))),
  ];
}

const S3_CONTEXT = "kms:EncryptionContext:aws:s3:arn";

/** The pairs of sealed groups are not there. */
function indistinctPairs(apart: Readonly<Record<string, readonly string[]>>): Keys {
  return Object.fromEntries(Object.keys(apart).map((name) => [name, []]));
}

/** What S3 tells KMS of the group's objects, as patterns. */
function arnsOf(scene: EverydayScene, group: Group): readonly string[] {
  const { reach, sse } = group;
  if (scene.target.bucketKey && sse.type === "kms") return [bucketArn(scene)];
  if (reach.kind === "only")
    return reach.names.map((name) => `${bucketArn(scene)}/${reach.prefix}${name}`);
  const { text, isPrefix } = listedBy(group);
  return [`${bucketArn(scene)}/${text}${isPrefix ? "*" : ""}`];
}

export function exampleOf({ reach }: Group): string {
  if (reach.kind === "bundle") return reach.key;
  return `${reach.prefix}${reach.kind === "only" ? (reach.names[0] ?? "") : "x"}`;
}

/** The pair of a group's context by which it is told from others; none where there is no context. */
function tellingPair({ map }: EverydayScene, group: Group): readonly [name: string, value: string] {
  const { pairs } = sealContext(map, group, exampleOf(group));
  // revisions are counted in every group
  for (const [name, value] of Object.entries(pairs))
    if (typeof value === "string" && value !== "free" && !name.endsWith(":revision"))
      return [name, value];
  return ["", ""];
}

/** The group's own context with one thing wrong. */
function wrongly(scene: EverydayScene, group: Group): readonly Keys[] {
  const { map } = scene;
  const { pairs, names } = sealContext(map, group, exampleOf(group));
  if (group.seal.mode === "none" || group.seal.bind === "none") return [];
  const all = { ...pairs, [NAMES]: { kind: "one of", alternatives: names } } as const;
  const named = (alternatives: readonly Values[]) =>
    ({ [NAMES]: { kind: "one of", alternatives } }) as const;
  const bound = Object.entries(pairs).flatMap(([pair, value]) =>
    typeof value === "string" && value !== "free" ? [[pair, value] as const] : [],
  );
  return [
    ...bound.flatMap(([pair, value]): readonly Keys[] => [
      ...othersThan(pair, value, group).map((other) => ({ ...all, [pair]: other })),
      {
        ...all,
        [pair]: [],
        ...named(names.map((one) => one.filter((name) => PAIR + name !== pair))),
      },
    ]),
    { ...all, [`${PAIR}another`]: "x", ...named(names.map((one) => [...one, "another"])) },
    // S3 and others would decrypt for whoever they like
    { ...all, "kms:ViaService": viaS3(scene) },
  ];
}

/** Values that are none of the group's. */
function othersThan(pair: string, value: string, { reach }: Group): readonly string[] {
  // revisions are counted in every group
  if (pair === `${PAIR}postern:revision`) return [];
  if (pair !== `${PAIR}postern:key`) return [`${value}-another`];
  return ["another-group/x", ...(reach.kind === "prefix" ? [`${reach.prefix.slice(0, -1)}x`] : [])];
}

const PAIR = "kms:EncryptionContext:";
const NAMES = "kms:EncryptionContextKeys";
