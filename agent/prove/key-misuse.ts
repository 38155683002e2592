/**
 * Uses of a key for what is none of the groups that it is meant for: their contexts and those next to them.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 * @module
 */
import type { Group } from "../map/access-map.ts";
import type { Keys } from "./caller-facts.ts";
import { sealContext, sealKeys, sseKeys } from "./encryption.ts";
import { listedBy } from "./entitlement.ts";
import { bucketArn, classOf, type EverydayScene, s3ContextOf, viaS3 } from "./object-requests.ts";
import type { Step } from "./obligation.ts";
import type { Values } from "./request-class.ts";

/** A group in the bucket where a key is used for it. */
export interface Use {
  readonly scene: EverydayScene;
  readonly group: Group;
}

/** Every context that is not one of the groups'. */
export function beyond(
  scene: EverydayScene,
  action: string,
  key: string,
  uses: readonly Use[],
): readonly Step[] {
  const stored = uses.filter((one) => sseKeys(one.scene.target, one.group).includes(key));
  const sealed = uses.filter((one) => sealKeys(one.scene.target, one.group).includes(key));
  const arns = stored.flatMap((one) => arnsOf(one.scene, one.group));
  const step = (keys: Keys, where: object = {}): Step => ({
    requestClass: classOf(scene, action, key, { keys, where }),
    endpoint: undefined,
  });
  // none of the groups: neither by what S3 says nor by what a client does
  const apart: Record<string, string[]> = {};
  for (const one of sealed) {
    const [name, value] = tellingPair(one);
    if (name !== "") (apart[name] ??= []).push(value);
  }
  const notStored = arns.length === 0 ? {} : { StringNotLike: { [S3_CONTEXT]: arns } };
  const notSealed = Object.keys(apart).length === 0 ? {} : { StringNotEquals: apart };
  const indistinct = sealed.some((one) => tellingPair(one)[0] === "");
  return [
    ...(indistinct ? [] : [step({}, { ...notStored, ...notSealed })]),
    // what S3 would be asked for, asked directly or through another service
    ...stored.map((one) =>
      step(
        {
          [S3_CONTEXT]: s3ContextOf(one.scene, one.group, exampleOf(one.group)),
          ...indistinctPairs(apart),
        },
        { StringNotEquals: { "kms:ViaService": viaS3(scene) } },
      ),
    ),
    ...sealed.flatMap((one) => wrongly(one.scene, one.group).map((keys) => step(keys))),
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
function tellingPair({ scene: { map }, group }: Use): readonly [name: string, value: string] {
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
