/**
 * What it takes to read, list, put or remove a secret: the requests that S3 and KMS decide, one after the other.
 *
 * An object under SSE-KMS takes a second request, which S3 makes on the caller's behalf and which names nothing of the
 * network; one that is sealed takes a third, which the caller makes itself.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import type { AccessMap, Group, Principal, ServerSide, Target, Verb } from "../map/access-map.ts";
import type { Bindings } from "../policy/bindings.ts";
import { contextOf } from "../policy/context.ts";
import { evaluate } from "../policy/evaluate.ts";
import { parseArn } from "../policy/glob.ts";
import type { AccessRequest } from "../policy/request.ts";
import { standardKeys } from "../policy/standard-keys.ts";
import type { Verdict } from "../policy/verdict.ts";
import { callerOf, everydayKeys, type Keys } from "./everyday.ts";

export interface Ask {
  readonly principal: Principal;
  readonly verb: Verb;
  /** Of the object; of "list" the prefix. */
  readonly key: string;
  readonly steps: readonly Step[];
}

export interface Step {
  /** Who makes it: the principal, or S3 on its behalf. */
  readonly by: "principal" | "s3";
  readonly request: AccessRequest;
}

export interface Decided {
  readonly ask: Ask;
  readonly allowed: boolean;
  /** One for each step; those after a denial are decided too. */
  readonly verdicts: readonly Verdict[];
}

/** The key by which a group is asked for, where any of its would do. */
export function exampleKey({ reach }: Group): string {
  switch (reach.kind) {
    case "prefix":
      return `${reach.prefix}example`;
    case "only":
      return `${reach.prefix}${reach.names[0] ?? ""}`;
    case "bundle":
      return reach.key;
    default:
      return reach satisfies never;
  }
}

/**
 * @param group whose object it is; undefined for one that is no group's, which then is taken for a plain object
 */
export function askOf(
  map: AccessMap,
  target: Target,
  { principal, verb, key, group }: Omit<Ask, "steps"> & { readonly group: Group | undefined },
): Ask {
  const asking: Asking = { map, target, principal, group, key };
  const steps: readonly (Step | undefined)[] = [
    s3Step(asking, verb),
    sseStep(asking, verb),
    sealStep(asking, verb),
  ];
  return { principal, verb, key, steps: steps.filter((step) => step !== undefined) };
}

/** @throws {PosternError} BadData when a document has a condition of the wrong type for the request */
export function decide(ask: Ask, bindings: Bindings): Decided {
  const verdicts = ask.steps.map(({ request }) => evaluate(request, bindings(request)));
  return { ask, verdicts, allowed: verdicts.every(({ decision }) => decision === "allow") };
}

interface Asking {
  readonly map: AccessMap;
  readonly target: Target;
  readonly principal: Principal;
  readonly group: Group | undefined;
  readonly key: string;
}

const ACTIONS: Readonly<Record<Verb, string>> = {
  read: "s3:GetObject",
  list: "s3:ListBucket",
  put: "s3:PutObject",
  remove: "s3:DeleteObject",
  "read old versions of": "s3:GetObjectVersion",
};

function s3Step(asking: Asking, verb: Verb): Step {
  const { map, target, principal, key } = asking;
  const bucket = `arn:${map.partition}:s3:::${target.bucket}`;
  const more: Keys = {
    ...(verb === "list" ? { "s3:prefix": [key] } : {}),
    ...(verb === "put" ? encryptionHeaders(asking) : {}),
    ...(verb === "read old versions of" ? { "s3:versionid": ["1"] } : {}),
  };
  const resource = verb === "list" ? bucket : `${bucket}/${key}`;
  return step(asking, ACTIONS[verb], resource, {
    ...everydayKeys(map, target, principal, "s3"),
    ...more,
  });
}

/** What a publisher says of encryption when it puts. */
function encryptionHeaders({ group, target }: Asking): Keys {
  if (group === undefined || group.sse.header === "default") return {};
  const { sse } = group;
  if (sse.type === "s3") return { "s3:x-amz-server-side-encryption": ["AES256"] };
  return {
    "s3:x-amz-server-side-encryption": [sse.type === "kms" ? "aws:kms" : "aws:kms:dsse"],
    "s3:x-amz-server-side-encryption-aws-kms-key-id": [keyAt(target, sse.key)],
  };
}

/** What S3 asks KMS for on the caller's behalf. */
function sseStep(asking: Asking, verb: Verb): Step | undefined {
  const { map, target, group, key } = asking;
  const sse: ServerSide = group?.sse ?? { type: "s3" };
  if (sse.type === "s3" || verb === "list" || verb === "remove") return undefined;
  const bucket = `arn:${map.partition}:s3:::${target.bucket}`;
  // double encryption knows no Bucket Keys
  const isWhole = target.bucketKey && sse.type === "kms";
  const suffix = map.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  const { org } = map.guards;
  return step(
    asking,
    verb === "put" ? "kms:GenerateDataKey" : "kms:Decrypt",
    keyAt(target, sse.key),
    {
      "aws:ViaAWSService": ["true"],
      "kms:ViaService": [`s3.${target.region}.${suffix}`],
      "kms:EncryptionContext:aws:s3:arn": [isWhole ? bucket : `${bucket}/${key}`],
      "kms:EncryptionContextKeys": ["aws:s3:arn"],
      ...(org === undefined ? {} : { "aws:PrincipalOrgID": [org] }),
    },
    "s3",
  );
}

/** What the caller asks KMS for itself. */
function sealStep(asking: Asking, verb: Verb): Step | undefined {
  const { map, target, group, principal } = asking;
  if (group === undefined || group.seal.mode === "none" || verb === "list" || verb === "remove")
    return undefined;
  const { seal } = group;
  const sealing = seal.mode === "kms" ? "kms:Encrypt" : "kms:GenerateDataKey";
  const context = { ...seal.context, ...(seal.bind === "key" ? boundTo(asking, group) : {}) };
  return step(asking, verb === "put" ? sealing : "kms:Decrypt", keyAt(target, seal.key), {
    ...everydayKeys(map, target, principal, "kms"),
    ...Object.fromEntries(
      Object.entries(context).map(([name, value]) => [`kms:EncryptionContext:${name}`, [value]]),
    ),
    "kms:EncryptionContextKeys": Object.keys(context),
  });
}

/** The pairs that postern writes itself; a replica's objects bear the home bucket's name. */
function boundTo({ map, key }: Asking, { name, reach }: Group): Readonly<Record<string, string>> {
  return {
    "postern:group": name,
    "postern:bucket": map.home.bucket,
    ...(reach.kind === "bundle" ? { "postern:revision": "1" } : { "postern:key": key }),
  };
}

/** At home a key itself, at a replica that of its region. */
function keyAt({ keys, region }: Target, key: Parameters<Target["keys"]["get"]>[0]): string {
  const found = keys.get(key);
  if (found === undefined) throw new PosternError("Internal", `no key of ${region} for ${key}`);
  return found;
}

/** One request of a principal, or of S3 on its behalf, with the keys that AWS adds. */
export function step(
  { map, principal }: Pick<Asking, "map" | "principal">,
  action: string,
  resource: string,
  keys: Keys,
  by: Step["by"] = "principal",
): Step {
  const asked = {
    caller: callerOf(principal),
    action,
    resource: parseArn(resource),
    resourceAccount: map.account,
  };
  const context = { ...standardKeys(asked, keys, undefined), ...keys };
  return { by, request: { ...asked, context: contextOf(context) } };
}
