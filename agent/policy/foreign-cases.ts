/**
 * Decides cases that are written in the layout of another project, @cloud-copilot/iam-simulate.
 *
 * Each is rewritten as a scenario of docs/schemas/simulate-v1.json and read as such, so that the same is refused. A
 * member that is not known stops the whole file: what is left out would change decisions in silence. A case whose
 * members are known and that this program cannot decide is passed over, with the reason.
 *
 * @see https://github.com/cloud-copilot/iam-simulate
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { below, isRecord, kindOf, type Report, withoutIssues } from "./issues.ts";
import { parseScenarios } from "./scenario.ts";
import { recordOf } from "./scenario-request.ts";
import { simulate, type Simulated } from "./simulate.ts";

export interface Skipped {
  readonly name: string;
  readonly why: string;
}

export interface ForeignResults {
  readonly results: readonly Simulated[];
  /** Cases that were not decided. */
  readonly skipped: readonly Skipped[];
}

/**
 * @param value a list of cases
 * @param what names the whole in errors
 * @throws {PosternError} BadData when it is no such list, or none of it can be decided
 */
export function simulateForeign(value: unknown, what: string): ForeignResults {
  const outcomes = withoutIssues(what, (report) => parseCases(value, report)).map(outcomeOf);
  const results = outcomes.filter((one) => "verdict" in one);
  const skipped = outcomes.filter((one) => "why" in one);
  if (results.length > 0 || skipped.length === 0) return { results, skipped };
  const issues = skipped.map(({ name, why }) => `${what}: ${quote(name)}: ${why}`);
  throw new PosternError("BadData", `${what}: none of its cases can be decided`, { issues });
}

/** A case rewritten as a scenario that is yet to be read, or why there is none. */
interface Rewritten {
  readonly name: string;
  readonly scenario: unknown;
  readonly unfit: string | undefined;
}

function outcomeOf({ name, scenario, unfit }: Rewritten): Simulated | Skipped {
  if (unfit !== undefined) return { name, why: unfit };
  try {
    const [one] = parseScenarios(scenario, name);
    if (one === undefined) return { name, why: "nothing to decide" };
    return simulate(one, name);
  } catch (error) {
    if (!(error instanceof PosternError) || error.code !== "BadData") throw error;
    return { name, why: error.message.slice(`${name}: `.length) };
  }
}

/** "endpointPolicies" is none: that project ignores it in silence, and reads "vpcEndpointPolicies". */
const MEMBERS = [
  "name",
  "request",
  "identityPolicies",
  "resourcePolicy",
  "sessionPolicy",
  "permissionBoundaries",
  "serviceControlPolicies",
  "resourceControlPolicies",
  "vpcEndpointPolicies",
  "simulation",
  "expected",
];

function parseCases(value: unknown, report: Report): readonly Rewritten[] | undefined {
  if (!Array.isArray(value)) {
    report("", `expected a list of cases, got ${kindOf(value)}`);
    return undefined;
  }
  const members: readonly unknown[] = value;
  return members.flatMap((member, at) => rewritten(member, at, report) ?? []);
}

function rewritten(value: unknown, at: number, reportAt: Report): Rewritten | undefined {
  const given = isRecord(value) ? value["name"] : undefined;
  // people look for a case by its name
  const suffix = typeof given === "string" ? ` in ${quote(given)}` : "";
  const report: Report = (path, message) => {
    reportAt(path === "" ? `[${at}]` : `[${at}].${path}`, `${message}${suffix}`);
  };
  const name = typeof given === "string" ? given : `[${at}]`;
  // what such a case holds is another question, and no part of it is read
  if (isRecord(value) && modeOf(value["simulation"], report) === "Discovery")
    return { name, scenario: undefined, unfit: "it asks in discovery mode under which conditions" };
  const one = recordOf(value, MEMBERS, "", report);
  const request = one && requestOf(one["request"], report);
  if (one === undefined || request === undefined) return undefined;
  const boundaries = documents(one["permissionBoundaries"], "permissionBoundaries", report);
  const endpoints = documents(one["vpcEndpointPolicies"], "vpcEndpointPolicies", report);
  const policies = {
    identity: documents(one["identityPolicies"], "identityPolicies", report),
    resource: one["resourcePolicy"],
    session: one["sessionPolicy"],
    boundary: boundaries[0],
    scp: levelsOf(one["serviceControlPolicies"], "serviceControlPolicies", report),
    rcp: levelsOf(one["resourceControlPolicies"], "resourceControlPolicies", report),
    endpoint: endpoints[0],
  };
  const expect = expectationOf(one["expected"], report);
  return {
    name,
    scenario: { name, ...request, policies, expect },
    unfit:
      boundaries.length > 1
        ? "a caller has one boundary, and it has several"
        : endpoints.length > 1
          ? "a request comes through one endpoint, and it has policies of several"
          : undefined,
  };
}

