/**
 * What each guard of a map stops, as conditions of requests: all that break it, and those that break nothing else.
 * @module
 */
import type { AccessMap } from "../map/access-map.ts";
import { isInstance, type Keys } from "./caller-facts.ts";
import { endpointsFor, instanceKeys, VPC } from "./everyday.ts";
import { type EverydayScene } from "./object-requests.ts";
import type { ClassInput } from "./request-class.ts";

export interface Broken {
  readonly name: string;
  readonly line: number;
  /** All requests that break it: their other keys are free. */
  readonly broken: readonly Pick<ClassInput, "keys" | "where">[];
  /** What to change in an everyday request so that it breaks this guard alone. */
  readonly typical: readonly Keys[];
  /** Whether it holds for the caller's own requests to KMS too. */
  readonly alsoKms: boolean;
  /** Whether it is one group's own. */
  readonly isOfGroup: boolean;
}

export function guardsOf(scene: EverydayScene): readonly Broken[] {
  const { map, principal } = scene;
  if (map.breakGlass.includes(principal.name)) return [transport(map), oldTls(map)];
  return [
    transport(map),
    oldTls(map),
    ...(map.guards.org === undefined ? [] : [organisation(map, map.guards.org)]),
    ...(map.guards.presigned === "deny" ? [presigned(map)] : []),
    ...network(scene),
    ...(isInstance(principal) ? instance(scene) : []),
  ];
}

const lineOfGuard = (map: AccessMap, name: string): number => map.lineOf(["guards", name]);
const S3_ONLY = { alsoKms: false, isOfGroup: false };

function transport(map: AccessMap): Broken {
  const plain: Keys = { "aws:SecureTransport": "false" };
  return {
    name: "without TLS",
    line: lineOfGuard(map, "tls"),
    broken: [{ keys: plain }],
    typical: [{ ...plain, "s3:TlsVersion": [] }],
    ...S3_ONLY,
  };
}

function oldTls(map: AccessMap): Broken {
  const older = map.guards.tls === "1.2" ? ["1.0", "1.1"] : ["1.0", "1.1", "1.2"];
  const keys: Keys = {
    "s3:TlsVersion": { kind: "one of", alternatives: older.map((one) => [one]) },
  };
  return {
    name: "old TLS",
    line: lineOfGuard(map, "tls"),
    broken: [{ keys }],
    typical: older.map((one) => ({ "s3:TlsVersion": one })),
    ...S3_ONLY,
  };
}

// services of AWS come on nobody's behalf but their own, and are strangers; what they do for a caller is let through
const ITSELF: Keys = { "aws:ViaAWSService": "false" };

function organisation(map: AccessMap, org: string): Broken {
  return {
    name: "outside the organisation",
    line: lineOfGuard(map, "org"),
    broken: [{ keys: ITSELF, where: { StringNotEquals: { "aws:PrincipalOrgID": org } } }],
    typical: [{ "aws:PrincipalOrgID": [] }, { "aws:PrincipalOrgID": "o-another00" }],
    ...S3_ONLY,
  };
}

function presigned(map: AccessMap): Broken {
  const others = ["REST-QUERY-STRING", "POST"];
  return {
    name: "presigned",
    line: lineOfGuard(map, "presigned"),
    broken: [
      {
        keys: {
          ...ITSELF,
          "s3:authType": { kind: "one of", alternatives: others.map((one) => [one]) },
        },
      },
    ],
    typical: others.map((one) => ({ "s3:authType": one })),
    ...S3_ONLY,
  };
}

/** From neither an endpoint nor an address of the principal's. */
function network({ map, target, principal }: EverydayScene): readonly Broken[] {
  const { network: own } = principal;
  if (own.kind === "any") return [];
  // also those of KMS, by which no request to S3 comes
  const vpces = [...new Set([...own.vpces, ...endpointsFor(map, target, own.vpces, "s3")])];
  const where = {
    ...(vpces.length === 0 ? {} : { StringNotEquals: { "aws:SourceVpce": vpces } }),
    ...(own.cidrs.length === 0 ? {} : { NotIpAddress: { "aws:SourceIp": own.cidrs } }),
  };
  // of an instance the VPC and the address stay those of the instance, or another guard were broken too
  const elsewhere: Keys = { "aws:SourceVpce": "vpce-0eeeeeeeeeeeeeeee", "aws:SourceIp": [] };
  const inVpc: Keys = isInstance(principal)
    ? {}
    : { "aws:SourceVpc": "vpc-0eeeeeeeeeeeeeeee", "aws:VpcSourceIp": "10.9.9.9" };
  const internet: Keys = {
    "aws:SourceVpce": [],
    "aws:SourceVpc": [],
    "aws:VpcSourceIp": [],
    "aws:SourceIp": "192.0.2.66",
  };
  return [
    {
      name: "outside its network",
      line: map.lineOf(["principals", principal.name, "network"]),
      broken: [{ keys: ITSELF, where }],
      typical: [{ ...elsewhere, ...inVpc }, ...(isInstance(principal) ? [] : [internet])],
      ...S3_ONLY,
    },
  ];
}

function instance({ map, target }: EverydayScene): readonly Broken[] {
  const both = { alsoKms: true, isOfGroup: false };
  const oldVersion: Keys = { "ec2:RoleDelivery": "1.0" };
  const imds: Broken = {
    name: "credentials of IMDSv1",
    line: lineOfGuard(map, "imds_v2"),
    broken: [{ keys: { ...ITSELF, ...oldVersion } }],
    typical: [oldVersion],
    ...both,
  };
  const own = instanceKeys(map, target);
  const stolen = (name: string, from: string, of: string, form: string, other: string): Broken => ({
    name: `stolen credentials: ${name}`,
    line: lineOfGuard(map, "stolen_credentials"),
    broken: [
      {
        keys: { ...ITSELF, "ec2:SourceInstanceARN": own["ec2:SourceInstanceARN"] ?? "" },
        where: { StringNotEquals: { [of]: `\${${from}}` }, StringLike: { [of]: form } },
      },
      // over the internet
      {
        keys: {
          ...ITSELF,
          "ec2:SourceInstanceARN": own["ec2:SourceInstanceARN"] ?? "",
          [from]: [],
        },
        where: { StringLike: { [of]: form } },
      },
    ],
    typical: [{ [from]: other }, { [from]: [] }],
    ...both,
  });
  return [
    ...(map.guards.imdsV2 ? [imds] : []),
    ...(map.guards.stolenCredentials === "off"
      ? []
      : [
          stolen(
            "another VPC",
            "aws:SourceVpc",
            "aws:Ec2InstanceSourceVpc",
            "vpc-*",
            VPC.replace("0123", "0999"),
          ),
          stolen(
            "another address",
            "aws:VpcSourceIp",
            "aws:Ec2InstanceSourcePrivateIPv4",
            "*.*",
            "10.0.0.99",
          ),
        ]),
  ];
}
