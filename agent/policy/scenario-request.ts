/** The request of a scenario: who asks for what, and what is known of it. @module */
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import { accountOf, type Caller, callerOfArn } from "./caller.ts";
import { isConditionKey } from "./context.ts";
import { parseArn } from "./glob.ts";
import { below, isRecord, kindOf, type Report } from "./issues.ts";
import type { AccessRequest } from "./request.ts";

/** Condition keys in the case in which they are written. */
export type Keys = Readonly<Record<string, readonly string[]>>;

export interface Who {
  readonly caller: Caller;
  readonly canonicalUser: string | undefined;
  readonly org: string | undefined;
}

/** What is wrong is reported, here and below. */
export function parsePrincipal(
  value: unknown,
  context: Keys,
  path: string,
  report: Report,
): Who | undefined {
  const members = ["arn", "service", "federated", "anonymous", "account", "org", "canonicalUser"];
  const principal = recordOf(value, members, path, report);
  if (principal === undefined) return undefined;
  const { arn, service, federated, anonymous, account } = principal;
  const org = textOf(principal, "org", path, report);
  const canonicalUser = textOf(principal, "canonicalUser", path, report);
  const kinds = [arn, service, federated, anonymous].filter((one) => one !== undefined);
  let caller: Caller | undefined;
  if (kinds.length !== 1) report(path, "expected one of arn, service, federated and anonymous");
  else if (typeof service === "string") caller = { kind: "service", name: service };
  else if (typeof federated === "string") caller = { kind: "federated", provider: federated };
  else if (anonymous === true) caller = { kind: "anonymous" };
  else if (typeof arn === "string") {
    const own = Object.entries(context).find(([key]) => key.toLowerCase() === "aws:principalarn");
    caller = callerOfArn(arn, own?.[1][0]);
    if (caller === undefined)
      report(
        below(path, "arn"),
        `expected a user, role, session or root, and the role's own ARN in aws:PrincipalArn, got ${quote(arn)}`,
      );
  } else report(path, "expected a string, or true for anonymous");
  if (caller === undefined) return undefined;
  if (account !== undefined && account !== accountOf(caller))
    report(below(path, "account"), "expected the account of the ARN");
  return { caller, org, canonicalUser };
}

export function parseResource(
  value: unknown,
  { who, home }: { readonly who: Who | undefined; readonly home: string | undefined },
  path: string,
  report: Report,
): Pick<AccessRequest, "resource" | "resourceAccount"> | undefined {
  const given = recordOf(value, ["arn", "account"], path, report);
  if (given === undefined) return undefined;
  const { arn } = given;
  const resource = typeof arn === "string" ? parseArn(arn) : undefined;
  if (arn !== "*" && resource === undefined) {
    report(below(path, "arn"), 'expected an ARN, or "*" for an action without a resource');
    return undefined;
  }
  const named = /^\d{12}$/.exec(resource?.head[4] ?? "")?.[0];
  const account = textOf(given, "account", path, report);
  if (account !== undefined && !/^\d{12}$/.test(account))
    report(below(path, "account"), "expected 12 digits");
  if (account !== undefined && named !== undefined && account !== named)
    report(below(path, "account"), "expected the account of the ARN");
  // an action without a resource is one on the caller's own account
  const own = arn === "*" && who !== undefined ? accountOf(who.caller) : home;
  const resourceAccount = account ?? named ?? own;
  if (resourceAccount === undefined)
    report(path, "expected the account that owns the resource: its ARN does not say");
  return { resource, resourceAccount: resourceAccount ?? "" };
}

export function parseContext(value: unknown, path: string, report: Report): Keys {
  const context: Record<string, readonly string[]> = {};
  if (!isRecord(value)) {
    report(path, `expected an object, got ${kindOf(value)}`);
    return context;
  }
  const seen = new Set<string>();
  for (const [key, given] of Object.entries(value)) {
    const place = below(path, key);
    if (!isConditionKey(key)) report(place, 'expected a key such as "aws:SourceIp"');
    if (seen.has(key.toLowerCase())) report(place, "expected each key once, whatever its case");
    seen.add(key.toLowerCase());
    const members: readonly unknown[] = Array.isArray(given) ? given : [given];
    if (!members.every((one) => ["string", "number", "boolean"].includes(typeof one)))
      report(place, "expected a string, a number, a boolean, or a list of them");
    // AWS: a set that resolves to an empty string is a null data set, so that Null guards a set operator
    context[key] = members.map(String).filter((text) => text !== "" || !Array.isArray(given));
  }
  return context;
}

export function recordOf(
  value: unknown,
  known: readonly string[],
  path: string,
  report: Report,
): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(value)) {
    report(path, `expected an object, got ${kindOf(value)}`);
    return undefined;
  }
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue;
    const near = nearestWord(name, known);
    const hint = near === undefined ? "" : `; did you mean ${quote(near)}?`;
    report(below(path, name), `expected a known member, got ${quote(name)}${hint}`);
  }
  return value;
}

function textOf(
  record: Readonly<Record<string, unknown>>,
  member: string,
  path: string,
  report: Report,
): string | undefined {
  const value = record[member];
  if (value === undefined || typeof value === "string") return value;
  report(below(path, member), `expected a string, got ${kindOf(value)}`);
  return undefined;
}
