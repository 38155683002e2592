/**
 * The condition operators: how each reads a policy's value, and compares a request's with it.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import { isWithin, parseAddress, parseRange } from "./address.ts";
import type { Context } from "./context.ts";
import { arnGlobOf, globOf, matchesArn, matchesGlob, parseArn } from "./glob.ts";
import { parseTemplate, resolveTemplate } from "./template.ts";

/** Compares one value of a request with one of a policy. */
export type Test = (value: string, context: Context, key: string) => boolean;

/** Reads a policy's value; a string says what is wrong with it. */
type ParseTest = (text: string, variables: boolean) => Test | string;

export interface Operator {
  /** Without its set operator and "IfExists". */
  readonly name: string;
  /** None of the policy's values may match, rather than one of them must. */
  readonly negated: boolean;
  /** "all" and "any": ForAllValues and ForAnyValue. */
  readonly set: "all" | "any" | undefined;
  readonly ifExists: boolean;
  readonly parseTest: ParseTest;
}

const PARSERS: Readonly<Record<string, readonly [parse: ParseTest, negated?: "not"]>> = {
  StringEquals: [stringTest({ wildcards: false })],
  StringNotEquals: [stringTest({ wildcards: false }), "not"],
  StringEqualsIgnoreCase: [stringTest({ wildcards: false, ignoreCase: true })],
  StringNotEqualsIgnoreCase: [stringTest({ wildcards: false, ignoreCase: true }), "not"],
  StringLike: [stringTest({ wildcards: true })],
  StringNotLike: [stringTest({ wildcards: true }), "not"],
  NumericEquals: [orderTest(parseNumber, (value, limit) => value === limit)],
  NumericNotEquals: [orderTest(parseNumber, (value, limit) => value === limit), "not"],
  NumericLessThan: [orderTest(parseNumber, (value, limit) => value < limit)],
  NumericLessThanEquals: [orderTest(parseNumber, (value, limit) => value <= limit)],
  NumericGreaterThan: [orderTest(parseNumber, (value, limit) => value > limit)],
  NumericGreaterThanEquals: [orderTest(parseNumber, (value, limit) => value >= limit)],
  DateEquals: [orderTest(parseDate, (value, limit) => value === limit)],
  DateNotEquals: [orderTest(parseDate, (value, limit) => value === limit), "not"],
  DateLessThan: [orderTest(parseDate, (value, limit) => value < limit)],
  DateLessThanEquals: [orderTest(parseDate, (value, limit) => value <= limit)],
  DateGreaterThan: [orderTest(parseDate, (value, limit) => value > limit)],
  DateGreaterThanEquals: [orderTest(parseDate, (value, limit) => value >= limit)],
  Bool: [equalTest(parseBool, '"true" or "false"')],
  BinaryEquals: [equalTest(parseBase64, "base64")],
  IpAddress: [addressTest],
  NotIpAddress: [addressTest, "not"],
  // AWS: ArnEquals and ArnLike behave identically
  ArnEquals: [arnTest],
  ArnLike: [arnTest],
  ArnNotEquals: [arnTest, "not"],
  ArnNotLike: [arnTest, "not"],
  Null: [equalTest(parseBool, '"true" or "false"')],
};

/** A string says what is wrong with `text`. */
export function parseOperator(text: string): Operator | string {
  const found = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(text);
  const [, set, name = "", ifExists] = found ?? [];
  const known = Object.hasOwn(PARSERS, name) ? PARSERS[name] : undefined;
  if (known === undefined) {
    const near = nearestWord(name, Object.keys(PARSERS));
    const hint = near === undefined ? "" : `; did you mean ${quote(near)}?`;
    return `expected a condition operator, got ${quote(text)}${hint}`;
  }
  // whether a key is there is what Null itself asks
  if (name === "Null" && (set !== undefined || ifExists !== undefined))
    return `expected "Null" without a set operator and "IfExists", got ${quote(text)}`;
  const [parseTest, negated] = known;
  return {
    name,
    negated: negated !== undefined,
    set: set === undefined ? undefined : set === "ForAllValues" ? "all" : "any",
    ifExists: ifExists !== undefined,
    parseTest,
  };
}

