/**
 * What a principal's request looks like when all is as it should be: over TLS, signed in its header, from the
 * principal's own network, and from an instance with credentials of IMDSv2.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { AccessMap, Principal, Target } from "../map/access-map.ts";
import { targetsIn } from "../map/buckets.ts";
import { type Caller, callerOfArn } from "../policy/caller.ts";

/** Condition keys, each with its values. */
export type Keys = Readonly<Record<string, readonly string[]>>;

/** An address that documentation keeps for examples. */
const SOMEWHERE = "198.51.100.7";
const INSTANCE = "i-0123456789abcdef0";
const VPC = "vpc-0123456789abcdef0";
const PRIVATE_ADDRESS = "10.0.0.7";

/** A session of the principal's role, or its user. */
export function callerOf(principal: Principal): Caller {
  const arn = principal.kind === "sso" ? principal.arnPattern.replaceAll("?", "0") : principal.arn;
  const [, partition = "", , , account = "", ...rest] = arn.split(":");
  const name = rest.join(":").split("/").at(-1) ?? "";
  const session = `arn:${partition}:sts::${account}:assumed-role/${name}/${isInstance(principal) ? INSTANCE : "session"}`;
  const caller = arn.includes(":user/") ? callerOfArn(arn) : callerOfArn(session, arn);
  if (caller === undefined)
    throw new PosternError("Internal", `expected a role or user, got ${quote(arn)}`);
  return caller;
}

function isInstance(principal: Principal): boolean {
  return principal.kind === "ec2" || (principal.kind === "existing" && principal.isInstance);
}

/** What the caller, its network and its way of asking say, of a request that it makes itself. */
export function everydayKeys(
  map: AccessMap,
  target: Target,
  principal: Principal,
  service: "s3" | "kms",
): Keys {
  const { org } = map.guards;
  return {
    ...networkKeys(map, target, principal, service),
    ...(isInstance(principal) ? instanceKeys(map, target) : {}),
    ...(org === undefined ? {} : { "aws:PrincipalOrgID": [org] }),
    ...(service === "s3"
      ? {
          "s3:TlsVersion": ["1.3"],
          "s3:authType": ["REST-HEADER"],
          "s3:signatureversion": ["AWS4-HMAC-SHA256"],
        }
      : {}),
  };
}

/** Through an endpoint where the principal has one, or an instance could; else from an address. */
function networkKeys(
  map: AccessMap,
  { region, endpoints }: Target,
  principal: Principal,
  service: "s3" | "kms",
): Keys {
  const { network } = principal;
  const ofService = endpoints.filter((one) => one.service === service).map(({ id }) => id);
  // of the other service, or of another region
  const isOther = (id: string): boolean =>
    targetsIn(map).some((target) =>
      target.endpoints.some(
        (one) => one.id === id && (one.service !== service || target.region !== region),
      ),
    );
  const vpces =
    network.kind === "any"
      ? isInstance(principal)
        ? ofService
        : []
      : [
          ...ofService.filter((id) => network.vpces.includes(id)),
          ...network.vpces.filter((id) => !isOther(id)),
          // the network is asked of requests to S3: those to KMS may come through any endpoint that there is
          ...(service === "kms" && network.cidrs.length === 0 ? ofService : []),
          // nothing fits: what is left is denied, as it would be
          ...(service === "s3" && network.cidrs.length === 0 ? network.vpces : []),
        ];
  const [vpce] = vpces;
  if (vpce !== undefined)
    return {
      "aws:SourceVpce": [vpce],
      "aws:SourceVpc": [VPC],
      "aws:VpcSourceIp": [PRIVATE_ADDRESS],
    };
  const cidr = network.kind === "limited" ? network.cidrs[0] : undefined;
  return { "aws:SourceIp": [cidr?.split("/", 1)[0] ?? SOMEWHERE] };
}

// @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-ec2instancesourcevpc
function instanceKeys({ partition, account }: AccessMap, { region }: Target): Keys {
  return {
    "ec2:RoleDelivery": ["2.0"],
    "ec2:SourceInstanceARN": [`arn:${partition}:ec2:${region}:${account}:instance/${INSTANCE}`],
    "aws:Ec2InstanceSourceVpc": [VPC],
    "aws:Ec2InstanceSourcePrivateIPv4": [PRIVATE_ADDRESS],
  };
}
