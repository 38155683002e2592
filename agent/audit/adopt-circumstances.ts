/**
 * Conditions on how a request comes: from where, by whose organisation, with which tags. What a map can say of them its
 * question meets; of the rest nobody knows how requests come. So that no answer hangs on that, all of them are taken
 * to be met: a denial by such a condition is left out before it is asked, and what allows by one allows without it.
 * @module
 */
import type { Deployment, IdentityDocuments, PolicyJson } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";
import { conditionsOf, listed } from "./adopt-statements.ts";

/** What follows from who asks for what, and how an object is put. */
const FIXED =
  /^(aws:(principal(arn|account|type|isawsservice|servicename)|username|resourceaccount|viaawsservice)|s3:(prefix|delimiter|max-keys|versionid|resourceaccount|x-amz-server-side-encryption.*)|kms:(encryptioncontext.*|viaservice|calleraccount))$/;

/** The condition keys of a statement whose values nobody knows. */
export function circumstancesOf(statement: PolicyJson): readonly string[] {
  const open = conditionsOf(statement).filter(({ lowerKey }) => !FIXED.test(lowerKey));
  return [...new Set(open.map(({ key }) => key))];
}

/** Documents in which all circumstances are as they should be. */
export function withCircumstancesMet(deployment: Deployment): Deployment {
  const { buckets, keys, identities, endpoints } = deployment;
  return {
    ...deployment,
    buckets: buckets.map((one) => {
      return { ...one, policy: one.policy && met(one.policy) };
    }),
    keys: keys.map((one) => ({ ...one, policy: met(one.policy) })),
    identities: identities.map((one): IdentityDocuments => ({
      ...one,
      policies: one.policies.map((policy) => ({ ...policy, document: met(policy.document) })),
      boundary: one.boundary && met(one.boundary),
    })),
    endpoints: endpoints.map((one) => ({ ...one, policy: met(one.policy) })),
  };
}

/** Without what endpoints deny: which of them a request comes through nobody knows either. */
export function withOpenEndpoints(deployment: Deployment): Deployment {
  return { ...deployment, endpoints: [] };
}

function met(document: PolicyJson): PolicyJson {
  const statements = listed(document["Statement"]).map((one): unknown => {
    if (!isRecord(one) || circumstancesOf(one).length === 0) return one;
    return one["Effect"] === "Deny" ? { ...one, Condition: NEVER } : withFixedAlone(one);
  });
  return { ...document, Statement: statements };
}

/** No question says which region it is of. */
const NEVER = { StringEquals: { "aws:RequestedRegion": "none" } };

function withFixedAlone({ Condition: condition, ...rest }: PolicyJson): PolicyJson {
  const operators = Object.entries(isRecord(condition) ? condition : {}).flatMap(
    ([operator, keys]) => {
      const fixed = Object.entries(isRecord(keys) ? keys : {}).filter(([key]) =>
        FIXED.test(key.toLowerCase()),
      );
      return fixed.length === 0 ? [] : [[operator, Object.fromEntries(fixed)] as const];
    },
  );
  return operators.length === 0 ? rest : { ...rest, Condition: Object.fromEntries(operators) };
}