function stringTest({
  wildcards,
  ignoreCase = false,
}: {
  readonly wildcards: boolean;
  readonly ignoreCase?: boolean;
}): ParseTest {
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  return (text, variables) => {
    const template = parseTemplate(text, { variables, wildcards });
    if (typeof template === "string") return template;
    const { fixed } = template;
    if (fixed !== undefined) {
      const glob = globOf(fixed);
      const literal = glob.literal === undefined ? undefined : fold(glob.literal);
      return (value) =>
        literal === undefined ? matchesGlob(glob, value) : literal === fold(value);
    }
    return (value, context) => {
      const tokens = resolveTemplate(template, context);
      if (tokens === undefined) return false;
      const glob = globOf(tokens);
      return glob.literal === undefined
        ? matchesGlob(glob, value)
        : fold(glob.literal) === fold(value);
    };
  };
}

/** The client's own header, which need not be the ARN that policies compare it with: then it matches none. */
export const KEY_OF_CLIENT = "s3:x-amz-server-side-encryption-aws-kms-key-id";

function arnTest(text: string, variables: boolean): Test | string {
  const template = parseTemplate(text, { variables, wildcards: true });
  if (typeof template === "string") return template;
  if (!/^(arn:.|\*|\$\{)/.test(text)) return `expected an ARN, got ${quote(text)}`;
  const { fixed } = template;
  const whole = fixed === undefined ? undefined : arnGlobOf(fixed);
  // each of the six segments is compared by itself; a short ARN must leave the others open
  if (whole?.kind === "whole" && !text.endsWith("*"))
    return `expected an ARN of six segments, got ${quote(text)}`;
  return (value, context, key) => {
    const arn = parseArn(value);
    if (arn === undefined) {
      if (key === KEY_OF_CLIENT) return text === "*";
      throw wrongType(key, "an ARN", value);
    }
    if (whole !== undefined) return matchesArn(whole, arn);
    const tokens = resolveTemplate(template, context);
    return tokens !== undefined && matchesArn(arnGlobOf(tokens), arn);
  };
}

type Parse = (text: string) => number | undefined;

function orderTest(parse: Parse, compare: (value: number, limit: number) => boolean): ParseTest {
  const expected = parse === parseNumber ? "a number" : "a date (ISO 8601, or seconds since 1970)";
  return (text) => {
    const limit = parse(text);
    if (limit === undefined) return `expected ${expected}, got ${quote(text)}`;
    return (given, _, key) => {
      const value = parse(given);
      if (value === undefined) throw wrongType(key, expected, given);
      return compare(value, limit);
    };
  };
}

function equalTest(parse: (text: string) => string | undefined, expected: string): ParseTest {
  return (text) => {
    const wanted = parse(text);
    if (wanted === undefined) return `expected ${expected}, got ${quote(text)}`;
    return (given, _, key) => {
      const value = parse(given);
      if (value === undefined) throw wrongType(key, expected, given);
      return value === wanted;
    };
  };
}

function addressTest(text: string): Test | string {
  const range = parseRange(text);
  if (range === undefined) return `expected an IP address or a CIDR range, got ${quote(text)}`;
  return (given, _, key) => {
    const address = parseAddress(given);
    if (address === undefined) throw wrongType(key, "an IP address", given);
    return isWithin(address, range);
  };
}

/** Undefined when `text` is no number. */
export function parseNumber(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : undefined;
}

/** Milliseconds since 1970 of a W3C date, UTC unless it has a zone, or of whole seconds. */
export function parseDate(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const form = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
    text,
  );
  if (form === null) return undefined;
  const zoned = form[1] === undefined || form[4] !== undefined ? text : `${text}Z`;
  const parsed = Date.parse(zoned);
  return Number.isNaN(parsed) ? undefined : parsed;
}

function parseBool(text: string): string | undefined {
  const folded = text.toLowerCase();
  return folded === "true" || folded === "false" ? folded : undefined;
}

function parseBase64(text: string): string | undefined {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0 ? text : undefined;
}

function wrongType(key: string, expected: string, value: string): PosternError {
  return new PosternError(
    "BadData",
    `condition key ${quote(key)}: expected ${expected} in the request, got ${quote(value)}`,
  );
}
