/** What of an exported account a bucket's map is told from. @module */
import { PosternError } from "../core/errors.ts";
import type { Deployment } from "../policy/deployment.ts";
import type { FoundPrincipal } from "./adopt-principals.ts";
import { readablePolicies } from "./readable.ts";

/**
 * Whose account it is, by the keys and roles in it.
 * @throws {PosternError} BadData where there are none
 */
export function ownerOf({ keys, identities }: Deployment): {
  readonly account: string;
  readonly partition: string;
} {
  const [arn] = [...keys, ...identities].map((one) => one.arn);
  const [, partition, account] = /^arn:([^:]+):[^:]+:[^:]*:(\d{12}):/.exec(arn ?? "") ?? [];
  if (partition !== undefined && account !== undefined) return { account, partition };
  throw new PosternError(
    "BadData",
    "expected a key or a role, by which the account is known, got none",
    {
      hint: "export describe-key and get-key-policy of the bucket's key, or get-role of who uses it",
    },
  );
}

/** An account has many roles: those that are not about the bucket, and what cannot be read, are left out. */
export function withThose(
  whole: Deployment,
  principals: readonly FoundPrincipal[],
): { readonly deployment: Deployment; readonly refused: readonly string[] } {
  const known = new Set(principals.map(({ arn }) => arn));
  const read = whole.identities
    .filter(({ arn }) => known.has(arn))
    .map((one) => ({ one, ...readablePolicies(one.policies, one.arn) }));
  return {
    deployment: { ...whole, identities: read.map(({ one, policies }) => ({ ...one, policies })) },
    refused: read.flatMap(({ refused }) => refused),
  };
}
