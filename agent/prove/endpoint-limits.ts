/**
 * What an endpoint lets through: of its own account the map's buckets and keys alone, and
 * callers of the organisation alone.
 * @see https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
 * @module
 */
import type { AccessMap, Endpoint } from "../map/access-map.ts";
import { parseArn } from "../policy/glob.ts";
import { callerWith, type Keys } from "./caller-facts.ts";
import { endpointsIn, type Reaching } from "./endpoint-obligations.ts";
import { exampleOf } from "./key-misuse.ts";
import { keysOf } from "./key-obligations.ts";
import type { Named } from "./named.ts";
import { withFacts } from "./object-requests.ts";
import type { Obligation, Way } from "./obligation.ts";
import { requestClassOf } from "./request-class.ts";

export function endpointLimits(map: AccessMap, named: Named): readonly Obligation[] {
  return endpointsIn(map).flatMap((reaching) => {
    const { id, service } = reaching.endpoint;
    const told = named.throughEndpoint(id);
    return service === "s3" ? throughS3(map, reaching, told) : throughKms(map, reaching, told);
  });
}

interface Asked {
  readonly actions: readonly string[];
  readonly resource: string;
  /** That owns it; by default the map's. */
  readonly account?: string | undefined;
}

/** @param told what the endpoint's policy names */
function throughS3(
  map: AccessMap,
  { endpoint, reached }: Reaching,
  told: readonly string[],
): readonly Obligation[] {
  const own = new Set<string>(reached.map(({ target }) => target.bucket));
  const packed = endpoint.includeAwsOwned ? awsOwned(regionOf(map, reached)) : [];
  const named = told.flatMap((arn) => /:s3:::([^/]+)/.exec(arn)?.[1] ?? []);
  const others = ["another-bucket", ...[...own].map((name) => `${name}x`), ...named];
  const packages = awsOwned(regionOf(map, reached)).map(
    (name) => `arn:${map.partition}:s3:::${name}/x`,
  );
  const s3 = `arn:${map.partition}:s3:::`;
  const objects = reached.flatMap(({ map: one, target: { bucket } }) =>
    one.groups.map(exampleOf).map((key) => `${s3}${bucket}/${key}`),
  );
  const notOwn = new Set(others.filter((name) => !own.has(name) && !packed.includes(name)));
  return [
    ...[...notOwn].map((name) =>
      denial(
        map,
        endpoint,
        `bucket ${name}`,
        [map.account, ELSEWHERE].flatMap((account) => [
          { actions: ["s3:GetObject", "s3:PutObject"], resource: `${s3}${name}/x`, account },
          { actions: ["s3:ListBucket"], resource: `${s3}${name}`, account },
        ]),
      ),
    ),
    ...(endpoint.includeAwsOwned
      ? [
          about(
            map,
            endpoint,
            "packages of AWS",
            "allow",
            packages.map((resource) => ({ actions: ["s3:GetObject"], resource })),
          ),
          denial(
            map,
            endpoint,
            "more than to read packages of AWS",
            packages.map((resource) => ({
              actions: ["s3:PutObject", "s3:GetObjectAcl"],
              resource,
            })),
          ),
        ]
      : []),
    ...byOthers(map, endpoint, [
      ...objects.map((resource) => ({ actions: ["s3:GetObject", "s3:PutObject"], resource })),
      ...[...own].map((bucket) => ({ actions: ["s3:ListBucket"], resource: `${s3}${bucket}` })),
    ]),
  ];
}

/** All that it reaches is of one region. */
function regionOf(map: AccessMap, [first]: Reaching["reached"]): string {
  return first?.target.region ?? map.home.region;
}

/**
 * What Amazon Linux, Systems Manager and the CloudWatch agent fetch.
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/ssm-agent-technical-details.html
 * @see https://docs.aws.amazon.com/linux/al2023/ug/vpc-endpoints-s3.html
 */
function awsOwned(region: string): readonly string[] {
  return [
    `al2023-repos-${region}-de612dc2`,
    `amazonlinux-2-repos-${region}`,
    ...["amazonlinux", "packages", "repo"].map((name) => `${name}.${region}.amazonaws.com`),
    ...[
      "amazoncloudwatch-agent",
      "amazon-ssm",
      "amazon-ssm-packages",
      "aws-ssm",
      "aws-ssm-distributor-file",
      "aws-ssm-document-attachments",
      "aws-windows-downloads",
      "patch-baseline-snapshot",
    ].map((name) => `${name}-${region}`),
    `${region}-birdwatcher-prod`,
  ];
}

function throughKms(
  map: AccessMap,
  { endpoint, reached }: Reaching,
  told: readonly string[],
): readonly Obligation[] {
  const own = [...new Set(reached.flatMap((place) => keysOf(place.map, place.target)))];
  // then there is nothing to let through, and its policy is not the map's
  if (own.length === 0) return [];
  const another = `arn:${map.partition}:kms:${regionOf(map, reached)}:${map.account}:key/ffffffff-ffff-ffff-ffff-ffffffffffff`;
  const others = new Set([another, ...told.filter((arn) => arn !== "x" && !own.includes(arn))]);
  return [
    ...[...others].map((resource) =>
      denial(
        map,
        endpoint,
        resource === another ? "another key" : resource,
        [map.account, ELSEWHERE].map((account) => ({ actions: USE, resource, account })),
      ),
    ),
    ...byOthers(
      map,
      endpoint,
      own.map((resource) => ({ actions: USE, resource })),
    ),
  ];
}

const ELSEWHERE = "999988887777";

const USE = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"];

/** Where the map says which organisation is meant. */
function byOthers(
  map: AccessMap,
  endpoint: Endpoint,
  asked: readonly Asked[],
): readonly Obligation[] {
  return map.guards.org === undefined
    ? []
    : [
        denial(map, endpoint, "callers of another organisation", asked, {
          "aws:PrincipalOrgID": { kind: "one of", alternatives: [["o-another00"], []] },
        }),
      ];
}

function denial(
  map: AccessMap,
  endpoint: Endpoint,
  what: string,
  asked: readonly Asked[],
  keys: Keys = {},
): Obligation {
  return about(map, endpoint, what, "deny", asked, keys);
}

function about(
  map: AccessMap,
  { id }: Endpoint,
  what: string,
  expected: Obligation["expected"],
  asked: readonly Asked[],
  keys: Keys = {},
): Obligation {
  const caller = callerWith(`arn:${map.partition}:iam::${map.account}:role/stranger`);
  const classOf = (action: string, resource: string, account: string) =>
    withFacts(
      requestClassOf({
        caller,
        action,
        resource: parseArn(resource),
        resourceAccount: account,
        keys: { ...keys, "aws:SourceVpce": id },
      }),
    );
  return {
    id: `${id}/${what} ${expected === "deny" ? "denied" : "allowed"}: endpoint policy alone`,
    kind: "endpoint",
    layer: "endpoint policy alone",
    line: map.lineOf(["endpoints", id]),
    actor: { name: id, caller, own: "everything" },
    expected,
    objects: undefined,
    ways: () =>
      asked.flatMap(({ actions, resource, account = map.account }) =>
        actions.map((action): Way => [
          { requestClass: classOf(action, resource, account), endpoint: id },
        ]),
      ),
  };
}
