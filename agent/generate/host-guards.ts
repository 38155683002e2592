/**
 * What an instance's role denies itself: credentials that did not come over IMDSv2, or that are used elsewhere than on
 * their instance.
 *
 * The two of place are AWS's own, with a default in their variables: away from an endpoint there is no aws:SourceVpc, and
 * "none" is no VPC's id. Calls that a service makes on the role's behalf have no network and are let through. Every service
 * within their scope needs an endpoint.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-ec2instancesourcevpc
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html (ec2:RoleDelivery)
 * @module
 */
import type { Principal } from "../map/access-map.ts";
import { type Draft, draft, type Sources } from "./draft.ts";

export function hostGuards(sources: Sources, principal: Principal): readonly Draft[] {
  const { imdsV2, stolenCredentials } = sources.map.guards;
  if (!isInstanceRole(principal)) return [];
  const actions = { pattern: stolenCredentials === "all" ? ["*"] : ["s3:*", "kms:*"] };
  const from = [["guards", "stolen_credentials"]];
  return [
    ...(imdsV2 ? [draft(sources, "host-guards/imds-v2-only", {}, [["guards", "imds_v2"]])] : []),
    ...(stolenCredentials === "off"
      ? []
      : [
          draft(sources, "host-guards/same-vpc", { actions }, from),
          draft(sources, "host-guards/same-ip", { actions }, from),
        ]),
  ];
}

function isInstanceRole(principal: Principal): boolean {
  return principal.kind === "ec2" || (principal.kind === "existing" && principal.isInstance);
}
