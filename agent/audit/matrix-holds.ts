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

/** Asks of one caller after the other; what throws, throws as `evaluate` does. */
export function holdsBy(bindings: Bindings): (steps: readonly Step[]) => readonly Hold[] {
  const opened = new Map<string | undefined, Policy>();
  const openTo = (account: string | undefined): Policy => {
    const open = opened.get(account) ?? openPolicy(account);
    opened.set(account, open);
    return open;
  };
  const stops = (hold: Hold, { request, policies }: Bound): boolean => {
    if (!isAbout(hold, request)) return false;
    const alone = leaving(hold, policies, openTo(accountOf(request.caller)));
    return alone !== undefined && evaluate(request, alone).decision === "deny";
  };
  return (steps) => {
    const bound = steps.map(({ request }): Bound => ({ request, policies: bindings(request) }));
    return HOLDS.filter((hold) => bound.some((one) => stops(hold, one)));
  };
}

interface Bound {
  readonly request: AccessRequest;
  readonly policies: Policies;
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
  { identity, boundary, resource, grants, endpoint }: Policies,
  openResource: Policy,
): Policies | undefined {
  const open = { identity: [EVERYTHING], resource: openResource, grants: [], scp: [], rcp: [] };
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
function openPolicy(account: string | undefined): Policy {
  const Principal = account === undefined ? "*" : { AWS: account };
  const document: PolicyJson = { Version: "2012-10-17", Statement: [{ ...ALL, Principal }] };
  return parsePolicy(document, "resource", "an open policy");
}
