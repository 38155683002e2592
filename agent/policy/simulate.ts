/** Decides scenarios, and says what was filled in for those that ask for it. @module */
import { PosternError } from "../core/errors.ts";
import { contextOf } from "./context.ts";
import { evaluate } from "./evaluate.ts";
import { meets } from "./expectation.ts";
import type { AccessRequest, Policies } from "./request.ts";
import type { Scenario } from "./scenario.ts";
import { standardKeys } from "./standard-keys.ts";
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
  const synthesized = scenario.synthesize
    ? standardKeys(scenario.request, scenario.context, scenario.org)
    : {};
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
