/** The words and signs of a matrix, which all its formats share. @module */
import type { Group, Network, Verb } from "../map/access-map.ts";
import type { Cell, Decision, Difference, Row } from "./matrix.ts";
import { isDifferent } from "./matrix.ts";
import type { Actor } from "./matrix-rows.ts";

/** Of what is allowed. */
export const LETTERS: Readonly<Record<Verb, string>> = {
  read: "r",
  list: "l",
  put: "p",
  remove: "d",
  "read old versions of": "v",
};

/** As they stand alone. */
export const VERB_NAMES: Readonly<Record<Verb, string>> = {
  read: "read",
  list: "list",
  put: "put",
  remove: "remove",
  "read old versions of": "read old versions",
};

export const KIND_NAMES: Readonly<Record<Actor["kind"], string>> = {
  ec2: "instance role",
  existing: "existing role",
  sso: "permission set",
  oidc: "identity provider",
  user: "user",
  service: "service role",
  foreign: "other account",
  human: "people, with MFA",
  stranger: "not of the map",
};

/** What a policy of it changes. */
const CONTROL_NAMES: Readonly<Record<Row["control"][number], string>> = {
  bucket: "bucket policy",
  keys: "keys",
  roles: "roles",
};

export const LEGEND: readonly string[] = [
  "r read, l list, p put, d remove, v read old versions: allowed.",
  "1 2 3 4: denied, by that many layers which each stop it alone, of the principal's own policies, the bucket's, the key's and the endpoint's. At 1, one mistake in one document allows it.",
  "CAPITALS and !: the documents say another thing than the map.",
];

export const CONTROL_NOTE =
  "May change: what a principal could give itself more rights by, as far as these documents tell. Policies that others keep are not known here.";

/** "r": allowed, "2": denied, by so many layers. What differs from the map: "R", "2!". */
export function signOf(decision: Decision): string {
  const { verb, allowed, heldBy } = decision;
  if (allowed) return isDifferent(decision) ? LETTERS[verb].toUpperCase() : LETTERS[verb];
  return String(heldBy.length);
}

/** "rl222", and "!" behind it where something differs from the map. */
export function signsOf({ decisions }: Cell): string {
  return `${decisions.map(signOf).join("")}${decisions.some(isDifferent) ? "!" : ""}`;
}

/** "web/*", "tls/: 2 names", "db.bundle". */
export function reachName({ reach }: Group): string {
  switch (reach.kind) {
    case "prefix":
      return `${reach.prefix}*`;
    case "only":
      return `${reach.prefix}: ${reach.names.length} name${reach.names.length === 1 ? "" : "s"}`;
    case "bundle":
      return reach.key;
    default:
      return reach satisfies never;
  }
}

/** "SSE-KMS, sealed". */
export function storageName({ sse, seal }: Group): string {
  const server = { s3: "SSE-S3", kms: "SSE-KMS", dsse: "DSSE-KMS" }[sse.type];
  return seal.mode === "none" ? server : `${server}, sealed (${seal.mode})`;
}

export function networkName(network: Network): string {
  if (network.kind === "any") return "any network";
  return [...network.vpces, ...network.cidrs].join(", ");
}

/** "instance role, deployer". */
export function kindName({ kind, duties }: Actor): string {
  return [KIND_NAMES[kind], ...duties].join(", ");
}

/** "bucket policy, keys", or "nothing". */
export function controlName({ control }: Row): string {
  return control.length === 0 ? "nothing" : control.map((one) => CONTROL_NAMES[one]).join(", ");
}

/** "web may read old versions of db, which the map does not say". */
export function differenceName({ row, group, decision }: Difference): string {
  const { verb, allowed } = decision;
  return allowed
    ? `${row.actor.title} may ${verb} ${group.name}, which the map does not say`
    : `${row.actor.title} may not ${verb} ${group.name}, though the map says so`;
}

/** Verbs that the same layers deny, together: "list, put: identity, bucket". */
export function denialsOf({ decisions }: Cell): readonly {
  readonly verbs: string;
  readonly layers: string;
  readonly isHeldByOne: boolean;
}[] {
  const byLayers = new Map<string, readonly Decision[]>();
  for (const decision of decisions) {
    if (decision.allowed) continue;
    const layers = decision.heldBy.join(", ");
    byLayers.set(layers, [...(byLayers.get(layers) ?? []), decision]);
  }
  return [...byLayers].map(([layers, same]) => ({
    verbs: same.map(({ verb }) => VERB_NAMES[verb]).join(", "),
    layers,
    isHeldByOne: same.every(({ heldBy }) => heldBy.length === 1),
  }));
}
