/**
 * The objects that need be looked at so that every object of a bucket is: one for each combination of patterns that
 * any object has, and those next to a pattern, at which a policy that is slightly wrong would show to a reader.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Policy } from "../policy/document.ts";
import {
  type Arn,
  type ArnGlob,
  arnGlobOf,
  matchesArn,
  parseArn,
  RUN,
  wildTokens,
} from "../policy/glob.ts";
import { arnTokens, type PatternTokens, wordsOf } from "./words.ts";

export interface Representatives {
  readonly resources: readonly Arn[];
  /** Why there may be objects that none of them stands for; undefined when there are none. */
  readonly gap: string | undefined;
}

/**
 * @param within what is looked at, such as `arn:aws:s3:::acme-secrets/*`
 * @param policies whose resources are told apart
 * @param more patterns that are told apart besides, in the same form, such as those of conditions
 * @throws {PosternError} BadData for a pattern that is no ARN
 */
export function resourceRepresentatives(
  within: string,
  policies: readonly Policy[],
  more: readonly string[],
): Representatives {
  const resources = policies
    .flatMap((one) => one.statements)
    .flatMap((one) => one.resources?.patterns ?? []);
  const globs = resources.flatMap((one) => (one.kind === "fixed" ? [one.arn] : []));
  const asked = [within, ...more].map(parsePattern);
  const [inside] = asked;
  const patterns = new Map([...asked, ...globs].map(tokensOf).map((one) => [one.join(" "), one]));
  const { words, isCut } = wordsOf([...patterns.values()], 1);
  const near = [...patterns.values()].flatMap(nearMisses);
  const arns = [...new Set([...words, ...near])]
    .map(parseArn)
    .filter((arn) => arn !== undefined)
    .filter((arn) => inside !== undefined && matchesArn(inside, arn));
  const hasVariables = resources.some((one) => one.kind === "variable");
  const gap = hasVariables ? "a resource with a variable" : undefined;
  return { resources: arns, gap: isCut ? "patterns of too many combinations" : gap };
}

function parsePattern(text: string): ArnGlob {
  const glob = arnGlobOf(wildTokens(text));
  if (glob.kind === "segments") return glob;
  throw new PosternError("BadData", `${quote(text)}: expected an ARN of six segments`);
}

function tokensOf(glob: ArnGlob): PatternTokens {
  if (glob.kind === "whole") return arnTokens(glob.glob.tokens);
  const [colon] = wildTokens(":");
  const head = glob.head.flatMap((one) => [...one.tokens, colon ?? 0]);
  return arnTokens([...head, ...glob.tail.tokens]);
}

/**
 * - Of `p/*`: `p/x`, `p/`, `p`, `p` less one character, `p-x`, and `P/x`.
 * - Of `k`: `k`, `kx`, `k/x`, `k` less one character, and `K`.
 */
function nearMisses(pattern: PatternTokens): readonly string[] {
  const isPrefix = pattern.at(-1) === RUN;
  const fixed = isPrefix ? pattern.slice(0, -1) : pattern;
  // what has wildcards inside has no one neighbour
  if (fixed.some((token) => token < 0)) return [];
  const text = fixed.map((token) => String.fromCharCode(token)).join("");
  const name = text.endsWith("/") ? text.slice(0, -1) : text;
  const rest = isPrefix ? text.slice(name.length) : "";
  const end = isPrefix ? `${rest}x` : "";
  return [
    text + (isPrefix ? "x" : ""),
    text,
    name,
    name.slice(0, -1),
    `${name}-x`,
    `${name}x`,
    `${name}/x`,
    upperKey(name) + end,
  ];
}

/** The key alone, or the bucket's name where there is no key, in upper case. */
function upperKey(arn: string): string {
  const start = arn.lastIndexOf(":") + 1;
  const slash = arn.indexOf("/", start);
  const from = slash === -1 ? start : slash;
  return arn.slice(0, from) + arn.slice(from).toUpperCase();
}
