/**
 * Which layers stop a request each alone: with every other one wide open, it still denies.
 * @module
 */
import type { Bindings } from "../policy/bindings.ts";
import { accountOf } from "../policy/caller.ts";
import type { PolicyJson } from "../policy/deployment.ts";
import { parsePolicy, type Policy } from "../policy/document.ts";
import { evaluate } from "../policy/evaluate.ts";
import type { AccessRequest, Policies } from "../policy/request.ts";
import type { Step } from "./asks.ts";

export const HOLDS = ["identity", "bucket", "key", "endpoint"] as const;

/**
 * - `identity`: its own policies, and its boundary, do not allow it.
 * - `bucket`: the bucket's policy denies it even to who has every right of its own.
 * - `key`: likewise the key's, even with no bucket policy.
 * - `endpoint`: likewise that of the VPC endpoint.
 */
export type Hold = (typeof HOLDS)[number];

/** @throws {PosternError} BadData as `evaluate` does */
export function holdsOf(steps: readonly Step[], bindings: Bindings): readonly Hold[] {
  return HOLDS.filter((hold) =>
    steps.some(({ request }) => {
      const alone = isAbout(hold, request) ? leaving(hold, request, bindings(request)) : undefined;
      return alone !== undefined && evaluate(request, alone).decision === "deny";
    }),
  );
}

function isAbout(hold: Hold, { caller, action }: AccessRequest): boolean {
  switch (hold) {
    case "identity":
      // who has no account has no policies that could stop it
      return accountOf(caller) !== undefined;
    case "bucket":
      return action.startsWith("s3:");
    case "key":
      return action.startsWith("kms:");
    case "endpoint":
      return true;
    default:
      return hold satisfies never;
  }
}

/** That layer as it is, and all others open; undefined where there is no such document. */
function leaving(
  hold: Hold,
  { caller }: AccessRequest,
  { identity, boundary, resource, grants, endpoint }: Policies,
): Policies | undefined {
  const open = {
    identity: [EVERYTHING],
    resource: openTo(accountOf(caller)),
    grants: [],
    scp: [],
    rcp: [],
  };
  switch (hold) {
    case "identity":
      return { ...open, identity, boundary };
    case "bucket":
    case "key":
      return { ...open, resource, grants };
    case "endpoint":
      return endpoint === undefined ? undefined : { ...open, endpoint };
    default:
      return hold satisfies never;
  }
}

const ALL = { Effect: "Allow", Action: "*", Resource: "*" };

/** The policy of who has every right. */
export const EVERYTHING: Policy = parsePolicy(
  { Version: "2012-10-17", Statement: [ALL] },
  "identity",
  "every right",
);

/** A bucket's or key's policy that leaves it all to the policies of the caller's account; to anyone, where it has none. */
function openTo(account: string | undefined): Policy {
  const Principal = account === undefined ? "*" : { AWS: account };
  const document: PolicyJson = { Version: "2012-10-17", Statement: [{ ...ALL, Principal }] };
  return parsePolicy(document, "resource", "an open policy");
}
