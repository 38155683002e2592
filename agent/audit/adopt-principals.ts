/** Who an existing bucket's documents are about, as principals of a map. @module */
import type { Deployment, IdentityDocuments, PolicyJson } from "../policy/deployment.ts";
import { listed, statementsOf, textsOf } from "./adopt-statements.ts";
import { lastPart } from "./exported-place.ts";

export interface FoundPrincipal {
  /** In the map. */
  readonly name: string;
  readonly arn: string;
  /** What the map says of it, but for its network. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Where it was found. */
  readonly from: string;
}

/**
 * Those that the bucket's and the keys' policies name, and those whose own policies name the bucket or a key.
 * @param things ARNs of the bucket and its keys
 */
export function foundPrincipals(
  deployment: Deployment,
  things: readonly string[],
): readonly FoundPrincipal[] {
  const { account, identities } = deployment;
  const found = new Map<string, string>();
  for (const one of identities)
    if (one.policies.some(({ document }) => isAbout(document, things)))
      found.set(one.arn, "its own policies");
  for (const { name, policy } of deployment.buckets)
    for (const arn of namedIn(policy)) found.set(arn, `the policy of ${name}`);
  for (const { arn: key, policy } of deployment.keys)
    for (const arn of namedIn(policy)) found.set(arn, `the policy of ${lastPart(key)}`);
  const names = new Set<string>();
  return [...found]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([arn, from]): readonly FoundPrincipal[] => {
      const settings = settingsOf(arn, account, identities);
      if (settings === undefined) return [];
      const name = freeName(arn, names);
      names.add(name);
      return [{ name, arn, settings, from }];
    });
}

function isAbout(document: PolicyJson, things: readonly string[]): boolean {
  return statementsOf(document).some((statement) =>
    textsOf(statement["Resource"]).some((text) =>
      things.some((thing) => text === thing || text.startsWith(`${thing}/`)),
    ),
  );
}

/** Roles and users, by principal or by a condition on who it is. */
function namedIn(policy: PolicyJson | undefined): readonly string[] {
  const text = JSON.stringify(statementsOf(policy));
  const arns = [...text.matchAll(/"(arn:aws[a-z-]*:iam::\d{12}:(?:role|user)\/[^"*?$]+)"/g)];
  return [...new Set(arns.map(([, arn = ""]) => arn))];
}

/** Undefined for what a map cannot name. */
function settingsOf(
  arn: string,
  account: string,
  identities: readonly IdentityDocuments[],
): FoundPrincipal["settings"] | undefined {
  const [, owner = "", kind, path = ""] = /:iam::(\d{12}):(role|user)\/(.+)$/.exec(arn) ?? [];
  if (kind === "user") return owner === account ? { kind: "user", user: path } : undefined;
  if (owner !== account) return { kind: "foreign", role: arn };
  const sso =
    /^aws-reserved\/sso\.amazonaws\.com\/(?:([a-z0-9-]+)\/)?AWSReservedSSO_(.+)_[0-9a-f]{16}$/.exec(
      path,
    );
  if (sso !== null) return { kind: "sso", permission_set: sso[2], region: sso[1] ?? "us-east-1" };
  const own = identities.find((one) => one.arn === arn);
  return isInstance(own)
    ? { kind: "existing", role: path, instance: true }
    : { kind: "existing", role: path };
}

function isInstance(role: IdentityDocuments | undefined): boolean {
  if (role === undefined) return false;
  const isTrusted = statementsOf(role.trust).some(({ Principal: principal }) =>
    JSON.stringify(listed(principal)).includes('"ec2.amazonaws.com'),
  );
  return role.hasInstanceProfile || isTrusted;
}

/** Of the letters that a map takes, and no other's. */
function freeName(arn: string, taken: ReadonlySet<string>): string {
  const base = lastPart(arn)
    .replace(/^AWSReservedSSO_(.+)_[0-9a-f]{16}$/, "$1")
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 50);
  const name = base === "" ? "principal" : base;
  for (let number = 1; ; number += 1) {
    const one = number === 1 ? name : `${name}-${number}`;
    if (!taken.has(one)) return one;
  }
}
