/**
 * One spelling of a policy document, so that two are equal where they say the same in other words.
 *
 * AWS and the tools that deploy documents rewrite them: one value or a list of it, the order of values and statements,
 * an account or its root ARN, `"true"` or `true`. Sids and the Id decide nothing.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 * @module
 */
import { parseRange } from "../policy/address.ts";
import type { PolicyJson } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";

export interface CanonicalStatement {
  /** Equal for statements that say the same. */
  readonly text: string;
  /** As written; no part of what is compared. */
  readonly sid: string | undefined;
  /** In the order of their names. */
  readonly parts: readonly Part[];
}

/** One element of a statement, or one key of its conditions. */
export interface Part {
  /** "Action", "Principal.AWS", "Condition.StringEquals.aws:sourcevpce". */
  readonly name: string;
  /** The name as written. */
  readonly label: string;
  /** In order: what is compared, and how it was written. */
  readonly values: readonly Spelled[];
}

export interface Spelled {
  readonly canonical: string;
  readonly written: string;
}

/** The statements in the order of their text, each once. */
export function canonicalStatements(document: PolicyJson): readonly CanonicalStatement[] {
  const version = versionOf(document);
  const byText = new Map<string, CanonicalStatement>();
  for (const statement of listed(document["Statement"])) {
    const canonical = canonicalStatement(statement, version);
    if (!byText.has(canonical.text)) byText.set(canonical.text, canonical);
  }
  return [...byText.values()].toSorted((one, other) => compare(one.text, other.text));
}

/** The statements of a document, as written, that say what none of the other says. */
export function statementsBeyond(
  document: PolicyJson | undefined,
  other: PolicyJson | undefined,
): readonly unknown[] {
  if (document === undefined) return [];
  const known = new Set(
    other === undefined ? [] : canonicalStatements(other).map(({ text }) => text),
  );
  return listed(document["Statement"]).filter(
    (statement) => !known.has(canonicalStatement(statement, versionOf(document)).text),
  );
}

/**
 * The ids in principals that stand for roles and users which are gone: AWS puts them in place of the ARN, and one made
 * anew under the same name is another.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
 */
export function departedPrincipals(document: PolicyJson): readonly string[] {
  const ids = canonicalStatements(document)
    .flatMap(({ parts }) => parts)
    .filter(({ name }) => /^(Not)?Principal\.AWS$/.test(name))
    .flatMap(({ values }) => values.map(({ canonical }) => canonical))
    .filter((value) => /^A(ROA|IDA)[A-Z0-9]{12,}$/.test(value));
  return [...new Set(ids)];
}

/** As AWS takes it that is not given. */
function versionOf(document: PolicyJson): string {
  return document["Version"] === "2012-10-17" ? "2012-10-17" : "2008-10-17";
}

function canonicalStatement(value: unknown, version: string): CanonicalStatement {
  const statement = isRecord(value) ? value : { Statement: value };
  const parts = Object.entries(statement)
    .filter(([name]) => name !== "Sid")
    .flatMap(([name, element]) => partsOf(name, element));
  // only what has a variable in it depends on the version
  if (
    JSON.stringify([
      statement["Resource"],
      statement["NotResource"],
      statement["Condition"],
    ]).includes("${")
  )
    parts.push(part("Version", "Version", [version], same));
  const ordered = parts.toSorted((one, other) => compare(textOf(one), textOf(other)));
  const { Sid: sid } = statement;
  return {
    text: JSON.stringify(ordered.map(textOf)),
    sid: typeof sid === "string" && sid !== "" ? sid : undefined,
    parts: ordered,
  };
}

function partsOf(name: string, element: unknown): Part[] {
  switch (name) {
    case "Principal":
    case "NotPrincipal":
      return principalParts(name, element);
    case "Condition":
      return conditionParts(element);
    case "Action":
    case "NotAction":
      return [part(name, name, element, canonicalAction)];
    default:
      return [part(name, name, element, same)];
  }
}

function principalParts(name: string, element: unknown): Part[] {
  if (!isRecord(element)) return [part(`${name}.AWS`, `${name}.AWS`, element, same)];
  return Object.entries(element).map(([kind, members]) => {
    const label = `${name}.${kind}`;
    return part(label, label, members, kind === "AWS" ? canonicalAccount : same);
  });
}

function conditionParts(element: unknown): Part[] {
  if (!isRecord(element)) return [part("Condition", "Condition", element, same)];
  return Object.entries(element).flatMap(([operator, keys]) => {
    const place = `Condition.${operator}`;
    if (!isRecord(keys)) return [part(place, place, keys, same)];
    return Object.entries(keys).map(([key, values]) =>
      part(`${place}.${key.toLowerCase()}`, `${place}.${key}`, values, spellingOf(operator)),
    );
  });
}

type Spelling = (text: string) => string;

function part(name: string, label: string, element: unknown, spelling: Spelling): Part {
  const values = new Map<string, Spelled>();
  for (const member of listed(element)) {
    const written = typeof member === "string" ? member : JSON.stringify(member);
    const canonical = spelling(written);
    if (!values.has(canonical)) values.set(canonical, { canonical, written });
  }
  const ordered = [...values.values()].toSorted((one, other) =>
    compare(one.canonical, other.canonical),
  );
  return { name, label, values: ordered };
}

function textOf({ name, values }: Part): string {
  return JSON.stringify([name, values.map(({ canonical }) => canonical)]);
}

const same: Spelling = (text) => text;

const canonicalAction: Spelling = (text) => (text === "*:*" ? "*" : text.toLowerCase());

const canonicalAccount: Spelling = (text) =>
  /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(text)?.[1] ?? text;

/** How values are spelt that operators of this kind compare as something else than strings. */
function spellingOf(operator: string): Spelling {
  const name = operator.replace(/^For(AllValues|AnyValue):/, "").replace(/IfExists$/, "");
  if (name === "Bool" || name === "Null") return (text) => text.toLowerCase();
  if (name.startsWith("Numeric"))
    return (text) => (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? String(Number(text)) : text);
  if (name === "IpAddress" || name === "NotIpAddress") return canonicalRange;
  return same;
}

function canonicalRange(text: string): string {
  const range = parseRange(text);
  if (range === undefined) return text;
  const rest = BigInt(range.bits - range.length);
  return `${range.bits}:${((range.value >> rest) << rest).toString(16)}/${range.length}`;
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
