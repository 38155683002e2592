/** How a class is decided as a whole. @module */
import type { Chain, Decision } from "./chain.ts";
import type { Finding, Prover } from "./decide.ts";

export type Found = Extract<Finding, { readonly kind: "found" }>;

export type Classification =
  /** Proved of every request of the class. */
  | { readonly kind: "always"; readonly decision: Decision }
  | { readonly kind: "differs"; readonly allowed: Found; readonly denied: Found }
  /** Not proved: some are decided as `seen`, and none was found that is not. */
  | {
      readonly kind: "sampled";
      readonly reason: string;
      readonly seen: Found | undefined;
    };

/** @throws {PosternError} as `Prover.find` */
export function classify({ find }: Prover, chain: Chain): Classification {
  const allowed = find(chain, "allow");
  if (allowed.kind === "none") return { kind: "always", decision: "deny" };
  const denied = find(chain, "deny");
  if (denied.kind === "none") return { kind: "always", decision: "allow" };
  if (allowed.kind === "sampled")
    return {
      kind: "sampled",
      reason: allowed.reason,
      seen: denied.kind === "found" ? denied : undefined,
    };
  if (denied.kind === "sampled") return { kind: "sampled", reason: denied.reason, seen: allowed };
  return { kind: "differs", allowed, denied };
}
