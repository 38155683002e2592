/** A document by itself, as the policies that bind a request. @module */
import type { AccessMap } from "../../agent/map/access-map.ts";
import { accountOf, type Caller } from "../../agent/policy/caller.ts";
import { parsePolicy, type Policy } from "../../agent/policy/document.ts";
import type { Arn } from "../../agent/policy/glob.ts";
import type { Policies } from "../../agent/policy/request.ts";
import type { DocumentPlace, StatementJson } from "./places.ts";

/** A document that is taken by itself. */
export interface Alone {
  readonly map: AccessMap;
  readonly place: DocumentPlace;
  /** Equal statements are in the same policies, of which the prover remembers what it found out. */
  readonly known: Map<string, Policies>;
}

interface Circumstances {
  readonly account: string;
  readonly isOwn: boolean;
  readonly isOfKey: boolean;
  readonly isGiven: boolean;
}

/** @param isGiven whether the caller has `*:*`, so that only what is denied counts */
export function policiesOf(
  { map: { account }, place, known }: Alone,
  { caller, resource }: { readonly caller: Caller; readonly resource: Arn | undefined },
  statements: readonly StatementJson[],
  isGiven: boolean,
): Policies {
  const isOwn = accountOf(caller) === account;
  const isOfKey = resource?.head[2] === "kms";
  const name = JSON.stringify([isOwn, isOfKey, isGiven, statements.map(numberOf)]);
  const found =
    known.get(name) ??
    newPolicies(place, policyOf(place, statements), { account, isOwn, isOfKey, isGiven });
  known.set(name, found);
  return found;
}

function newPolicies(
  place: DocumentPlace,
  policy: Policy,
  { account, isOwn, isOfKey, isGiven }: Circumstances,
): Policies {
  const base = { scp: [], rcp: [], grants: [] };
  switch (place.kind) {
    case "identity":
    case "boundary":
      return {
        ...base,
        identity: [policy],
        resource: isOfKey || !isOwn ? open({ AWS: [account] }) : undefined,
      };
    case "trust":
      return { ...base, identity: [EVERYTHING], resource: policy };
    case "resource":
      return {
        ...base,
        identity: isOfKey || !isOwn || isGiven ? [EVERYTHING] : [],
        resource: policy,
      };
    case "endpoint":
      return { ...base, identity: [EVERYTHING], resource: OPEN, endpoint: policy };
    default:
      return place.kind satisfies never;
  }
}

const open = (Principal: unknown): Policy =>
  parsePolicy(
    { Version: VERSION, Statement: { Effect: "Allow", Action: "*", Resource: "*", Principal } },
    "resource",
    "open",
  );
const VERSION = "2012-10-17";
const OPEN: Policy = open("*");
const EVERYTHING: Policy = parsePolicy(
  { Version: VERSION, Statement: { Effect: "Allow", Action: "*", Resource: "*" } },
  "identity",
  "*:*",
);

const numbers = new WeakMap<StatementJson, number>();
let next = 0;

function numberOf(statement: StatementJson): number {
  const found = numbers.get(statement) ?? (next += 1);
  numbers.set(statement, found);
  return found;
}

const parsedBefore = new WeakMap<StatementJson, Policy>();

export function policyOf(
  { kind, name }: DocumentPlace,
  statements: readonly StatementJson[],
): Policy {
  const parsed = statements.flatMap((one) => {
    const { Sid: _, ...bare } = one;
    const found =
      parsedBefore.get(one) ?? parsePolicy({ Version: VERSION, Statement: bare }, kind, name);
    parsedBefore.set(one, found);
    return found.statements;
  });
  return { name, kind, version: VERSION, statements: parsed };
}
