/**
 * Who is not in the map, each with what is assumed of it.
 * @module
 */
import type { AccessMap } from "../map/access-map.ts";
import { type Caller, callerOfArn } from "../policy/caller.ts";
import { arnGlobOf, matchesArn, parseArn, wildTokens } from "../policy/glob.ts";
import type { PrincipalSet } from "../policy/principal.ts";
import { callerWith } from "./caller-facts.ts";
import type { Unknown } from "./object-requests.ts";
import type { Actor } from "./obligation.ts";

export interface Stranger extends Actor {
  readonly kind: StrangerKind;
  readonly unknown: Unknown | undefined;
}

/**
 * - another role, another user, federated user: of the map's account, with `*:*`.
 * - root user: of the map's account, which no policy of its own binds.
 * - another account: somebody there with `*:*`, and of any organisation.
 * - anonymous: without a signature.
 * - service: of AWS, on its own behalf or on that of any account.
 * - identity provider: who has a token of it.
 */
export type StrangerKind =
  | "another role"
  | "another user"
  | "federated user"
  | "root user"
  | "another account"
  | "anonymous"
  | "service"
  | "identity provider";

const ELSEWHERE = "999988887777";
const SERVICES = ["logging.s3.amazonaws.com", "cloudtrail.amazonaws.com"];

/** ARNs of the map's principals; of a permission set a pattern. */
export function knownArns({ principals }: AccessMap): readonly string[] {
  return principals.map((one) => (one.kind === "sso" ? one.arnPattern : one.arn));
}

/**
 * Everybody but `known`: all others of a kind together, whatever their names, and whom documents name.
 * @param known ARNs, which may be patterns
 */
export function strangersOf(
  map: AccessMap,
  named: PrincipalSet,
  known: readonly string[],
): readonly Stranger[] {
  const { partition, account } = map;
  const iam = `arn:${partition}:iam::${account}`;
  const sts = `arn:${partition}:sts::${account}`;
  const patterns = known.map((text) => arnGlobOf(wildTokens(text)));
  const isKnown = (text: string): boolean => {
    const arn = parseArn(text);
    return arn !== undefined && patterns.some((pattern) => matchesArn(pattern, arn));
  };
  // a session of a role that is known is that role's
  const sessions = sessionsOf(map, named).filter((text) => {
    const name = /:assumed-role\/([^/]+)\//.exec(text)?.[1] ?? "";
    return known.some((arn) => arn.endsWith(`/${name}`));
  });
  // the id of a role or user that is gone names nobody
  const arns = [...named.arns].filter(
    (text) => callerOfArn(text) !== undefined && !isKnown(text) && !sessions.includes(text),
  );
  const callers = arns.flatMap((text) => callerOfArn(text) ?? []);
  const accounts = [...named.accounts].filter((one) => one !== account);
  const apart = [...known, ...arns, ...accounts.map((one) => `arn:*:*::${one}:*`)];
  const others = (kind: StrangerKind, name: string, like: string, caller: Caller): Stranger => ({
    kind,
    name,
    caller,
    own: "everything",
    unknown: unknownWithin(like, apart),
  });
  return [
    others("another role", "any other role", `${iam}:role/?*`, callerWith(`${iam}:role/stranger`)),
    others("another user", "any other user", `${iam}:user/?*`, callerWith(`${iam}:user/stranger`)),
    others("federated user", "any federated user", `${sts}:federated-user/?*`, {
      kind: "federated user",
      arn: `${sts}:federated-user/stranger`,
      account,
    }),
    stranger("root user", "root", { kind: "root", arn: `${iam}:root`, account }),
    inAccount(map, ELSEWHERE, elsewhere(map, apart), "any other account"),
    stranger("anonymous", "anonymous", { kind: "anonymous" }),
    ...[...new Set([...SERVICES, ...named.services])]
      .filter((name) => name !== "*")
      .map((name) => stranger("service", name, { kind: "service", name })),
    ...callers.map((caller) => namedStranger(map, caller)),
    ...accounts.map((one) =>
      inAccount(map, one, unknownWithin(`arn:${partition}:*::${one}:?*`, [...known, ...arns])),
    ),
    ...[...named.federated].map((provider) =>
      stranger("identity provider", provider, { kind: "federated", provider }),
    ),
    ...[...named.canonicalUsers].map((canonicalUser) => ({
      ...inAccount(map, ELSEWHERE, { ...elsewhere(map, apart), canonicalUser }),
      name: `canonical user ${canonicalUser}`,
    })),
  ];
}

/**
 * Of the sessions that documents name by their ARNs, those of the map's roles: what such a session alone is given is not
 * looked at.
 */
export function sessionsOf(map: AccessMap, { arns }: PrincipalSet): readonly string[] {
  const roles = new Set(
    knownArns(map).map((arn) => `${arn.split(":")[4] ?? ""} ${arn.split("/").at(-1) ?? ""}`),
  );
  return [...arns].filter((text) => {
    const [, account, name] = /:sts::(\d+):assumed-role\/([^/]+)\//.exec(text) ?? [];
    return roles.has(`${account} ${name}`);
  });
}

function stranger(kind: StrangerKind, name: string, caller: Caller): Stranger {
  return { kind, name, caller, own: "everything", unknown: undefined };
}

const FREE = { kind: "free", several: false } as const;

/** Whoever has an ARN like that and none of those `apart`. */
function unknownWithin(like: string, apart: readonly string[]): Unknown {
  return {
    keys: { "aws:PrincipalArn": FREE, "aws:username": FREE },
    where: {
      ArnLike: { "aws:PrincipalArn": like },
      ...(apart.length === 0 ? {} : { ArnNotLike: { "aws:PrincipalArn": apart } }),
    },
  };
}

/** Whoever is of another account than the map's, whichever that is. */
function elsewhere({ partition, account }: AccessMap, apart: readonly string[]): Unknown {
  const { keys, where } = unknownWithin(`arn:${partition}:*::*:?*`, [
    `arn:*:*::${account}:*`,
    ...apart,
  ]);
  return {
    keys: { ...keys, "aws:PrincipalAccount": FREE, "kms:CallerAccount": FREE },
    where: {
      ...where,
      StringNotEquals: { "aws:PrincipalAccount": account, "kms:CallerAccount": account },
      Null: { "aws:PrincipalAccount": "false" },
    },
  };
}

function inAccount(
  { partition }: AccessMap,
  account: string,
  unknown: Unknown,
  name = `account ${account}`,
): Stranger {
  const caller = callerWith(`arn:${partition}:iam::${account}:role/stranger`);
  return { ...stranger("another account", name, caller), unknown };
}

const KINDS = {
  role: "another role",
  user: "another user",
  "federated user": "federated user",
  root: "root user",
  federated: "identity provider",
  service: "service",
  anonymous: "anonymous",
} as const;

/** Whom a document names by its ARN. */
function namedStranger({ partition, account }: AccessMap, caller: Caller): Stranger {
  const arn =
    "session" in caller ? (caller.session ?? caller.arn) : "arn" in caller ? caller.arn : "";
  const isOurs = "account" in caller && caller.account === account;
  const name = isOurs
    ? arn.replace(new RegExp(`^arn:${partition}:(iam|sts)::${account}:`), "")
    : arn;
  return stranger(isOurs ? KINDS[caller.kind] : "another account", name, caller);
}
