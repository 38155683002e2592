/**
 * Whether a statement's actions and resources are those of a request.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 * @module
 */
import { quote } from "../core/names.ts";
import type { Context } from "./context.ts";
import {
  type Arn,
  type ArnGlob,
  arnGlobOf,
  type Glob,
  globOf,
  matchesArn,
  matchesGlob,
  wildTokens,
} from "./glob.ts";
import { parseTemplate, resolveTemplate, type Template } from "./template.ts";

/** A pattern of action names, in lower case: they are case-insensitive. */
export type ActionPattern = Glob;

/** A string says what is wrong with `text`. */
export function parseActionPattern(text: string): ActionPattern | string {
  // "*:*" is a wildcard as a whole; other services must be named
  const isPattern = /^(\*|\*:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$/.test(text);
  return isPattern
    ? globOf(wildTokens(text.toLowerCase()))
    : `expected an action such as "s3:GetObject", or "*", got ${quote(text)}`;
}

/** @param action in lower case */
export function matchesAction(pattern: ActionPattern, action: string): boolean {
  return matchesGlob(pattern, action);
}

export type ResourcePattern =
  | { readonly kind: "any" }
  | { readonly kind: "fixed"; readonly arn: ArnGlob }
  | { readonly kind: "variable"; readonly template: Template };

/** A string says what is wrong with `text`. */
export function parseResourcePattern(text: string, variables: boolean): ResourcePattern | string {
  if (text === "*") return { kind: "any" };
  const fault = judgeResource(text, variables);
  if (fault !== undefined) return `${fault}, got ${quote(text)}`;
  const template = parseTemplate(text, { variables, wildcards: true });
  if (typeof template === "string") return template;
  return template.fixed === undefined
    ? { kind: "variable", template }
    : { kind: "fixed", arn: arnGlobOf(template.fixed) };
}

function judgeResource(text: string, variables: boolean): string | undefined {
  if (!/^arn:./.test(text)) return 'expected an ARN or "*"';
  const segments = text.split(":");
  // IAM completes a short ARN whose last segment ends in "*"
  if (segments.length < 6 && !text.endsWith("*")) return "expected an ARN of six segments";
  if (segments.length >= 6 && segments.slice(5).join(":") === "")
    return "expected an ARN that names a resource";
  // a variable stands only after the fifth colon
  return variables && segments.slice(0, 5).join(":").includes("${")
    ? "expected variables only in the last segment of an ARN"
    : undefined;
}

/**
 * @param resource undefined for an action that has none: only "*" matches it
 */
export function matchesResource(
  pattern: ResourcePattern,
  resource: Arn | undefined,
  context: Context,
): boolean {
  if (pattern.kind === "any") return true;
  if (resource === undefined) return false;
  if (pattern.kind === "fixed") return matchesArn(pattern.arn, resource);
  const tokens = resolveTemplate(pattern.template, context);
  return tokens !== undefined && matchesArn(arnGlobOf(tokens), resource);
}
