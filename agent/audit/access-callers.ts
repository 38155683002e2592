/**
 * Who is asked for: everybody that documents name, one for each pattern of theirs, and strangers.
 * @module
 */
import { type Caller, callerOfArn } from "../policy/caller.ts";
import type { Policy } from "../policy/document.ts";
import { arnGlobOf, matchesArn, parseArn, wildTokens } from "../policy/glob.ts";
import { type Pair, parseGrants } from "./suspects.ts";

export interface Somebody {
  readonly caller: Caller;
  /**
   * Whether its own policies allow it everything: so it is of another account, whose policies are its own affair,
   * and of whoever of this one is named by documents that have none of its policies.
   */
  readonly isAllMighty: boolean;
}

/** An account that nobody's documents name. */
const ELSEWHERE = "999999999999";

/** @param policies all documents of the deployments, as they are evaluated */
export function callersOf(deployments: Pair, policies: readonly Policy[]): readonly Somebody[] {
  const [{ account, partition }] = deployments;
  const roleOf = (owner: string, name: string): string =>
    `arn:${partition}:iam::${owner}:role/${name}`;
  const named = [
    ...deployments.flatMap(({ identities }) => identities.map(({ arn }) => arn)),
    ...policies.flatMap((policy) => principalsIn(policy, roleOf)),
    ...deployments.flatMap(({ keys }) =>
      keys.flatMap(({ arn, grants }) => parseGrants(grants, arn).map(({ grantee }) => grantee)),
    ),
  ];
  const callers = new Map<string, Somebody>();
  const add = (caller: Caller | undefined, isAllMighty: boolean): void => {
    if (caller !== undefined)
      callers.set(`${JSON.stringify(caller)} ${isAllMighty}`, { caller, isAllMighty });
  };
  const known = deployments
    .flatMap(({ identities }) => identities.filter(({ policies }) => policies.length > 0))
    .map(({ arn }) => arnGlobOf(wildTokens(arn)));
  const isKnown = (arn: string): boolean => {
    const parsed = parseArn(arn);
    return parsed !== undefined && known.some((pattern) => matchesArn(pattern, parsed));
  };
  for (const text of named) {
    const caller = callerNamed(text);
    const isForeign = caller !== undefined && "account" in caller && caller.account !== account;
    add(caller, isForeign);
    // what its policies are, nobody says
    if (!isForeign && caller !== undefined && "account" in caller && !isKnown(caller.arn))
      add(caller, true);
  }
  for (const isAllMighty of [false, true])
    add(sessionOf(roleOf(account, "any-other")), isAllMighty);
  add(callerOfArn(`arn:${partition}:iam::${account}:root`), true);
  add(sessionOf(roleOf(ELSEWHERE, "any-other")), true);
  add({ kind: "anonymous" }, false);
  return [...callers.values()];
}

/** Whoever a principal or a condition on who it is means; patterns are filled in. */
function principalsIn(
  policy: Policy,
  roleOf: (account: string, name: string) => string,
): readonly string[] {
  return policy.statements.flatMap(({ principal, conditions }) => [
    ...(principal === undefined
      ? []
      : [
          ...principal.set.arns,
          ...principal.set.services,
          ...[...principal.set.federated].map((provider) => `federated ${provider}`),
          ...[...principal.set.accounts].map((account) => roleOf(account, "any-other")),
        ]),
    ...conditions
      .filter(({ lowerKey }) => lowerKey === "aws:principalarn")
      .flatMap(({ values }) => values.map(filledIn)),
  ]);
}

/** One of those that a pattern of ARNs matches. */
function filledIn(pattern: string): string {
  return pattern.replaceAll("?", "0").replaceAll("*", "x");
}

function callerNamed(text: string): Caller | undefined {
  if (text.startsWith("federated ")) return { kind: "federated", provider: text.slice(10) };
  if (/^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(text)) return { kind: "service", name: text };
  return sessionOf(filledIn(text));
}

/** A session of a role; others as they are. */
export function sessionOf(arn: string): Caller | undefined {
  const [, partition, account, name] =
    /^arn:([^:]+):iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (name === undefined) return callerOfArn(arn);
  return callerOfArn(`arn:${partition}:sts::${account}:assumed-role/${name}/session`, arn);
}

/** As people are told of it. */
export function nameOfCaller({ caller, isAllMighty }: Somebody): string {
  const mighty = isAllMighty ? " whose own policies allow it everything" : "";
  switch (caller.kind) {
    case "anonymous":
      return "anybody";
    case "service":
      return caller.name;
    case "federated":
      return `who comes from ${caller.provider}`;
    case "role":
    case "root":
    case "user":
    case "federated user":
      return `${caller.arn}${mighty}`;
    default:
      return caller satisfies never;
  }
}
