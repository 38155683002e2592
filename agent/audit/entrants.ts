/** Who may become a principal of a map: whoever its role trusts, or those who are the principal themselves. @module */
import type { Principal } from "../map/access-map.ts";

/** Each told once, the same from one map to the next; empty where the map does not say. */
function entrantsOf(principal: Principal): readonly string[] {
  switch (principal.kind) {
    case "human":
      return principal.trusted;
    case "oidc": {
      const { provider, audience, subjects } = principal;
      return subjects.map((subject) => `${subject} of ${provider} for ${audience}`);
    }
    case "service":
      return [principal.service];
    case "ec2":
      return ["ec2.amazonaws.com"];
    case "existing":
    case "sso":
    case "user":
    case "foreign":
      return [];
    default:
      return principal satisfies never;
  }
}

/** Those who may become the one and not the other; a subject that a pattern of the other has is no newcomer. */
export function entrantsBeyond(one: Principal, other: Principal): readonly string[] {
  const known = new Set(entrantsOf(other));
  return entrantsOf(one).filter(
    (entrant) => !known.has(entrant) && !isCovered(one, other, entrant),
  );
}

function isCovered(one: Principal, other: Principal, entrant: string): boolean {
  if (one.kind !== "oidc" || other.kind !== "oidc") return false;
  if (one.provider !== other.provider || one.audience !== other.audience) return false;
  return other.subjects.some(
    (pattern) => pattern.endsWith("*") && entrant.startsWith(pattern.slice(0, -1)),
  );
}

/** The ARN that it asks with: of a permission set's roles a pattern. */
export function arnOf(principal: Principal): string {
  return principal.kind === "sso" ? principal.arnPattern : principal.arn;
}
