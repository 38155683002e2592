/**
 * Roles for hosts. An instance has one role, so hosts that need the same share one, and the rest get one each.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html
 * @module
 */
import { createHash } from "node:crypto";
import type { GroupName } from "../core/names.ts";
import type { Host, Network, Principal, PrincipalName } from "./access-map.ts";
import { type Account, completeNetwork, generatedRole, identityArn } from "./complete.ts";
import type { HostSettings } from "./principal-schema.ts";
import { parseHostRole } from "./words.ts";

export interface GrantedHosts {
  readonly hosts: readonly Host[];
  /** One for each distinct need, in the order of the hosts, with the groups that it reads. */
  readonly principals: readonly {
    readonly principal: Principal;
    readonly groups: readonly GroupName[];
  }[];
}

/** What a host must be able to do, in one spelling. */
interface Need {
  readonly groups: readonly GroupName[];
  readonly withPolicies: readonly string[];
  readonly network: Network;
  readonly role: string | undefined;
}

/** IAM's limit for the name of a role. */
const MAX_ROLE_NAME = 64;

export function grantHosts(
  settings: readonly (readonly [PrincipalName, HostSettings])[],
  account: Account,
): GrantedHosts {
  const principals = new Map<PrincipalName, GrantedHosts["principals"][number]>();
  const hosts = settings.map(([name, host]): Host => {
    const need = needOf(host);
    const principal = host.as ?? (need.role === undefined ? nameOf(need) : name);
    if (!principals.has(principal))
      principals.set(principal, {
        principal: principalOf(principal, need, account),
        groups: need.groups,
      });
    return { name, groups: need.groups, principal };
  });
  return { hosts, principals: [...principals.values()] };
}

/** Whether two hosts may run under one role. */
export function needTheSame(one: HostSettings, other: HostSettings): boolean {
  return JSON.stringify(needOf(one)) === JSON.stringify(needOf(other));
}

function needOf(host: HostSettings): Need {
  const network = completeNetwork(host.network);
  return {
    groups: sorted(host.groups),
    withPolicies: sorted(host.with_policies ?? []),
    network:
      network.kind === "any"
        ? network
        : { kind: "limited", vpces: sorted(network.vpces), cidrs: sorted(network.cidrs) },
    role: host.role,
  };
}

/**
 * "host+tls+web", and a digest where the groups alone do not tell, or not in 64 characters: it depends on the need
 * alone, so that no other host's coming or going renames a role.
 */
function nameOf({ groups, withPolicies, network }: Need): PrincipalName {
  const plain = ["host", ...groups].join("+");
  const isPlain =
    withPolicies.length === 0 && network.kind === "any" && plain.length <= MAX_ROLE_NAME;
  if (isPlain) return parseHostRole(plain);
  const digest = createHash("sha256")
    .update(JSON.stringify([groups, withPolicies, network]))
    .digest("hex")
    .slice(0, 8);
  return parseHostRole(`${plain.slice(0, MAX_ROLE_NAME - digest.length - 1)}+${digest}`);
}

function principalOf(name: PrincipalName, need: Need, account: Account): Principal {
  const { network, role, withPolicies } = need;
  if (role !== undefined)
    return {
      name,
      network,
      kind: "existing",
      arn: identityArn("role", role, account),
      isInstance: true,
    };
  return { name, network, kind: "ec2", arn: generatedRole(name, account), withPolicies };
}

function sorted<Text extends string>(texts: readonly Text[]): readonly Text[] {
  return [...new Set(texts)].toSorted();
}
