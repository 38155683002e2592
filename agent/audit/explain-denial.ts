/**
 * Why AWS denied a request, by what it told of it: the statement and the line of the map behind it.
 *
 * 1. Find the principal, by its role's name where the message has a session, which bears no path.
 * 2. Find the bucket or key, and with it the group.
 *    Where AWS tells of neither, each group that it may have been is decided by itself, and none is said to be it.
 * 3. Take the everyday request of that kind, and put in what AWS told.
 * 4. Decide it by the documents.
 * 5. Where they allow it, name the guards that would deny it: something of the request was not everyday.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { AccessMap, Group, Principal, Verb } from "../map/access-map.ts";
import { bucketsOf, type MapBucket } from "../map/buckets.ts";
import type { Bindings } from "../policy/bindings.ts";
import { arnGlobOf, matchesArn, parseArn, wildTokens } from "../policy/glob.ts";
import { askOf, exampleKey } from "./asks.ts";
import { type Candidate, candidatesOf } from "./candidates.ts";
import type { Denial } from "./denial.ts";
import { decideAgain, stepOf } from "./denied-step.ts";
import type { ExplainedStep } from "./explain.ts";
import { groupAt, isMeant } from "./meant.ts";
import { othersRemedy, type Remedy, remedyOf } from "./remedy.ts";

export interface ExplainedDenial {
  readonly denial: Denial;
  /** Undefined for who is not in the map. */
  readonly principal: Principal | undefined;
  readonly group: Group | undefined;
  /** Undefined where what is asked is no verb of the map: then nobody but deployers may, or auditors. */
  readonly verb: Verb | undefined;
  readonly key: string | undefined;
  /** What it may have been about, where AWS did not tell; none where it did. */
  readonly candidates: readonly Candidate[];
  /** The request as it was decided again; undefined where AWS told too little. */
  readonly explained: ExplainedStep | undefined;
  /**
   * Whether the documents deny it where AWS said that it was denied; undefined where AWS did not say, or named a policy
   * that no map makes.
   */
  readonly agrees: boolean | undefined;
  readonly remedy: Remedy | undefined;
}

/** @throws {PosternError} NotFound when what was asked for is no bucket or key of the map */
export function explainDenial(map: AccessMap, bindings: Bindings, denial: Denial): ExplainedDenial {
  // (1)
  const principal = principalOf(map, denial.caller);
  const verb = verbOf(denial.action);
  // (2)
  const { map: one, target } = bucketOf(map, denial);
  const key = keyOf(denial);
  const group =
    key === undefined || verb === undefined
      ? one.groups.find(({ name }) => isOf(name, denial))
      : groupAt(one, verb, key);
  const known = { denial, principal, group, verb, key, candidates: [] };
  if (principal === undefined || verb === undefined)
    return { ...known, explained: undefined, agrees: undefined, remedy: undefined };
  if (key === undefined && group === undefined)
    return {
      ...known,
      candidates: candidatesOf(bucketsFor(map, denial), { principal, verb, denial, bindings }),
      explained: undefined,
      agrees: undefined,
      remedy:
        denial.told === undefined || denial.told.layer === "endpoint"
          ? undefined
          : othersRemedy(map, denial.told),
    };
  // (3)
  const asked = askOf(one, target, {
    principal,
    verb,
    key: key ?? (group === undefined ? "" : exampleKey(group)),
    group,
  });
  const everyday = stepOf(asked.steps, denial);
  const remedy =
    group === undefined || !isMeant(group, principal, verb)
      ? remedyOf(map, { principal, group, verb, key: key ?? "", meant: false })
      : undefined;
  if (everyday === undefined) return { ...known, explained: undefined, agrees: undefined, remedy };
  // (4) (5)
  const { explained, agrees } = decideAgain(everyday, denial, bindings);
  const others =
    agrees === false && denial.told !== undefined ? othersRemedy(map, denial.told) : undefined;
  return others === undefined
    ? { ...known, explained, agrees, remedy }
    : { ...known, explained, agrees: undefined, remedy: others };
}

