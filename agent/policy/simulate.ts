/** Decides scenarios, and says what was filled in for those that ask for it. @module */
import { PosternError } from "../core/errors.ts";
import { accountOf } from "./caller.ts";
import { contextOf } from "./context.ts";
import { evaluate } from "./evaluate.ts";
import { meets } from "./expectation.ts";
import type { AccessRequest, Policies } from "./request.ts";
import type { Scenario } from "./scenario.ts";
import type { Verdict } from "./verdict.ts";

export interface Simulated {
  readonly scenario: Scenario;
  readonly verdict: Verdict;
  /** The keys that were filled in, with their values. */
  readonly synthesized: Readonly<Record<string, readonly string[]>>;
  /** True when nothing was expected. */
  readonly asExpected: boolean;
}

/**
 * @param what names the scenario in errors
 * @throws {PosternError} BadData when it lacks what its policies ask, or has a key of the wrong type
 */
export function simulate(scenario: Scenario, what: string): Simulated {
  const synthesized = scenario.synthesize ? standardKeys(scenario) : {};
  const context = contextOf({ ...synthesized, ...scenario.context });
  const verdict = decide({ ...scenario.request, context }, scenario.policies, what);
  const { expect } = scenario;
  return {
    scenario,
    verdict,
    synthesized,
    asExpected: expect === undefined || meets(expect, verdict),
  };
}

function decide(request: AccessRequest, policies: Policies, what: string): Verdict {
  try {
    return evaluate(request, policies);
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    const { code, message, hint } = error;
    throw new PosternError(code, `${what}: ${message}`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/**
 * The keys that AWS puts into every such request and whose values follow from who asks for what, but those that are
 * given. What depends on the network, the instance or the time is not guessed.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
function standardKeys({
  request,
  context,
  org,
}: Scenario): Readonly<Record<string, readonly string[]>> {
  const { caller, action, resource, resourceAccount } = request;
  const account = accountOf(caller);
  const service = action.split(":")[0]?.toLowerCase();
  const keys: Record<string, string | undefined> = {
    "aws:SecureTransport": "true",
    "aws:ViaAWSService": "false",
    "aws:PrincipalIsAWSService": String(caller.kind === "service"),
    "aws:PrincipalServiceName": caller.kind === "service" ? caller.name : undefined,
    "aws:PrincipalArn": account !== undefined && "arn" in caller ? caller.arn : undefined,
    "aws:PrincipalAccount": account,
    "aws:PrincipalOrgID": account === undefined ? undefined : org,
    "aws:PrincipalType": TYPES[caller.kind],
    "aws:username": caller.kind === "user" ? caller.arn.split("/").at(-1) : undefined,
    "aws:ResourceAccount": resource === undefined ? undefined : resourceAccount,
    "s3:ResourceAccount": service === "s3" && resource !== undefined ? resourceAccount : undefined,
    "kms:CallerAccount": service === "kms" ? account : undefined,
  };
  const given = new Set(Object.keys(context).map((key) => key.toLowerCase()));
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, value]) =>
      value === undefined || given.has(key.toLowerCase()) ? [] : [[key, [value]]],
    ),
  );
}

const TYPES: Readonly<Record<string, string>> = {
  root: "Account",
  user: "User",
  role: "AssumedRole",
  "federated user": "FederatedUser",
  anonymous: "Anonymous",
};
