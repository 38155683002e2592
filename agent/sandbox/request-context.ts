/**
 * What AWS puts into every request's context of who asks and from where.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html (aws:userid)
 * @module
 */
import { createHash } from "node:crypto";
import type { Principal } from "./authorise.ts";

export type ContextKeys = Readonly<Record<string, readonly string[]>>;

/**
 * Where requests come from: through a VPC endpoint, or from a public address.
 * @see https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
 */
export interface Network {
  /** The endpoint's id; with one, there is no public address. */
  readonly vpce?: string;
  /** Of KMS, whose endpoint is another than S3's; default `vpce`. */
  readonly kmsVpce?: string;
  /** The VPC that the instances are in, and the endpoint: a request has it only through one. */
  readonly vpc?: string;
  /** The caller's address in the VPC; default the instance's own. */
  readonly vpcSourceIp?: string;
  /** The caller's public address, where there is no endpoint; default the peer's. */
  readonly sourceIp?: string;
}

/** All of the keys, the later ones over the earlier. */
export function mergeKeys(...parts: readonly (ContextKeys | undefined)[]): ContextKeys {
  const merged: Record<string, readonly string[]> = {};
  // not by spreading: V8 takes four times as long for so many names, and every request is decided anew
  Object.assign(merged, ...parts);
  return merged;
}

/** Where instances are when nobody says. */
export const DEFAULT_VPC = "vpc-0123456789abcdef0";
/** The address of every instance. */
export const INSTANCE_IP = "10.0.0.10";

/** Worked out once for each access key: principals are records that do not change. */
const known = new WeakMap<Principal, ContextKeys>();

/** Keys that say who asks. */
export function callerKeys(principal: Principal): ContextKeys {
  const before = known.get(principal);
  if (before !== undefined) return before;
  const keys = Object.fromEntries(
    Object.entries(describe(principal)).map(([key, value]) => [key, [value]] as const),
  );
  known.set(principal, keys);
  return keys;
}

function describe(principal: Principal): Readonly<Record<string, string>> {
  switch (principal.kind) {
    case "anonymous":
      return { "aws:userid": "anonymous" };
    case "user":
      return {
        "aws:PrincipalArn": principal.arn,
        "aws:PrincipalAccount": principal.account,
        "aws:username": principal.name,
        "aws:userid": uniqueId("AIDA", principal.arn),
      };
    case "role":
      return {
        "aws:PrincipalArn": principal.arn,
        "aws:PrincipalAccount": principal.account,
        "aws:userid": `${uniqueId("AROA", principal.arn)}:${principal.sessionArn.split("/").at(-1)}`,
        // nobody signed in: temporary credentials have the key all the same
        "aws:MultiFactorAuthPresent": "false",
        ...describeInstance(principal.instance),
      };
    default:
      return principal satisfies never;
  }
}

/**
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html (ec2:RoleDelivery)
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (of the EC2 instance)
 */
function describeInstance(
  instance: Extract<Principal, { kind: "role" }>["instance"],
): Readonly<Record<string, string>> {
  if (instance === undefined) return {};
  return {
    // version 1 of the metadata service is not served
    "ec2:RoleDelivery": "2.0",
    "ec2:SourceInstanceARN": instance.arn,
    "aws:Ec2InstanceSourceVpc": instance.vpc,
    "aws:Ec2InstanceSourcePrivateIPv4": instance.privateIp,
  };
}

/** Of an entity that has none of AWS's: the same for the same ARN. */
function uniqueId(prefix: "AIDA" | "AROA", arn: string): string {
  const digest = createHash("sha256").update(arn).digest("hex").toUpperCase();
  return `${prefix}${digest.slice(0, 17)}`;
}

/**
 * Keys that say from where: of a request through an endpoint there is no aws:SourceIp.
 * @param remote the peer's address
 */
export function networkKeys(
  { vpce, kmsVpce = vpce, vpc = DEFAULT_VPC, vpcSourceIp = INSTANCE_IP, sourceIp }: Network,
  service: "s3" | "kms",
  remote: string,
): ContextKeys {
  const endpoint = service === "s3" ? vpce : kmsVpce;
  if (endpoint === undefined) return { "aws:SourceIp": [sourceIp ?? remote] };
  return {
    "aws:SourceVpce": [endpoint],
    "aws:SourceVpc": [vpc],
    "aws:VpcSourceIp": [vpcSourceIp],
  };
}

/** Keys that say what is asked when, of whom. */
export function placeKeys(region: string, account: string, now: number): ContextKeys {
  return {
    // plain HTTP stands for TLS, so that policies which insist on it can be tried as they are
    "aws:SecureTransport": ["true"],
    "aws:CurrentTime": [new Date(now).toISOString()],
    "aws:EpochTime": [String(Math.floor(now / 1000))],
    "aws:RequestedRegion": [region],
    "aws:ResourceAccount": [account],
  };
}
