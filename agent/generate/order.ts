/**
 * A map with everything in order whose order means nothing: the same map makes the same bytes, however it is written.
 * @module
 */
import type { AccessMap, Group, Network, Principal, Seal, Target } from "../map/access-map.ts";

export function inOrder(map: AccessMap): AccessMap {
  return {
    ...map,
    home: orderedTarget(map.home),
    further: byBucket(map.further).map(orderedTarget),
    replicas: byBucket(map.replicas).map(orderedTarget),
    groups: byName(map.groups).map(orderedGroup),
    principals: byName(map.principals).map(orderedPrincipal),
    hosts: byName(map.hosts),
    deployers: sorted(map.deployers),
    breakGlass: sorted(map.breakGlass),
    auditors: sorted(map.auditors),
  };
}

export function sorted<Text extends string>(texts: readonly Text[]): readonly Text[] {
  return [...new Set(texts)].toSorted();
}

function byName<Named extends { readonly name: string }>(list: readonly Named[]): readonly Named[] {
  return list.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function byBucket<One extends Target>(list: readonly One[]): readonly One[] {
  return list.toSorted((one, other) => (one.bucket < other.bucket ? -1 : 1));
}

function orderedTarget<One extends Target>(target: One): One {
  return {
    ...target,
    keys: new Map([...target.keys].toSorted(([one], [other]) => (one < other ? -1 : 1))),
    endpoints: target.endpoints.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
  };
}

function orderedGroup(group: Group): Group {
  const { reach } = group;
  return {
    ...group,
    reach: reach.kind === "only" ? { ...reach, names: sorted(reach.names) } : reach,
    seal: orderedSeal(group.seal),
    readers: sorted(group.readers),
    publishers: group.publishers.toSorted((one, other) =>
      one.principal < other.principal ? -1 : 1,
    ),
  };
}

function orderedSeal(seal: Seal): Seal {
  if (seal.mode === "none") return seal;
  const pairs = Object.entries(seal.context).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return { ...seal, context: Object.fromEntries(pairs) };
}

function orderedPrincipal(principal: Principal): Principal {
  const network = orderedNetwork(principal.network);
  switch (principal.kind) {
    case "ec2":
      return { ...principal, network, withPolicies: sorted(principal.withPolicies) };
    case "oidc":
      return { ...principal, network, subjects: sorted(principal.subjects) };
    case "human":
      return { ...principal, network, trusted: sorted(principal.trusted) };
    case "existing":
    case "sso":
    case "user":
    case "service":
    case "foreign":
      return { ...principal, network };
    default:
      return principal satisfies never;
  }
}

function orderedNetwork(network: Network): Network {
  if (network.kind === "any") return network;
  return { ...network, vpces: sorted(network.vpces), cidrs: sorted(network.cidrs) };
}
