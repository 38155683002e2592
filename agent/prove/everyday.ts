/**
 * Requests as the map means them: over TLS, signed in the header, from the principal's network, and from an instance
 * with credentials of IMDSv2 that it uses itself.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 * @module
 */
import type { AccessMap, Principal, Target } from "../map/access-map.ts";
import { isInstance, INSTANCE, type Keys } from "./caller-facts.ts";
import type { Values } from "./request-class.ts";

/** One way for requests to come: over an endpoint, or over the internet. */
export interface Route {
  readonly endpoint: string | undefined;
  readonly keys: Keys;
}

export const VPC = "vpc-0123456789abcdef0";
const PRIVATE_ADDRESS = "10.0.0.7";
/** An address that documentation keeps for examples. */
const SOMEWHERE = "198.51.100.7";

/** All ways for the principal's own requests to a service. */
export function routesOf(
  map: AccessMap,
  target: Target,
  principal: Principal,
  service: "s3" | "kms",
): readonly Route[] {
  const common: Keys = {
    "aws:SecureTransport": "true",
    "aws:ViaAWSService": "false",
    "aws:RequestedRegion": target.region,
    "aws:PrincipalOrgID": map.guards.org ?? "free",
    ...OPTIONAL,
    ...(isInstance(principal) ? instanceKeys(map, target) : {}),
    ...(service === "s3" ? signedKeys(map) : {}),
  };
  return networksOf(map, target, principal, service).map(({ endpoint, keys }) => ({
    endpoint,
    keys: { ...common, ...keys },
  }));
}

// whether a request has them depends on programs and sessions, and no legitimate one may fail for it
const OPTIONAL: Keys = Object.fromEntries(
  [
    "aws:UserAgent",
    "aws:Referer",
    "aws:userid",
    "aws:MultiFactorAuthPresent",
    "aws:MultiFactorAuthAge",
    "aws:TokenIssueTime",
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:SourceIdentity",
    "aws:FederatedProvider",
    "aws:PrincipalOrgPaths",
    "s3:x-amz-content-sha256",
    "s3:signatureAge",
  ].map((key) => [key, "free"]),
);

function signedKeys({ guards }: AccessMap): Keys {
  const versions = guards.tls === "1.2" ? [["1.3"], ["1.2"]] : [["1.3"]];
  const ways = guards.presigned === "deny" ? [] : [["REST-QUERY-STRING"]];
  return {
    "s3:TlsVersion": { kind: "one of", alternatives: versions },
    "s3:authType": { kind: "one of", alternatives: [["REST-HEADER"], ...ways] },
    "s3:signatureversion": "AWS4-HMAC-SHA256",
  };
}

// @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-ec2instancesourcevpc
export function instanceKeys(
  { partition, account }: AccessMap,
  { region }: Target,
): Readonly<Record<string, string>> {
  return {
    "ec2:RoleDelivery": "2.0",
    "ec2:SourceInstanceARN": `arn:${partition}:ec2:${region}:${account}:instance/${INSTANCE}`,
    "aws:Ec2InstanceSourceVpc": VPC,
    "aws:Ec2InstanceSourcePrivateIPv4": PRIVATE_ADDRESS,
  };
}

type Network = Pick<Route, "endpoint" | "keys">;

function networksOf(
  map: AccessMap,
  target: Target,
  principal: Principal,
  service: "s3" | "kms",
): readonly Network[] {
  const own = target.endpoints.filter((one) => one.service === service).map(({ id }) => id);
  const isHeld = map.guards.stolenCredentials !== "off" && isInstance(principal);
  const { network } = principal;
  if (network.kind === "any" || (service === "kms" && !isHeld))
    return isHeld ? own.map(through) : [over([SOMEWHERE, "2001:db8::7"]), ...own.map(through)];
  const told = endpointsFor(map, target, network.vpces, service);
  // the network is asked of requests to S3: those to KMS may come through any endpoint that there is
  const among = service === "kms" ? [...new Set([...told, ...own])] : told;
  const vpces = among.map(through);
  // credentials that work from their instance alone need an endpoint to tell so
  return isHeld || network.cidrs.length === 0 ? vpces : [...vpces, over(network.cidrs)];
}

/** Those by which the principal reaches the target; a replica's stand for those at home. */
export function endpointsFor(
  { home, endpointIds }: AccessMap,
  target: Target,
  vpces: readonly string[],
  service: "s3" | "kms",
): readonly string[] {
  const ofService = target.endpoints.filter((one) => one.service === service).map(({ id }) => id);
  if (target !== home) return vpces.length === 0 ? [] : ofService;
  // an endpoint of another region does not serve this one
  return vpces.filter((id) => ofService.includes(id) || !endpointIds.has(id));
}

function through(id: string): Network {
  return {
    endpoint: id,
    keys: { "aws:SourceVpce": id, "aws:SourceVpc": VPC, "aws:VpcSourceIp": PRIVATE_ADDRESS },
  };
}

function over(addresses: readonly string[]): Network {
  const alternatives = addresses.map((one): Values => [one.split("/", 1)[0] ?? one]);
  return { endpoint: undefined, keys: { "aws:SourceIp": { kind: "one of", alternatives } } };
}
