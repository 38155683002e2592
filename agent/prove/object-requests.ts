/**
 * What it takes to do something with an object: the requests that S3 and KMS decide one after the other, each as a
 * class, either as the map means them or in whatever context.
 *
 * An object under SSE-KMS takes a request that S3 makes on the caller's behalf and that says nothing of the network;
 * one that is sealed takes another, which the caller makes itself.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 * @module
 */
import type { AccessMap, Group, Principal, Target } from "../map/access-map.ts";
import type { Caller } from "../policy/caller.ts";
import { parseArn } from "../policy/glob.ts";
import { factsOf, isInstance, type Keys } from "./caller-facts.ts";
import type { Act } from "./entitlement.ts";
import { headersOf, sealContext, sealKeys, sseKeys } from "./encryption.ts";
import { instanceKeys, type Route, routesOf } from "./everyday.ts";
import type { Similar, Step, Way } from "./obligation.ts";
import { placeOf } from "./object-keys.ts";
import { type ClassInput, type RequestClass, requestClassOf, withKeys } from "./request-class.ts";

/** Who asks, in which target. */
export interface Scene {
  readonly map: AccessMap;
  readonly target: Target;
  readonly caller: Caller;
  readonly unknown?: Unknown | undefined;
}

/** What is not known of who asks, so that all of whom it may be true are looked at together. */
export interface Unknown {
  /** Besides what AWS says of every caller, or instead of it. */
  readonly keys: Keys;
  /** A Condition element. */
  readonly where: object;
  /** By which policies of S3 may name it. */
  readonly canonicalUser?: string | undefined;
}

export interface EverydayScene extends Scene {
  readonly principal: Principal;
}

export const ACTIONS: Readonly<Record<Act, string>> = {
  open: "s3:GetObject",
  fetch: "s3:GetObject",
  put: "s3:PutObject",
  remove: "s3:DeleteObject",
  "fetch old versions of": "s3:GetObjectVersion",
};

export function bucketArn({ map, target }: Scene): string {
  return `arn:${map.partition}:s3:::${target.bucket}`;
}

/** A request of the caller with what AWS says of it, and `keys`. */
export function classOf(
  { map, caller, unknown }: Scene,
  action: string,
  resource: string,
  more: Pick<ClassInput, "keys" | "otherKeys" | "where" | "correlations">,
): RequestClass {
  const asked = requestClassOf({
    caller,
    action,
    resource: parseArn(resource),
    resourceAccount: map.account,
    keys: more.keys,
    otherKeys: more.otherKeys,
    where: more.where,
    correlations: more.correlations,
  });
  return withFacts(withUnknown(asked, unknown));
}

/** The class, of whomever that may be. */
export function withUnknown(
  requestClass: RequestClass,
  unknown: Unknown | undefined,
): RequestClass {
  if (unknown === undefined) return requestClass;
  const { keys, where, canonicalUser } = unknown;
  const open = requestClassOf({ ...requestClass, keys, correlations: [], where });
  return {
    ...requestClass,
    canonicalUser,
    keys: new Map([...open.keys, ...requestClass.keys]),
    where: [...requestClass.where, ...open.where],
  };
}

/** The class, with what AWS says of the caller where nothing else is said of it. */
export function withFacts(requestClass: RequestClass): RequestClass {
  const keys = new Map(factsOf(requestClass));
  for (const [key, constraint] of requestClass.keys) keys.set(key, constraint);
  return withKeys(requestClass, keys);
}

/** In whatever context. */
export function anyhow(scene: Scene, action: string, resource: string, keys: Keys = {}): Step {
  return { requestClass: classOf(scene, action, resource, { keys }), endpoint: undefined };
}

/** In whatever context, on each of what has an ARN that begins so: one class, but for its resource. */
export function onEach(
  scene: Scene,
  action: string,
  within: string,
  more: Parameters<typeof classOf>[3] = {},
): { readonly ways: (key: string) => readonly Way[]; readonly similar: Similar } {
  let base: RequestClass | undefined;
  return {
    ways: (key) => {
      const resource = `${within}${key}`;
      base ??= classOf(scene, action, resource, more);
      const requestClass = withKeys(base, base.keys, parseArn(resource));
      return [[{ requestClass, endpoint: undefined }]];
    },
    similar: { action, within },
  };
}

/** On the object of a key in whatever context. */
export function onObject(
  scene: Scene,
  action: string,
  more: Parameters<typeof classOf>[3] = {},
): ReturnType<typeof onEach> {
  return onEach(scene, action, `${bucketArn(scene)}/`, more);
}

/** In whatever context: to get at what lies under the key, or to do to it what S3 alone decides. */
export function anyWays(scene: Scene, act: Act, key: string): readonly Way[] {
  const own = anyhow(scene, ACTIONS[act], `${bucketArn(scene)}/${key}`);
  const { group } = placeOf(scene.map, key);
  if (act !== "open" || group === undefined) return [[own]];
  const derived = sseKeys(scene.target, group).map((arn) => [derivedStep(scene, group, key, arn)]);
  const opening = sealKeys(scene.target, group).map((arn) => [
    anyhow(scene, "kms:Decrypt", arn, pairsAnyhow(scene, group, key)),
  ]);
  return combined([[[own]], orNothing(derived), orNothing(opening)]);
}

