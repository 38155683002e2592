/**
 * A policy document as it is written, beside the form that is evaluated: what a rule judges.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import type { Condition } from "../policy/condition.ts";
import { parseDocument, type Policy, type Statement } from "../policy/document.ts";
import { below, isRecord } from "../policy/issues.ts";
import { parseJson } from "../policy/json.ts";
import { strings } from "../policy/principal.ts";
import { type DocumentKind, type KindGuess, policyKindOf, recognise } from "./kind.ts";

/** What is handed in: a file, and what is known of it. */
export interface PolicyFile {
  readonly name: string;
  readonly text: string;
  /** Where in the file the document stands, if others stand there as well. */
  readonly within?: string | undefined;
  /** Recognised from the document's shape when it is not told. */
  readonly kind?: DocumentKind | undefined;
  /** The ARN of the role, user, bucket or key that has the document. */
  readonly attachedTo?: string | undefined;
}

export interface Fault {
  readonly path: string;
  readonly message: string;
}

export interface LintDocument extends KindGuess {
  readonly file: string;
  readonly text: string;
  readonly attachedTo: string | undefined;
  /** As parsed JSON; undefined when it is none. */
  readonly value: unknown;
  /** What the evaluator refuses: with any, nothing can be said about requests. */
  readonly faults: readonly Fault[];
  readonly policy: Policy;
  readonly statements: readonly WrittenStatement[];
}

/** A string of the document, and where it stands. */
export interface Written {
  readonly text: string;
  readonly path: string;
}

export interface WrittenCondition {
  readonly condition: Condition;
  /** "ForAllValues:StringEqualsIfExists", as it stands there. */
  readonly operator: string;
  readonly path: string;
}

export interface WrittenStatement {
  readonly path: string;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly statement: Statement;
  /** Of Action, or of NotAction: `statement.actions.negated` tells. */
  readonly actions: readonly Written[];
  readonly resources: readonly Written[];
  readonly conditions: readonly WrittenCondition[];
}

export function readDocument({ name, text, within, kind, attachedTo }: PolicyFile): LintDocument {
  // statements are known by the names of their policies
  const called = within === undefined ? name : `${name} ${within}`;
  const faults: Fault[] = [];
  const value = readJson(text, faults);
  const guess: KindGuess =
    kind === undefined ? recognise(value) : { kind, told: true, alternatives: [] };
  const policy =
    faults.length === 0
      ? parseDocument(value, policyKindOf(guess.kind), called, (path, message) => {
          faults.push({ path, message });
        })
      : undefined;
  const empty: Policy = {
    name: called,
    kind: policyKindOf(guess.kind),
    version: "2012-10-17",
    statements: [],
  };
  return {
    file: name,
    text,
    ...guess,
    attachedTo,
    value,
    faults,
    policy: policy ?? empty,
    statements: faults.length === 0 && policy !== undefined ? writtenOf(value, policy) : [],
  };
}

function readJson(text: string, faults: Fault[]): unknown {
  try {
    return parseJson(text, "");
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    const told = error.issues.length > 0 ? error.issues : [error.message];
    faults.push(...told.map((issue) => ({ path: "", message: issue.replace(/^:[ ]?/, "") })));
    return undefined;
  }
}

/** The statements as records, each with its path, whatever else is wrong with them. */
export function rawStatements(
  value: unknown,
): readonly (readonly [raw: Readonly<Record<string, unknown>>, path: string])[] {
  const statement = isRecord(value) ? value["Statement"] : undefined;
  const isList = Array.isArray(statement);
  const members: readonly unknown[] = isList ? statement : [statement];
  return members.flatMap((member, at) =>
    isRecord(member) ? [[member, isList ? `Statement[${at}]` : "Statement"] as const] : [],
  );
}

/** Without faults there is a parsed statement, and a parsed condition, for each that is written. */
function writtenOf(value: unknown, { statements }: Policy): readonly WrittenStatement[] {
  return rawStatements(value).flatMap(([raw, path], at) => {
    const statement = statements[at];
    if (statement === undefined) return [];
    return [
      {
        path,
        raw,
        statement,
        actions: textsOf(raw, statement.actions.negated ? "NotAction" : "Action", path),
        resources: textsOf(
          raw,
          statement.resources?.negated === true ? "NotResource" : "Resource",
          path,
        ),
        conditions: conditionsOf(raw["Condition"], statement, below(path, "Condition")),
      },
    ];
  });
}

/** The strings of an element that is one or a list. */
export function textsOf(
  raw: Readonly<Record<string, unknown>>,
  member: string,
  path: string,
): readonly Written[] {
  if (raw[member] === undefined) return [];
  return strings(raw[member], below(path, member), () => undefined).map(([text, place]) => ({
    text,
    path: place,
  }));
}

function conditionsOf(
  element: unknown,
  statement: Statement,
  path: string,
): readonly WrittenCondition[] {
  if (!isRecord(element)) return [];
  const places = Object.entries(element).flatMap(([operator, keys]) =>
    isRecord(keys)
      ? Object.keys(keys).map((key) => ({ operator, path: below(below(path, operator), key) }))
      : [],
  );
  return places.flatMap((place, at) => {
    const condition = statement.conditions[at];
    return condition === undefined ? [] : [{ condition, ...place }];
  });
}
