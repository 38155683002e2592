/**
 * Which requests that AWS allowed a stage would deny, and the stage before would not.
 *
 * Somebody's policies allowed them, maybe some that no map knows: the caller is taken to be allowed everything by its own,
 * so that what is told is denied by a statement, or by a key that does not let the account decide. What an event does not
 * say is taken to be as it should.
 * @module
 */
import type { AccessMap, Principal, Target } from "../map/access-map.ts";
import { targetsIn } from "../map/buckets.ts";
import { type Bindings, bindingsOf } from "../policy/bindings.ts";
import { accountOf, type Caller } from "../policy/caller.ts";
import { contextOf } from "../policy/context.ts";
import type { Deployment } from "../policy/deployment.ts";
import { parsePolicy } from "../policy/document.ts";
import { evaluate } from "../policy/evaluate.ts";
import { arnGlobOf, matchesArn, parseArn, wildTokens } from "../policy/glob.ts";
import type { AccessRequest } from "../policy/request.ts";
import { standardKeys } from "../policy/standard-keys.ts";
import type { Verdict } from "../policy/verdict.ts";
import { everydayKeys } from "./everyday.ts";
import type { TrailEvent } from "./trail.ts";

export interface Stopped {
  readonly event: TrailEvent;
  readonly verdict: Verdict;
}

const EVERYTHING = parsePolicy(
  {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
  },
  "identity",
  "whatever allowed it",
);

/** What lets others than the account's own in: S3 has none of the caller's policies to go by. */
const EVERYBODY = parsePolicy(
  {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:*", Resource: "*" }],
  },
  "resource",
  "whatever let others in",
);

/** In the order of the events; of buckets and keys that are none of the map's, none. */
export function stoppedBy(
  map: AccessMap,
  before: Deployment,
  after: Deployment,
  events: readonly TrailEvent[],
): readonly Stopped[] {
  const [was, is] = [bindingsOf(before), bindingsOf(after)];
  return events.flatMap((event) => {
    const request = requestOf(map, event);
    if (request === undefined || mayBeNamed(map, request.caller)) return [];
    if (decided(request, was, map).decision === "deny") return [];
    const verdict = decided(request, is, map);
    return verdict.decision === "deny" ? [{ event, verdict }] : [];
  });
}

function decided(request: AccessRequest, bindings: Bindings, { account }: AccessMap): Verdict {
  const policies = bindings(request);
  const isOther = accountOf(request.caller) !== account && request.action.startsWith("s3:");
  const { resource = EVERYBODY } = policies;
  const statements = [...resource.statements, ...EVERYBODY.statements];
  return evaluate(request, {
    ...policies,
    identity: [...policies.identity, EVERYTHING],
    resource: isOther ? { ...resource, statements } : policies.resource,
  });
}

/** Whether an account is all that is told of somebody who may be a principal of the map. */
function mayBeNamed({ account, principals }: AccessMap, caller: Caller): boolean {
  if (caller.kind !== "root" || caller.account === account) return false;
  return principals.some((one) => one.kind === "foreign" && one.account === caller.account);
}

function requestOf(map: AccessMap, { request }: TrailEvent): AccessRequest | undefined {
  const { caller, action, context } = request;
  const resource = parseArn(request.resource ?? "");
  const target = targetsIn(map).find((one) => holds(one, resource?.text ?? ""));
  if (target === undefined) return undefined;
  const asked = { caller, action, resource, resourceAccount: map.account };
  const everyday = everydayOf(map, target, request);
  const isOwn = "account" in caller && caller.account === map.account;
  const given = { ...everyday, ...context };
  const org = isOwn ? map.guards.org : undefined;
  return { ...asked, context: contextOf({ ...standardKeys(asked, given, org), ...given }) };
}

function holds({ bucket, keys }: Target, resource: string): boolean {
  return (
    resource.split(":")[5]?.split("/", 1)[0] === bucket ||
    [...keys.values()].some((key) => key === resource)
  );
}

/** What the event may leave out: all but the network, which it tells; of an endpoint then the VPC that is the instance's. */
function everydayOf(
  map: AccessMap,
  target: Target,
  { caller, action, context }: TrailEvent["request"],
): Readonly<Record<string, readonly string[]>> {
  const principal = "arn" in caller ? principalOf(map, caller.arn) : undefined;
  if (principal === undefined) return {};
  const keys = everydayKeys(map, target, principal, action.startsWith("kms:") ? "kms" : "s3");
  const network = new Set(["aws:SourceVpce", "aws:SourceVpc", "aws:VpcSourceIp", "aws:SourceIp"]);
  const rest = Object.entries(keys).filter(([key]) => !network.has(key));
  const place = [
    ["aws:SourceVpc", keys["aws:Ec2InstanceSourceVpc"]],
    ["aws:VpcSourceIp", keys["aws:Ec2InstanceSourcePrivateIPv4"]],
  ] as const;
  const isThroughEndpoint = context["aws:SourceVpce"] !== undefined;
  const own = place.flatMap(([key, values]) =>
    isThroughEndpoint && values !== undefined ? [[key, values] as const] : [],
  );
  return Object.fromEntries([...rest, ...own]);
}

function principalOf({ principals }: AccessMap, arn: string): Principal | undefined {
  const parsed = parseArn(arn);
  return principals.find((one) => {
    const pattern = one.kind === "sso" ? one.arnPattern : one.arn;
    return parsed !== undefined && matchesArn(arnGlobOf(wildTokens(pattern)), parsed);
  });
}
