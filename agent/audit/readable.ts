/**
 * Policies that others keep and that cannot be read here: they are left out and told of, so that one of them does not
 * hide all else.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import type { NamedPolicy } from "../policy/deployment.ts";
import { parsePolicy } from "../policy/document.ts";

export interface Readable {
  readonly policies: readonly NamedPolicy[];
  /** "policy NAME of ARN: what is wrong", of each that is left out. */
  readonly refused: readonly string[];
}

/** @param arn whose they are */
export function readablePolicies(policies: readonly NamedPolicy[], arn: string): Readable {
  const judged = policies.map((policy) => ({ policy, fault: faultOf(policy) }));
  return {
    policies: judged.filter(({ fault }) => fault === undefined).map(({ policy }) => policy),
    refused: judged.flatMap(({ policy, fault }) =>
      fault === undefined ? [] : [`policy ${policy.name} of ${arn}: ${fault}`],
    ),
  };
}

function faultOf({ document }: NamedPolicy): string | undefined {
  try {
    parsePolicy(document, "identity", "it");
    return undefined;
  } catch (error) {
    if (error instanceof PosternError && error.code === "BadData") return error.message;
    throw error;
  }
}
