/**
 * Values with policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, and `${*}`, `${?}`, `${$}`
 * for the characters themselves.
 *
 * What a variable brings in is literal: a "*" in a tag's value matches a "*". One that the request does not have
 * makes the whole value match nothing, unless it has a default.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Context } from "./context.ts";
import { literalTokens, wildTokens } from "./glob.ts";

type Tokens = readonly number[];

type Part =
  | { readonly kind: "tokens"; readonly tokens: Tokens }
  | { readonly kind: "variable"; readonly key: string; readonly fallback: Tokens | undefined };

export interface Template {
  readonly parts: readonly Part[];
  /** The value, when no variable is in it. */
  readonly fixed: Tokens | undefined;
}

export interface TemplateRules {
  /** Only in documents of version 2012-10-17; in older ones a variable is plain text. */
  readonly variables: boolean;
  readonly wildcards: boolean;
}

/** A string says what is wrong with `text`. */
export function parseTemplate(
  text: string,
  { variables, wildcards }: TemplateRules,
): Template | string {
  const tokensOf = wildcards ? wildTokens : literalTokens;
  if (!variables || !text.includes("${")) return { parts: [], fixed: tokensOf(text) };
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf("${", at);
    const plain = start === -1 ? text.slice(at) : text.slice(at, start);
    if (plain !== "") parts.push({ kind: "tokens", tokens: tokensOf(plain) });
    if (start === -1) break;
    const end = text.indexOf("}", start);
    if (end === -1) return `expected a variable that ends with "}", got ${quote(text)}`;
    const part = parseVariable(text.slice(start + 2, end));
    if (part === undefined)
      return `expected \${key} or \${key, 'default'}, got ${quote(text.slice(start, end + 1))}`;
    parts.push(part);
    at = end + 1;
  }
  const isFixed = parts.every(({ kind }) => kind === "tokens");
  const fixed = parts.flatMap((part) => (part.kind === "tokens" ? part.tokens : []));
  return { parts, fixed: isFixed ? fixed : undefined };
}

function parseVariable(inside: string): Part | undefined {
  if (inside === "*" || inside === "?" || inside === "$")
    return { kind: "tokens", tokens: literalTokens(inside) };
  const found = /^\s*([^\s,'{}$*?]+:[^,'{}$*?]+?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(inside);
  const key = found?.[1];
  if (key === undefined) return undefined;
  const fallback = found?.[2];
  return {
    kind: "variable",
    key: key.toLowerCase(),
    fallback: fallback === undefined ? undefined : literalTokens(fallback),
  };
}

/**
 * The value for one request; undefined where a variable of it has none.
 * @throws {PosternError} BadData for a variable of several values: AWS takes only keys of one value
 */
export function resolveTemplate({ parts, fixed }: Template, context: Context): Tokens | undefined {
  if (fixed !== undefined) return fixed;
  const tokens: number[] = [];
  for (const part of parts) {
    const resolved = part.kind === "tokens" ? part.tokens : valueOf(part, context);
    if (resolved === undefined) return undefined;
    tokens.push(...resolved);
  }
  return tokens;
}

function valueOf(
  { key, fallback }: Extract<Part, { kind: "variable" }>,
  context: Context,
): Tokens | undefined {
  const values = context.get(key);
  if (values === undefined) return fallback;
  const [value, ...more] = values;
  if (value === undefined || more.length > 0)
    throw new PosternError(
      "BadData",
      `variable \${${key}}: expected a key of one value, got ${values.length}`,
    );
  return literalTokens(value);
}