/** A bundle's context has the name of its group, and no key. */
function isOf(group: string, { context }: Denial): boolean {
  return context["kms:EncryptionContext:postern:group"]?.includes(group) === true;
}

function principalOf({ principals }: AccessMap, caller: Denial["caller"]): Principal | undefined {
  if (!("arn" in caller)) return undefined;
  const name = caller.arn.split("/").at(-1);
  const isBare = caller.kind === "role" && caller.arn.split("/").length === 2;
  return principals.find((principal) => {
    const arn = principal.kind === "sso" ? principal.arnPattern : principal.arn;
    const parsed = parseArn(caller.arn);
    if (parsed !== undefined && matchesArn(arnGlobOf(wildTokens(arn)), parsed)) return true;
    if (!isBare || arn.split(":")[4] !== caller.account) return false;
    const last = parseArn(`arn:aws:iam::${caller.account}:role/${name}`);
    const pattern = `arn:aws:iam::${caller.account}:role/${arn.split("/").at(-1)}`;
    return last !== undefined && matchesArn(arnGlobOf(wildTokens(pattern)), last);
  });
}

const VERB_OF: Readonly<Record<string, Verb>> = {
  "s3:GetObject": "read",
  "s3:ListBucket": "list",
  "s3:PutObject": "put",
  "s3:DeleteObject": "remove",
  "s3:GetObjectVersion": "read old versions of",
  "kms:Decrypt": "read",
  "kms:Encrypt": "put",
  "kms:GenerateDataKey": "put",
};

function verbOf(action: string): Verb | undefined {
  return VERB_OF[action];
}

/** Of a key that several buckets have in common, the one of which its context tells. */
function bucketOf(map: AccessMap, { resource, action, context }: Denial): MapBucket {
  const buckets = bucketsOf(map);
  const [home] = buckets;
  if (resource === undefined && home !== undefined) return home;
  const bucket = bucketIn(resource ?? "");
  const told = [
    ...(context["kms:EncryptionContext:aws:s3:arn"] ?? []).map(bucketIn),
    ...(context["kms:EncryptionContext:postern:bucket"] ?? []),
  ];
  const under = buckets.filter(({ target }) =>
    [...target.keys.values()].some((key) => key === resource),
  );
  const found = action.startsWith("kms:")
    ? (under.find((one) => isTold(one, told)) ?? under[0])
    : buckets.find(({ target }) => target.bucket === bucket);
  if (found !== undefined) return found;
  throw new PosternError(
    "NotFound",
    `${quote(resource ?? "")}: expected a bucket or key of ${map.file}, got another`,
  );
}

/** Those that the request may have been about, where AWS does not tell of which group it was. */
function bucketsFor(map: AccessMap, denial: Denial): readonly MapBucket[] {
  const { resource, action } = denial;
  if (!action.startsWith("kms:") && resource !== undefined) return [bucketOf(map, denial)];
  return bucketsOf(map).filter(({ map: one, target }) =>
    resource === undefined
      ? target === one.home
      : [...target.keys.values()].some((key) => key === resource),
  );
}

function bucketIn(arn: string): string {
  return parseArn(arn)?.tail.split("/", 1)[0] ?? "";
}

/** By its own name, or by that of the bucket that it replicates, which is in the context of what is sealed. */
function isTold({ map, target }: MapBucket, told: readonly string[]): boolean {
  return told.includes(target.bucket) || told.includes(map.home.bucket);
}

/** Of S3 the object, or the prefix that is listed; of KMS what the encryption context names. */
function keyOf({ from, action, resource, context }: Denial): string | undefined {
  // a message never names the prefix, an event does where there is one
  if (action === "s3:ListBucket")
    return context["s3:prefix"]?.[0] ?? (from === "event" ? "" : undefined);
  const object = action.startsWith("kms:")
    ? context["kms:EncryptionContext:aws:s3:arn"]?.[0]
    : resource;
  const own = context["kms:EncryptionContext:postern:key"]?.[0];
  const [, ...rest] = parseArn(object ?? "")?.tail.split("/") ?? [];
  return rest.length > 0 ? rest.join("/") : own;
}
