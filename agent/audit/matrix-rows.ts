/**
 * Who is asked about: the principals of the map, and strangers who have every right of their own and are of no map.
 * @module
 */
import type { AccessMap, Principal, PrincipalName } from "../map/access-map.ts";
import { parsePrincipalName } from "../map/words.ts";
import { contextOf } from "../policy/context.ts";
import type { AccessRequest, Policies } from "../policy/request.ts";
import { standardKeys } from "../policy/standard-keys.ts";
import { EVERYTHING } from "./matrix-holds.ts";

export interface Actor {
  readonly title: string;
  /** Of a stranger: who that is; else "". */
  readonly about: string;
  readonly principal: Principal;
  readonly kind: Principal["kind"] | "stranger";
  readonly duties: readonly Duty[];
  /** Those that run as it. */
  readonly hosts: readonly string[];
  /** Not of the map, so that everything must be denied to it. */
  readonly isStranger: boolean;
  /** The request of a principal, as this one makes it. */
  readonly asking: (request: AccessRequest) => AccessRequest;
  /** The documents that bind it, of those that bind its request. */
  readonly documents: (policies: Policies) => Policies;
}

export type Duty = "deployer" | "break-glass" | "auditor" | "replication";

export function actorsOf(map: AccessMap): readonly Actor[] {
  return [...map.principals.map((principal) => memberOf(map, principal)), ...strangersOf(map)];
}

function memberOf(map: AccessMap, principal: Principal): Actor {
  const { name, kind } = principal;
  const duties: readonly (readonly [Duty, readonly (PrincipalName | undefined)[]])[] = [
    ["deployer", map.deployers],
    ["break-glass", map.breakGlass],
    ["auditor", map.auditors],
    ["replication", [map.replication]],
  ];
  return {
    title: name,
    about: "",
    principal,
    kind,
    duties: duties.filter(([, names]) => names.includes(name)).map(([duty]) => duty),
    hosts: map.hosts.filter((host) => host.principal === name).map((host) => host.name),
    isStranger: false,
    asking: (request) => request,
    documents: (policies) => policies,
  };
}

function strangersOf(map: AccessMap): readonly Actor[] {
  const account = otherAccount(map);
  const own = roleOf(map, map.account);
  const foreign = roleOf(map, account);
  return [
    stranger("other role, *:*", "any other role of the account, with every right of its own", own),
    stranger(
      "foreign role, *:*",
      "a role of another account, with every right of its own",
      foreign,
      outsideOrg,
    ),
    stranger("anonymous", "a request without a signature", foreign, unsigned),
  ];
}

function stranger(
  title: string,
  about: string,
  principal: Principal,
  asking: Actor["asking"] = (request) => request,
): Actor {
  return {
    title,
    about,
    principal,
    kind: "stranger",
    duties: [],
    hosts: [],
    isStranger: true,
    asking,
    documents: (policies) => ({ ...policies, identity: [EVERYTHING], boundary: undefined }),
  };
}

/** Below a path that postern makes no roles in, by a name that no map can have. */
function roleOf(map: AccessMap, account: string): Principal {
  return {
    kind: "existing",
    name: parsePrincipalName("stranger"),
    network: { kind: "any" },
    arn: `arn:${map.partition}:iam::${account}:role/outside-the-map/Any-Other-Role`,
    isInstance: false,
  };
}

/** None that the map names. */
function otherAccount({ account, principals }: AccessMap): string {
  const named = new Set<string>([
    account,
    ...principals.flatMap((one) => (one.kind === "foreign" ? [one.account] : [])),
  ]);
  return (
    ["999999999999", "888888888888", "777777777777"].find((one) => !named.has(one)) ??
    "666666666666"
  );
}

function outsideOrg(request: AccessRequest): AccessRequest {
  return without(request, ["aws:principalorgid"]);
}

/**
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
 */
function unsigned(request: AccessRequest): AccessRequest {
  const keys = /^(aws:principal|aws:user|s3:authtype|s3:signature|kms:calleraccount)/;
  const anonymous = without(
    request,
    [...request.context.keys()].filter((key) => keys.test(key)),
  );
  const asked: AccessRequest = { ...anonymous, caller: { kind: "anonymous" } };
  return {
    ...asked,
    context: new Map([...asked.context, ...contextOf(standardKeys(asked, {}, undefined))]),
  };
}

function without(request: AccessRequest, keys: readonly string[]): AccessRequest {
  return {
    ...request,
    context: new Map([...request.context].filter(([key]) => !keys.includes(key))),
  };
}
