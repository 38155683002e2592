/**
 * The Principal and NotPrincipal elements of policies on resources.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 * @module
 */
import { quote } from "../core/names.ts";
import { accountOf, type Caller, callerOfArn } from "./caller.ts";
import { below, isRecord, kindOf, type Report } from "./issues.ts";

export interface PrincipalSet {
  readonly everyone: boolean;
  readonly accounts: ReadonlySet<string>;
  /** Users, roles and sessions. */
  readonly arns: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  readonly federated: ReadonlySet<string>;
  /** By S3's own id of an account. */
  readonly canonicalUsers: ReadonlySet<string>;
}

/**
 * How a principal names a caller: by itself, by its role, as anyone at all, or only by its account, whose
 * administrators then decide.
 */
export type Naming = "itself" | "anyone" | "role" | "account";

const MEMBERS = ["AWS", "Service", "Federated", "CanonicalUser"];

/** What is wrong is reported. */
export function parsePrincipal(element: unknown, path: string, report: Report): PrincipalSet {
  const sets = {
    everyone: element === "*",
    accounts: new Set<string>(),
    arns: new Set<string>(),
    services: new Set<string>(),
    federated: new Set<string>(),
    canonicalUsers: new Set<string>(),
  };
  if (element === "*") return sets;
  if (!isRecord(element)) {
    report(path, `expected "*" or an object, got ${kindOf(element)}`);
    return sets;
  }
  if (Object.keys(element).length === 0) report(path, "expected at least one principal");
  for (const [kind, members] of Object.entries(element)) {
    const at = below(path, kind);
    if (!MEMBERS.includes(kind)) report(at, `expected ${MEMBERS.join(", ")}, got ${quote(kind)}`);
    else
      for (const [text, place] of strings(members, at, report)) {
        if (kind === "CanonicalUser") sets.canonicalUsers.add(text);
        else if (kind === "Federated") sets.federated.add(text);
        else if (kind === "Service") addService(text, sets.services, place, report);
        else if (text === "*") sets.everyone = true;
        else addAws(text, sets, place, report);
      }
  }
  return sets;
}

function addService(text: string, services: Set<string>, path: string, report: Report): void {
  if (/^(\*|[a-z0-9.-]+\.amazonaws\.com(\.cn)?)$/.test(text)) services.add(text);
  else report(path, `expected a service such as "ec2.amazonaws.com", got ${quote(text)}`);
}

function addAws(
  text: string,
  { accounts, arns }: { readonly accounts: Set<string>; readonly arns: Set<string> },
  path: string,
  report: Report,
): void {
  const account = /^(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?$/.exec(text)?.[1];
  if (account !== undefined && (text === account || text.startsWith("arn:"))) {
    accounts.add(account);
    return;
  }
  // the id of a role or user that is gone, which names nobody; CloudFront's own users
  const isOther =
    /^A(ROA|IDA|NPA|GPA)[A-Z0-9]{12,}$/.test(text) ||
    /^arn:aws[a-z-]*:iam::cloudfront:user\/[^*?]+$/.test(text);
  if (isOther || callerOfArn(text) !== undefined) arns.add(text);
  else
    report(
      path,
      `expected "*", an account, or the ARN of a user, role or session without wildcards, got ${quote(text)}`,
    );
}

/** The strings of a member that is one or a list, each with its place. */
export function strings(
  element: unknown,
  path: string,
  report: Report,
): readonly (readonly [text: string, path: string])[] {
  const isList = Array.isArray(element);
  const members: readonly unknown[] = isList ? element : [element];
  if (members.length === 0) report(path, "expected at least one string");
  return members.flatMap((member, at) => {
    const place = isList ? `${path}[${at}]` : path;
    if (typeof member === "string") return [[member, place] as const];
    report(place, `expected a string, got ${kindOf(member)}`);
    return [];
  });
}

/** How `set` names `caller`, by the closest name; undefined when it does not. */
export function namingOf(set: PrincipalSet, caller: Caller): Naming | undefined {
  if (namesItself(set, caller)) return "itself";
  if (set.everyone) return "anyone";
  if (caller.kind === "role" && set.arns.has(caller.arn))
    // what was asked of the role as such is asked of it whatever the session
    return "role";
  const account = accountOf(caller);
  return account !== undefined && set.accounts.has(account) ? "account" : undefined;
}

function namesItself(set: PrincipalSet, caller: Caller): boolean {
  switch (caller.kind) {
    case "root":
      return set.accounts.has(caller.account);
    case "user":
    case "federated user":
      return set.arns.has(caller.arn);
    case "role":
      return caller.session !== undefined && set.arns.has(caller.session);
    case "federated":
      return set.federated.has(caller.provider) || set.federated.has("*");
    case "service":
      return set.services.has(caller.name) || set.services.has("*");
    case "anonymous":
      return false;
    default:
      return caller satisfies never;
  }
}

/**
 * Whether NotPrincipal spares the caller: AWS wants the account listed beside a user, and account and role beside
 * a session; with less the answer differs from service to service, so less spares nobody here. Nothing spares a
 * principal that has a permissions boundary.
 */
export function isSpared(set: PrincipalSet, caller: Caller, hasBoundary: boolean): boolean {
  if (set.everyone) return true;
  if (hasBoundary) return false;
  switch (caller.kind) {
    case "root":
      return set.accounts.has(caller.account);
    case "user":
    case "federated user":
      return set.arns.has(caller.arn) && set.accounts.has(caller.account);
    case "role":
      return (
        set.arns.has(caller.arn) &&
        set.accounts.has(caller.account) &&
        (caller.session === undefined || set.arns.has(caller.session))
      );
    case "federated":
    case "service":
    case "anonymous":
      return namesItself(set, caller);
    default:
      return caller satisfies never;
  }
}
