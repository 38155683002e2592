/** All documents of a deployment, as they are evaluated, and what they ask of requests. @module */
import type { Deployment } from "../policy/deployment.ts";
import { type Policy, parsePolicy } from "../policy/document.ts";
import { PAIR } from "../prove/atoms.ts";
import { parseGrants } from "./suspects.ts";

/** @throws {PosternError} BadData when a document is none */
export function policiesIn(deployment: Deployment): readonly Policy[] {
  const { buckets, keys, identities, endpoints } = deployment;
  return [
    ...buckets.flatMap(({ name, policy }) =>
      policy === undefined ? [] : [parsePolicy(policy, "resource", name)],
    ),
    ...keys.map(({ arn, policy }) => parsePolicy(policy, "resource", arn)),
    ...identities.flatMap(({ arn, trust, policies, boundary }) => [
      ...policies.map(({ name, document }) => parsePolicy(document, "identity", `${arn} ${name}`)),
      ...(trust === undefined ? [] : [parsePolicy(trust, "trust", `${arn} trust`)]),
      ...(boundary === undefined ? [] : [parsePolicy(boundary, "boundary", `${arn} boundary`)]),
    ]),
    ...endpoints.map(({ id, policy }) => parsePolicy(policy, "endpoint", id)),
  ];
}

/** In lower case: every condition key that a condition, a variable or a grant asks of. */
export function keysAskedIn(
  deployments: readonly Deployment[],
  policies: readonly Policy[],
): readonly string[] {
  const conditions = policies.flatMap(({ statements }) =>
    statements.flatMap((one) => one.conditions.map(({ lowerKey }) => lowerKey)),
  );
  const variables = [...JSON.stringify(deployments).matchAll(/\$\{\s*([^\s,'{}]+)/g)];
  const grants = deployments.flatMap(({ keys }) =>
    keys.flatMap((key) => parseGrants(key.grants, key.arn)),
  );
  return [
    ...conditions,
    ...variables.map(([, key = ""]) => key.toLowerCase()),
    ...grants.flatMap((one) =>
      [...one.encryptionContext.keys()].map((key) => `${PAIR}${key.toLowerCase()}`),
    ),
    // stands for all others of an encryption context
    `${PAIR}any other`,
    "aws:sourcevpce",
  ];
}
