/** Whom documents and grants name as principals, and what endpoints name as resources: each is asked for by that name. @module */
import type { Deployment } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";
import { parsePrincipal, type PrincipalSet } from "../policy/principal.ts";

export interface Named {
  /** In the policies of buckets and keys. */
  readonly onResources: PrincipalSet;
  /** In the trust policy of the role with that ARN. */
  readonly inTrust: (arn: string) => PrincipalSet;
  /** ARNs in the policy of the endpoint with that id, with "x" for each wildcard. */
  readonly throughEndpoint: (id: string) => readonly string[];
}

export function namedIn({ buckets, keys, identities, endpoints }: Deployment): Named {
  const trusts = new Map(identities.map(({ arn, trust }) => [arn, namedBy([trust])]));
  const passing = new Map(endpoints.map(({ id, policy }) => [id, resourcesIn(policy)]));
  return {
    throughEndpoint: (id) => passing.get(id) ?? [],
    onResources: namedBy([
      ...[...buckets, ...keys].map(({ policy }) => policy),
      ...keys.flatMap(({ grants }) => grants.flatMap(asDocuments)),
    ]),
    inTrust: (arn) => trusts.get(arn) ?? NOBODY,
  };
}

const NOBODY = namedBy([]);

function resourcesIn(policy: unknown): readonly string[] {
  const texts = statementsOf(policy).flatMap(({ Resource: named, NotResource: spared }) =>
    [named, spared].flat().filter((one) => typeof one === "string"),
  );
  return [...new Set(texts.map((text) => text.replaceAll(/[*?]/g, "x")))];
}

function statementsOf(document: unknown): readonly Readonly<Record<string, unknown>>[] {
  return isRecord(document) ? [document["Statement"]].flat().filter(isRecord) : [];
}

/** A grant, as documents that name whom it names: roles and users, or services. */
function asDocuments(grant: unknown): readonly unknown[] {
  if (!isRecord(grant)) return [];
  const names = ["GranteePrincipal", "RetiringPrincipal", "GranteeServicePrincipal"];
  return names.flatMap((member) =>
    ["AWS", "Service"].map((kind) => ({ Statement: { Principal: { [kind]: grant[member] } } })),
  );
}

/** What is malformed names nobody here: reading the document as a policy says so. */
function namedBy(documents: readonly unknown[]): PrincipalSet {
  const sets = documents
    .flatMap(statementsOf)
    .flatMap(({ Principal: principal, NotPrincipal: spared }) => [principal, spared])
    .filter((element) => element !== undefined)
    .map((element) => parsePrincipal(element, "", () => undefined));
  const all = (of: (set: PrincipalSet) => ReadonlySet<string>): ReadonlySet<string> =>
    new Set(sets.flatMap((set) => [...of(set)]));
  return {
    everyone: sets.some(({ everyone }) => everyone),
    accounts: all(({ accounts }) => accounts),
    arns: all(({ arns }) => arns),
    services: all(({ services }) => services),
    federated: all(({ federated }) => federated),
    canonicalUsers: all(({ canonicalUsers }) => canonicalUsers),
  };
}