function requestOf(value: unknown, report: Report): Readonly<Record<string, unknown>> | undefined {
  const members = ["principal", "action", "resource", "context", "contextVariables"];
  const request = recordOf(value, members, "request", report);
  const target = ["resource", "accountId"];
  const resource = request && recordOf(request["resource"], target, "request.resource", report);
  if (request === undefined || resource === undefined) return undefined;
  const { context, contextVariables } = request;
  if (context !== undefined && contextVariables !== undefined)
    report("request", "expected context or contextVariables, got both");
  return {
    principal: principalOf(request["principal"], report),
    action: request["action"],
    resource: { arn: resource["resource"], account: resource["accountId"] },
    context: context ?? contextVariables ?? {},
  };
}

/** An ARN, the name of a service, or `{"type": "Anonymous"}`. */
function principalOf(value: unknown, report: Report): unknown {
  if (isRecord(value)) {
    const one = recordOf(value, ["type"], "request.principal", report);
    if (one?.["type"] !== "Anonymous")
      report("request.principal", 'expected a string or the type "Anonymous"');
    return { anonymous: true };
  }
  if (typeof value !== "string") {
    report("request.principal", `expected a string, got ${kindOf(value)}`);
    return undefined;
  }
  if (!value.startsWith("arn:")) return { service: value };
  return /:(saml|oidc)-provider\//.test(value) ? { federated: value } : { arn: value };
}

/** Documents, bare or as `{"name", "policy"}`. */
function documents(value: unknown, path: string, report: Report): readonly unknown[] {
  return listOf(value, path, report).map((member, at) =>
    isRecord(member) && "policy" in member
      ? recordOf(member, ["name", "policy"], `${path}[${at}]`, report)?.["policy"]
      : member,
  );
}

/** Level by level from the organisation's root, as in a scenario. */
function levelsOf(value: unknown, path: string, report: Report): readonly unknown[] {
  return listOf(value, path, report).map((member, at) => {
    const place = `${path}[${at}]`;
    const level = recordOf(member, ["orgIdentifier", "policies"], place, report);
    return documents(level?.["policies"], below(place, "policies"), report);
  });
}

function listOf(value: unknown, path: string, report: Report): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  report(path, `expected a list, got ${kindOf(value)}`);
  return [];
}

function modeOf(value: unknown, report: Report): "Strict" | "Discovery" {
  const mode = value === undefined ? undefined : recordOf(value, ["mode"], "simulation", report);
  const { mode: word = "Strict" } = mode ?? {};
  if (word === "Strict" || word === "Discovery") return word;
  report("simulation.mode", 'expected "Strict" or "Discovery"');
  return "Strict";
}

const RESPONSES: Readonly<Record<string, string>> = {
  Allowed: "allow",
  ExplicitlyDenied: "explicit deny",
  ImplicitlyDenied: "implicit deny",
};

/** What blocked the request is not compared: that project names all of it, and a verdict the first. */
function expectationOf(value: unknown, report: Report): string | undefined {
  if (value === undefined) return undefined;
  const response = recordOf(value, ["response", "blockedBy"], "expected", report)?.["response"];
  const known = typeof response === "string" && Object.hasOwn(RESPONSES, response);
  if (!known) report("expected.response", `expected one of ${Object.keys(RESPONSES).join(", ")}`);
  return known ? RESPONSES[response] : undefined;
}
