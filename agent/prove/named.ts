/** Whom documents and grants name as principals, each of whom is asked for by that name. @module */
import type { Deployment } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";
import { parsePrincipal, type PrincipalSet } from "../policy/principal.ts";

export interface Named {
  /** In the policies of buckets and keys. */
  readonly onResources: PrincipalSet;
  /** In the trust policy of the role with that ARN. */
  readonly inTrust: (arn: string) => PrincipalSet;
}

export function namedIn({ buckets, keys, identities }: Deployment): Named {
  const trusts = new Map(identities.map(({ arn, trust }) => [arn, namedBy([trust])]));
  return {
    onResources: namedBy([
      ...[...buckets, ...keys].map(({ policy }) => policy),
      ...keys.flatMap(({ grants }) => grants.flatMap(asDocuments)),
    ]),
    inTrust: (arn) => trusts.get(arn) ?? NOBODY,
  };
}

const NOBODY = namedBy([]);

/** A grant, as documents that name whom it names: roles and users, or services. */
function asDocuments(grant: unknown): readonly unknown[] {
  if (!isRecord(grant)) return [];
  return [grant["GranteePrincipal"], grant["RetiringPrincipal"]].flatMap((name) =>
    ["AWS", "Service"].map((kind) => ({ Statement: { Principal: { [kind]: name } } })),
  );
}

/** What is malformed names nobody here: reading the document as a policy says so. */
function namedBy(documents: readonly unknown[]): PrincipalSet {
  const sets = documents
    .filter(isRecord)
    .flatMap(({ Statement: statement }) => [statement].flat())
    .filter(isRecord)
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
