/**
 * Requests to be decided, as people write them in JSON: docs/schemas/simulate-v1.json is the same in the words of
 * JSON Schema.
 * @module
 */
import { accountOf, type Caller } from "./caller.ts";
import { type Policy, type PolicyKind, parseDocument } from "./document.ts";
import { type Expectation, parseExpectation } from "./expectation.ts";
import { type Grant, parseGrant } from "./grant.ts";
import { below, kindOf, type Report, withoutIssues } from "./issues.ts";
import type { AccessRequest, Policies } from "./request.ts";
import {
  type Keys,
  parseContext,
  parsePrincipal,
  parseResource,
  recordOf,
} from "./scenario-request.ts";

export interface Scenario {
  readonly name: string | undefined;
  readonly request: Omit<AccessRequest, "context">;
  readonly context: Keys;
  readonly org: string | undefined;
  readonly policies: Policies;
  readonly expect: Expectation | undefined;
  readonly synthesize: boolean;
}

/**
 * @param value one scenario or a list
 * @param what names the whole in errors
 * @throws {PosternError} BadData, with every fault and its place
 */
export function parseScenarios(value: unknown, what: string): readonly Scenario[] {
  return withoutIssues(what, (report) => {
    if (!Array.isArray(value)) {
      const one = parseScenario(value, "", report);
      return one && [one];
    }
    const members: readonly unknown[] = value;
    return members
      .map((member, at) => parseScenario(member, `[${at}]`, report))
      .filter((one) => one !== undefined);
  });
}

const MEMBERS = [
  "name",
  "principal",
  "action",
  "resource",
  "context",
  "policies",
  "grants",
  "expect",
  "synthesize",
];

function parseScenario(value: unknown, path: string, report: Report): Scenario | undefined {
  const scenario = recordOf(value, MEMBERS, path, report);
  if (scenario === undefined) return undefined;
  const at = (member: string): string => below(path, member);
  const { name, action, synthesize = false } = scenario;
  if (name !== undefined && typeof name !== "string")
    report(at("name"), `expected a string, got ${kindOf(name)}`);
  if (typeof synthesize !== "boolean")
    report(at("synthesize"), `expected a boolean, got ${kindOf(synthesize)}`);
  if (typeof action !== "string" || !/^[A-Za-z0-9-]+:[A-Za-z0-9]+$/.test(action))
    report(at("action"), 'expected one action such as "s3:GetObject", without wildcards');
  const context = parseContext(scenario["context"] ?? {}, at("context"), report);
  const who = parsePrincipal(scenario["principal"], context, at("principal"), report);
  const home = who && synthesize === true ? accountOf(who.caller) : undefined;
  const resource = parseResource(scenario["resource"], { who, home }, at("resource"), report);
  const grants = parseGrants(scenario["grants"] ?? [], at("grants"), report);
  const isRole =
    resource?.resource?.head[2] === "iam" && resource.resource.tail.startsWith("role/");
  const policies = parsePolicies(scenario["policies"] ?? {}, isRole, at("policies"), report);
  const expect =
    scenario["expect"] === undefined
      ? undefined
      : parseExpectation(scenario["expect"], at("expect"), report);
  if (who === undefined || resource === undefined || policies === undefined) return undefined;
  refuseForeign(who.caller, policies, at("policies"), report);
  return {
    name: typeof name === "string" ? name : undefined,
    request: {
      caller: who.caller,
      canonicalUser: who.canonicalUser,
      action: String(action),
      ...resource,
    },
    context,
    org: who.org,
    policies: { ...policies, grants },
    expect,
    synthesize: synthesize === true,
  };
}

type Documents = Omit<Policies, "grants">;

function parsePolicies(
  value: unknown,
  isRole: boolean,
  path: string,
  report: Report,
): Documents | undefined {
  const members = ["identity", "resource", "session", "boundary", "scp", "rcp", "endpoint"];
  const given = recordOf(value, members, path, report);
  if (given === undefined) return undefined;
  const list = (member: unknown, place: string): readonly unknown[] => {
    if (Array.isArray(member)) return member;
    report(place, `expected a list, got ${kindOf(member)}`);
    return [];
  };
  const one = (document: unknown, kind: PolicyKind, name: string): readonly Policy[] => {
    const place = `${path}.${name}`;
    const policy = parseDocument(document, kind, name, (at, message) => {
      report(at === "" ? place : `${place}.${at}`, message);
    });
    return policy === undefined ? [] : [policy];
  };
  const maybe = (member: string, kind: PolicyKind): Policy | undefined =>
    given[member] === undefined ? undefined : one(given[member], kind, member)[0];
  const levels = (kind: "scp" | "rcp"): readonly (readonly Policy[])[] =>
    list(given[kind] ?? [], `${path}.${kind}`).map((level, at) =>
      list(level, `${path}.${kind}[${at}]`).flatMap((document, index) =>
        one(document, kind, `${kind}[${at}][${index}]`),
      ),
    );
  return {
    identity: list(given["identity"] ?? [], `${path}.identity`).flatMap((document, at) =>
      one(document, "identity", `identity[${at}]`),
    ),
    resource: maybe("resource", isRole ? "trust" : "resource"),
    session: maybe("session", "session"),
    boundary: maybe("boundary", "boundary"),
    scp: levels("scp"),
    rcp: levels("rcp"),
    endpoint: maybe("endpoint", "endpoint"),
  };
}

/** Documents that such a caller cannot have are a mistake, and would be ignored. */
function refuseForeign(caller: Caller, policies: Documents, path: string, report: Report): void {
  const isIam = ["user", "role", "federated user"].includes(caller.kind);
  if (!isIam && policies.identity.length > 0)
    report(`${path}.identity`, `no document of this caller (${caller.kind})`);
  if (caller.kind !== "user" && caller.kind !== "role" && policies.boundary !== undefined)
    report(`${path}.boundary`, `no document of this caller (${caller.kind})`);
  if (caller.kind !== "role" && caller.kind !== "federated user" && policies.session !== undefined)
    report(`${path}.session`, `no document of this caller (${caller.kind})`);
}

function parseGrants(value: unknown, path: string, report: Report): readonly Grant[] {
  if (!Array.isArray(value)) {
    report(path, `expected a list, got ${kindOf(value)}`);
    return [];
  }
  const members: readonly unknown[] = value;
  return members
    .map((member, at) => parseGrant(member, `${path}[${at}]`, report))
    .filter((one) => one !== undefined);
}
