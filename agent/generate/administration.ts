/**
 * What deployers, break-glass and auditors are granted.
 *
 * Deployers change what protects secrets and cannot read one; since they could change that too, a proof counts them as who
 * can grant itself access. Break-glass reads everything and writes nothing.
 * Auditors look at what protects secrets.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-administrators
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
 * @module
 */
import type { Principal, PrincipalName } from "../map/access-map.ts";
import { byBucket, type Draft, draft, type Sources } from "./draft.ts";
import { labelOf } from "./labels.ts";
import { sorted } from "./order.ts";
import { keysAt, placesOf } from "./place.ts";
import { trustedService } from "./trust.ts";

export function administrationStatements(sources: Sources, name: PrincipalName): readonly Draft[] {
  const { deployers, breakGlass } = sources.map;
  const isDeployer = deployers.includes(name);
  const isBreakGlass = breakGlass.includes(name);
  return [
    ...(isBreakGlass ? reading(sources) : []),
    ...(isDeployer || isBreakGlass ? managing(sources, isDeployer) : []),
    ...(isDeployer ? passing(sources) : []),
    ...(sources.map.auditors.includes(name) ? looking(sources) : []),
  ];
}

function managing(sources: Sources, isDeployer: boolean): readonly Draft[] {
  const places = byBucket(sources).flatMap(({ map }) => placesOf(map));
  const from = [[isDeployer ? "deployers" : "break_glass"]];
  const keyArns = sorted(places.flatMap(keysAt));
  const buckets = places.map(({ bucket }) => bucket);
  return [
    draft(sources, "deployer/manage-bucket", { buckets }, from),
    ...(keyArns.length === 0 ? [] : [draft(sources, "deployer/manage-keys", { keyArns }, from)]),
  ];
}

/** Who starts an instance with a role reads what the role reads: exactly these roles, and only to their own service. */
function passing(sources: Sources): readonly Draft[] {
  const { map } = sources;
  const byService = new Map<string, readonly Principal[]>();
  for (const principal of map.principals) {
    const service = trustedService(principal, map.partition);
    if (service !== undefined)
      byService.set(service, [...(byService.get(service) ?? []), principal]);
  }
  return sorted([...byService.keys()]).map((service) => {
    const roles = (byService.get(service) ?? []).flatMap((one) => ("arn" in one ? [one.arn] : []));
    const label = labelOf(service.replace(/\.amazonaws\.com(\.cn)?$/, ""));
    return draft(sources, "deployer/pass-roles", { label, roles, service }, [["deployers"]]);
  });
}

function looking(sources: Sources): readonly Draft[] {
  const places = byBucket(sources).flatMap(({ map }) => placesOf(map));
  const from = [["auditors"]];
  const keyArns = sorted(places.flatMap(keysAt));
  const buckets = places.map(({ bucket }) => bucket);
  return [
    draft(sources, "auditor/look-at-buckets", { buckets }, from),
    ...(keyArns.length === 0 ? [] : [draft(sources, "auditor/look-at-keys", { keyArns }, from)]),
  ];
}

function reading(sources: Sources): readonly Draft[] {
  const places = byBucket(sources).flatMap(({ map }) => placesOf(map));
  const from = [["break_glass"]];
  const keyArns = sorted(places.flatMap(keysAt));
  const buckets = places.map(({ bucket }) => bucket);
  const objects = { pattern: buckets.map((bucket) => `${bucket}/*`) };
  return [
    draft(sources, "break-glass/read", { objects }, from),
    draft(sources, "break-glass/list", { buckets }, from),
    ...(keyArns.length === 0 ? [] : [draft(sources, "break-glass/decrypt", { keyArns }, from)]),
  ];
}
