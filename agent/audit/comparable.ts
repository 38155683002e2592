/**
 * Both sides so that what differs between them is drift: what the export does not tell of is as it should be, and what
 * others keep is on both sides as it is.
 * @module
 */
import type { Deployment, IdentityDocuments, NamedPolicy } from "../policy/deployment.ts";
import { arnGlobOf, matchesArn, parseArn, wildTokens } from "../policy/glob.ts";
import { lastPart } from "./exported-place.ts";
import type { Exported } from "./exported.ts";
import { readablePolicies } from "./readable.ts";

export interface Sides {
  readonly expected: Deployment;
  readonly actual: Deployment;
  /** Policies of others that are on neither side, since they cannot be read. */
  readonly refused: readonly string[];
}

export function comparable(expected: Deployment, exported: Exported): Sides {
  const { deployment, knows } = exported;
  const identities = expected.identities.map((one) => identitySides(one, exported));
  return {
    refused: identities.flatMap(([, , refused]) => refused),
    expected: {
      ...expected,
      identities: identities.map(([one]) => one),
    },
    actual: {
      account: expected.account,
      partition: expected.partition,
      buckets: expected.buckets.map((one) => {
        const found = deployment.buckets.find(({ name }) => name === one.name);
        return { ...one, policy: knows(one.name, "policy") ? found?.policy : one.policy };
      }),
      keys: expected.keys.flatMap((one) => {
        const found = deployment.keys.find(({ arn }) => arn === one.arn);
        if (!knows(one.arn, "policy")) return [{ ...one, grants: found?.grants ?? one.grants }];
        return found === undefined ? [] : [found];
      }),
      identities: identities.flatMap(([, other]) => (other === undefined ? [] : [other])),
      endpoints: expected.endpoints.flatMap((one) => {
        const found = deployment.endpoints.find(({ id }) => id === one.id);
        return knows(one.id, "policy") ? (found === undefined ? [] : [found]) : [one];
      }),
    },
  };
}

/** Whether postern makes the role itself, so that nothing else belongs on it. */
export function isGenerated({ trust }: IdentityDocuments): boolean {
  return trust !== undefined;
}

/** Those that are this identity: of a permission set each of its roles. */
export function rolesOf(
  { arn }: IdentityDocuments,
  { identities }: Deployment,
): readonly IdentityDocuments[] {
  const pattern = arnGlobOf(wildTokens(arn));
  return identities.filter((one) => {
    const own = parseArn(one.arn);
    return own !== undefined && matchesArn(pattern, own);
  });
}

function identitySides(
  one: IdentityDocuments,
  { deployment, knows }: Exported,
): readonly [
  expected: IdentityDocuments,
  actual: IdentityDocuments | undefined,
  refused: readonly string[],
] {
  const [found] = rolesOf(one, deployment);
  if (found === undefined) return [one, knows(one.arn, "identity") ? undefined : one, []];
  const isTold = knows(found.arn, "policies");
  const isOther = ({ name, form }: NamedPolicy): boolean =>
    !one.policies.some((own) => own.name === name && own.form === form) &&
    // of a permission set the name says nothing
    one.kind !== "permission set" &&
    (!isGenerated(one) || one.foreignPolicies.some((arn) => lastPart(arn) === name));
  const others = readablePolicies(found.policies.filter(isOther), found.arn);
  const boundary = isGenerated(one) ? one.boundary : found.boundary;
  const expected = {
    ...one,
    policies: [...one.policies, ...(isTold ? others.policies : [])],
    boundary,
  };
  return [
    expected,
    {
      ...one,
      trust: one.trust === undefined ? undefined : found.trust,
      policies: isTold
        ? [...found.policies.filter((policy) => !isOther(policy)), ...others.policies]
        : expected.policies,
      boundary: knows(found.arn, "boundary") ? found.boundary : expected.boundary,
    },
    others.refused,
  ];
}