function pairsAnyhow({ map }: Scene, group: Group, key: string): Keys {
  const { pairs, names } = sealContext(map, group, key);
  return { ...pairs, "kms:EncryptionContextKeys": { kind: "one of", alternatives: names } };
}

/** As the map means it, over every route. */
export function everydayWays(scene: EverydayScene, act: Act, key: string): readonly Way[] {
  const { map, target, principal } = scene;
  const { group } = placeOf(map, key);
  const s3 = routesOf(map, target, principal, "s3");
  const own = s3.flatMap((route) =>
    (act === "put" && group !== undefined ? headersOf(map, target, group) : [{}]).map((headers) => [
      everydayStep(scene, ACTIONS[act], `${bucketArn(scene)}/${key}`, route, {
        ...headers,
        ...(act === "put" ? CONDITIONAL : {}),
        ...(act === "fetch old versions of" ? { "s3:versionid": "free" } : {}),
      }),
    ]),
  );
  if (group === undefined || act === "fetch" || act === "remove") return own;
  const writes = act === "put";
  const sse = writes ? sseKeys(target, group).slice(0, 1) : sseKeys(target, group);
  const derived = sse.map((arn) => [
    derivedStep(scene, group, key, arn, writes ? "kms:GenerateDataKey" : "kms:Decrypt", principal),
  ]);
  const seal = writes ? sealKeys(target, group).slice(0, 1) : sealKeys(target, group);
  const sealing = group.seal.mode === "kms" ? "kms:Encrypt" : "kms:GenerateDataKey";
  const client = seal.flatMap((arn) =>
    routesOf(map, target, principal, "kms").map((route) => [
      everydayStep(
        scene,
        writes ? sealing : "kms:Decrypt",
        arn,
        route,
        pairsAnyhow(scene, group, key),
      ),
    ]),
  );
  return combined([own, orNothing(derived), orNothing(client)]);
}

// a write may ask for the version that it replaces
const CONDITIONAL: Keys = { "s3:if-match": "free", "s3:if-none-match": "free" };

export function everydayStep(
  scene: Scene,
  action: string,
  resource: string,
  route: Route,
  keys: Keys,
): Step {
  return {
    requestClass: classOf(scene, action, resource, {
      keys: { ...route.keys, ...keys },
      otherKeys: "absent",
    }),
    endpoint: route.endpoint,
  };
}

function orNothing(ways: readonly Way[]): readonly Way[] {
  return ways.length === 0 ? [[]] : ways;
}

/** One way of each list after the other. */
function combined(lists: readonly (readonly Way[])[]): readonly Way[] {
  return lists.reduce<readonly Way[]>(
    (before, list) => before.flatMap((way) => list.map((next) => [...way, ...next])),
    [[]],
  );
}

export function viaS3({ map, target }: Scene): string {
  const suffix = map.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  return `s3.${target.region}.${suffix}`;
}

/** With a Bucket Key, which double encryption does not know, KMS is told of the bucket alone. */
export function s3ContextOf(scene: Scene, { sse }: Group, key: string): string {
  const isWhole = scene.target.bucketKey && sse.type === "kms";
  return isWhole ? bucketArn(scene) : `${bucketArn(scene)}/${key}`;
}

/** What S3 asks KMS for on the caller's behalf: nothing of it is the caller's to choose when it reads. */
export function derivedStep(
  scene: Scene,
  group: Group,
  key: string,
  kmsKey: string,
  action = "kms:Decrypt",
  everyday?: Principal,
): Step {
  const { guards } = scene.map;
  const fixed: Keys = {
    "aws:ViaAWSService": "true",
    "kms:ViaService": viaS3(scene),
    "kms:EncryptionContext:aws:s3:arn": s3ContextOf(scene, group, key),
    ...Object.fromEntries(NO_NETWORK.map((name) => [name, []])),
  };
  if (everyday === undefined)
    return {
      requestClass: classOf(scene, action, kmsKey, { keys: fixed }),
      endpoint: undefined,
    };
  const usual: Keys = {
    "kms:EncryptionContextKeys": "aws:s3:arn",
    "aws:PrincipalOrgID": guards.org ?? "free",
    "aws:SecureTransport": "free",
    "aws:CalledVia": { kind: "one of", alternatives: [[], ["s3.amazonaws.com"]] },
  };
  // nobody says whether the instance of a role's credentials is told of
  const instance = isInstance(everyday)
    ? Object.entries(instanceKeys(scene.map, scene.target))
    : [];
  const rows = [instance.map(([, value]) => [value]), instance.map(() => [])];
  return {
    requestClass: classOf(scene, action, kmsKey, {
      keys: { ...fixed, ...usual },
      otherKeys: "absent",
      correlations: instance.length === 0 ? [] : [{ keys: instance.map(([key]) => key), rows }],
    }),
    endpoint: undefined,
  };
}

const NO_NETWORK = ["aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp"];
