/**
 * Who of a deployment is made, who is there already, and who is another account's to see to.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Deployment, IdentityDocuments, PolicyJson } from "../policy/deployment.ts";

export interface Holders {
  /** Roles whose trust policy is known. */
  readonly made: readonly IdentityDocuments[];
  /** Roles, users and permission sets that get policies. */
  readonly found: readonly IdentityDocuments[];
  /** Roles of other accounts: no stack or module of this one reaches them. */
  readonly foreign: readonly IdentityDocuments[];
}

export function holdersOf({ account, identities }: Deployment): Holders {
  const own = identities.filter((one) => accountOf(one) === account);
  return {
    made: own.filter(({ trust }) => trust !== undefined),
    found: own.filter(({ trust }) => trust === undefined),
    foreign: identities.filter((one) => accountOf(one) !== account),
  };
}

function accountOf({ arn }: IdentityDocuments): string {
  return arn.split(":")[4] ?? "";
}

/** "web" of "arn:aws:iam::111122223333:role/postern/web", "Ops" of the roles of the permission set Ops. */
export function nameOf({ kind, arn }: Pick<IdentityDocuments, "kind" | "arn">): string {
  const name = arn.split("/").at(-1) ?? "";
  if (kind !== "permission set") return name;
  return name.replace(/^AWSReservedSSO_/, "").replace(/_[?*]+$/, "");
}

/** "/postern/". */
export function pathOf({ arn }: IdentityDocuments): string {
  return arn.replace(/^[^/]*/, "").replace(/[^/]*$/, "");
}

export function boundaryName(role: IdentityDocuments): string {
  return `${nameOf(role)}-boundary`;
}

/** Where managed policies lie. */
export const POLICY_PATH = "/postern/";

/** Those of `roles` that a document names: AWS refuses one that names a role which does not exist. */
export function namedIn(
  document: PolicyJson | undefined,
  roles: readonly IdentityDocuments[],
): readonly IdentityDocuments[] {
  const text = JSON.stringify(document ?? {});
  return roles.filter(({ arn }) => text.includes(JSON.stringify(arn)));
}

/** ARNs of the identity providers that the roles trust, sorted. AWS takes a trust policy also without the provider. */
export function providersOf({ made }: Holders): readonly string[] {
  const found = made.flatMap(({ trust }) => [
    ...JSON.stringify(trust ?? {}).matchAll(
      /"(arn:[a-z-]+:iam::\d+:(?:oidc|saml)-provider\/[^"]+)"/g,
    ),
  ]);
  return [...new Set(found.map(([, arn = ""]) => arn))].toSorted();
}

/** @throws {PosternError} Internal: names of managed policies are the account's, and one would be made twice */
export function judgePolicyNames({ made, found }: Holders): void {
  const managed = [...made, ...found].flatMap(({ policies }) =>
    policies.filter(({ form }) => form === "managed").map(({ name }) => name),
  );
  const bounded = made.filter(({ boundary }) => boundary !== undefined).map(boundaryName);
  const names = [...managed, ...bounded].map((name) => name.toLowerCase());
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new PosternError("Internal", `two managed policies would have the name ${quote(twice)}`);
}
