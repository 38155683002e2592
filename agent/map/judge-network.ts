/** Whether what guards ask of the network can be told: by endpoints, at home and at replicas. @module */
import type { AccessMap, Endpoint, Target } from "./access-map.ts";
import { mapsByBucket, targetsIn } from "./buckets.ts";
import type { Report } from "./judge-settings.ts";

/**
 * A guard that asks where a request came from needs an endpoint that says so; a gateway serves its own region alone.
 * @see https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html
 */
export function judgeNetwork(map: AccessMap, report: Report): void {
  const { guards, home, groups } = map;
  const stolen = guards.stolenCredentials !== "off";
  if (stolen && !has(home, "s3"))
    report(["guards", "stolen_credentials"], "expected an S3 endpoint in endpoints, got none");
  const sealed = groups.some(({ seal }) => seal.mode !== "none");
  if (stolen && sealed && !has(home, "kms"))
    report(
      ["guards", "stolen_credentials"],
      "expected a KMS endpoint in endpoints, since hosts open sealed groups themselves, got none",
    );
  for (const one of mapsByBucket(map)) {
    judgeReaders(one, report);
    judgeReplicas(one, report);
  }
  judgeEndpoints(map, report);
}

function has({ endpoints }: Target, service: "s3" | "kms", type?: "interface"): boolean {
  return endpoints.some(
    (one) => one.service === service && (type === undefined || one.type === type),
  );
}

function judgeReplicas({ guards, groups, principals, replicas }: AccessMap, report: Report): void {
  const sealed = groups.some(({ seal }) => seal.mode !== "none");
  const limited = principals.some(
    ({ network }) => network.kind === "limited" && network.vpces.length > 0,
  );
  for (const replica of replicas)
    for (const service of sealed ? (["s3", "kms"] as const) : (["s3"] as const))
      if ((guards.stolenCredentials !== "off" || limited) && !has(replica, service, "interface"))
        report(
          replica.path,
          `expected an interface endpoint of ${replica.region} for ${service}, since a guard asks for the network, got none`,
        );
}

/** What several buckets are reached through is one endpoint, of one region and service. */
function judgeEndpoints(map: AccessMap, report: Report): void {
  const seen = new Map<string, { readonly endpoint: Endpoint; readonly target: Target }>();
  for (const target of targetsIn(map))
    for (const endpoint of target.endpoints) {
      const { id, service, type, includeAwsOwned } = endpoint;
      const earlier = seen.get(id);
      seen.set(id, earlier ?? { endpoint, target });
      const isSame =
        earlier === undefined ||
        (earlier.target.region === target.region &&
          earlier.endpoint.service === service &&
          earlier.endpoint.type === type &&
          earlier.endpoint.includeAwsOwned === includeAwsOwned);
      if (!isSame)
        report(
          [...target.path, "endpoints", id],
          `expected the same of ${id} as for ${earlier.target.bucket}, got another region, service or type`,
        );
    }
}

/** Who comes through endpoints alone comes to a replica through those of its region, or not at all. */
function judgeReaders(
  { replicas, groups, principals, hosts, auditors }: AccessMap,
  report: Report,
): void {
  for (const { name, network } of principals) {
    if (network.kind === "any" || network.cidrs.length > 0) continue;
    const reads = groups.some(({ readers }) => readers.includes(name));
    if (!reads && !auditors.includes(name)) continue;
    const host = hosts.find(({ principal }) => principal === name)?.name;
    const path = host === undefined ? ["principals", name] : ["hosts", host];
    for (const { region, endpoints } of replicas) {
      const own = endpoints.filter(({ service }) => service === "s3");
      if (own.length > 0 && !own.some(({ id }) => network.vpces.includes(id)))
        report(
          [...path, "network"],
          `expected an endpoint of ${region} among vpce (${own.map(({ id }) => id).join(", ")}), since it ${reads ? "reads" : "looks at"} the replica there, got none`,
        );
    }
  }
}
