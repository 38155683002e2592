/**
 * That an endpoint lets nothing out: through it no bucket and no key of another account is reached, whatever they and
 * the caller's own policies allow.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies-vpc-endpoint.html
 * @module
 */
import type { AccessMap, Endpoint } from "../map/access-map.ts";
import { bucketsOf, type MapBucket } from "../map/buckets.ts";
import { parseArn } from "../policy/glob.ts";
import { callerWith } from "./caller-facts.ts";
import { keysOf } from "./key-obligations.ts";
import { withFacts } from "./object-requests.ts";
import type { Obligation } from "./obligation.ts";
import { requestClassOf } from "./request-class.ts";

const ELSEWHERE = "999988887777";

export function endpointObligations(map: AccessMap): readonly Obligation[] {
  return endpointsIn(map).flatMap(({ endpoint, reached }) =>
    (hasKeys(reached) || endpoint.service === "s3" ? actionsOf(endpoint) : []).map((action) =>
      leak(map, reached[0]?.target.region ?? map.home.region, endpoint, action),
    ),
  );
}

/** Without any, an endpoint of KMS has nothing of the map to let through, and its policy is not the map's. */
function hasKeys(reached: Reaching["reached"]): boolean {
  return reached.some(({ map, target }) => keysOf(map, target).length > 0);
}

/** An endpoint, with the buckets that it is for. */
export interface Reaching {
  readonly endpoint: Endpoint;
  readonly reached: readonly MapBucket[];
}

/** Each once: several buckets of a region may have the same. */
export function endpointsIn(map: AccessMap): readonly Reaching[] {
  const byId = new Map<string, Reaching>();
  for (const place of bucketsOf(map))
    for (const endpoint of place.target.endpoints) {
      const before = byId.get(endpoint.id)?.reached ?? [];
      byId.set(endpoint.id, { endpoint, reached: [...before, place] });
    }
  return [...byId.values()];
}

function actionsOf({ service }: Endpoint): readonly string[] {
  return service === "s3" ? ["s3:PutObject", "s3:GetObject"] : ["kms:Encrypt", "kms:Decrypt"];
}

function leak(
  map: AccessMap,
  region: string,
  { id, service }: Endpoint,
  action: string,
): Obligation {
  const { account, partition } = map;
  const caller = callerWith(`arn:${partition}:iam::${account}:role/stranger`);
  const resource =
    service === "s3"
      ? `arn:${partition}:s3:::bucket-of-another-account/x`
      : `arn:${partition}:kms:${region}:${ELSEWHERE}:key/ffffffff-ffff-ffff-ffff-ffffffffffff`;
  const asked = { caller, action, resource: parseArn(resource), resourceAccount: ELSEWHERE };
  const keys = { "aws:SourceVpce": id, "aws:ResourceOrgID": "o-another00" };
  return {
    id: `${id}/${action} of another account denied: endpoint policy alone`,
    kind: "endpoint",
    layer: "endpoint policy alone",
    line: map.lineOf(["endpoints", id]),
    actor: { name: id, caller, own: "everything" },
    expected: "deny",
    objects: undefined,
    ways: () => [[{ requestClass: withFacts(requestClassOf({ ...asked, keys })), endpoint: id }]],
  };
}
