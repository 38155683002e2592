/** What differs between two documents, statement by statement, whatever their spelling. @module */
import type { PolicyJson } from "../policy/deployment.ts";
import { type CanonicalStatement, canonicalStatements, type Part } from "./canonical.ts";

export type StatementChange =
  /** Only the expected document has it. */
  | { readonly kind: "missing"; readonly statement: CanonicalStatement }
  /** Only the actual one has it. */
  | { readonly kind: "extra"; readonly statement: CanonicalStatement }
  /** Taken for the same statement, by its Sid or since most of it is. */
  | {
      readonly kind: "changed";
      readonly expected: CanonicalStatement;
      readonly actual: CanonicalStatement;
      readonly parts: readonly PartChange[];
    };

/** Values as they are written. */
export interface PartChange {
  readonly label: string;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

/** None for documents that say the same; a document that is not there has no statements. */
export function diffStatements(
  expected: PolicyJson | undefined,
  actual: PolicyJson | undefined,
): readonly StatementChange[] {
  const one = expected === undefined ? [] : canonicalStatements(expected);
  const other = actual === undefined ? [] : canonicalStatements(actual);
  const missing = without(one, other);
  const extra = new Set(without(other, one));
  const matches = new Map<CanonicalStatement, CanonicalStatement>();
  // those of one Sid first, so that no other takes what is theirs
  for (const choose of [ofSameSid, nearest])
    for (const statement of missing.filter((each) => !matches.has(each))) {
      const match = choose(statement, [...extra]);
      if (match === undefined) continue;
      matches.set(statement, match);
      extra.delete(match);
    }
  return [
    ...missing.map((statement) => changeOf(statement, matches.get(statement))),
    ...[...extra].map((statement): StatementChange => ({ kind: "extra", statement })),
  ];
}

function changeOf(
  expected: CanonicalStatement,
  actual: CanonicalStatement | undefined,
): StatementChange {
  if (actual === undefined) return { kind: "missing", statement: expected };
  return { kind: "changed", expected, actual, parts: diffParts(expected.parts, actual.parts) };
}

function without(
  statements: readonly CanonicalStatement[],
  others: readonly CanonicalStatement[],
): readonly CanonicalStatement[] {
  const texts = new Set(others.map(({ text }) => text));
  return statements.filter(({ text }) => !texts.has(text));
}

type Choose = (
  statement: CanonicalStatement,
  others: readonly CanonicalStatement[],
) => CanonicalStatement | undefined;

const ofSameSid: Choose = ({ sid }, others) =>
  sid === undefined ? undefined : others.find((one) => one.sid === sid);

/** The one that has most parts in common, if that is at least half of them. */
const nearest: Choose = (statement, others) => {
  const [best] = others
    .map((one) => ({ one, shared: sharedParts(statement, one) }))
    .toSorted((one, other) => other.shared - one.shared);
  return best !== undefined && best.shared * 2 >= statement.parts.length ? best.one : undefined;
};

function sharedParts(one: CanonicalStatement, other: CanonicalStatement): number {
  return one.parts.filter((part) => other.parts.some((match) => areEqual(part, match))).length;
}

function areEqual(one: Part, other: Part): boolean {
  return (
    one.name === other.name && JSON.stringify(valuesOf(one)) === JSON.stringify(valuesOf(other))
  );
}

function valuesOf({ values }: Part): readonly string[] {
  return values.map(({ canonical }) => canonical);
}

function diffParts(expected: readonly Part[], actual: readonly Part[]): readonly PartChange[] {
  const names = [...new Set([...expected, ...actual].map(({ name }) => name))];
  return names.flatMap((name) => {
    const [one, other] = [expected, actual].map((parts) => mergedPart(name, parts));
    const missing = lacking(one, other);
    const extra = lacking(other, one);
    const label = one?.label ?? other?.label ?? name;
    return missing.length + extra.length === 0 ? [] : [{ label, missing, extra }];
  });
}

/** A key that is written twice, in other cases, is two parts of one name. */
function mergedPart(name: string, parts: readonly Part[]): Part | undefined {
  const [first, ...more] = parts.filter((part) => part.name === name);
  return first && { ...first, values: [first, ...more].flatMap(({ values }) => values) };
}

function lacking(one: Part | undefined, other: Part | undefined): readonly string[] {
  const has = new Set(other?.values.map(({ canonical }) => canonical));
  return (one?.values ?? [])
    .filter(({ canonical }) => !has.has(canonical))
    .map(({ written }) => written);
}
