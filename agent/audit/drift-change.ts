/** One way in which what is deployed differs, in text. @module */
import type { PolicyJson } from "../policy/deployment.ts";
import { departedPrincipals } from "./canonical.ts";
import { diffStatements, type StatementChange } from "./statement-diff.ts";

export interface Change {
  /** "unknown": nothing that was exported or asked tells. */
  readonly kind: "missing" | "extra" | "changed" | "unknown";
  /** "bucket acme-secrets", "role web" */
  readonly subject: string;
  /** "policy", "versioning", "inline policy postern" */
  readonly what: string;
  /** Of what is no document. */
  readonly expected?: string;
  readonly actual?: string;
  readonly statements: readonly StatementChange[];
}

/** None where they say the same; undefined is a document that is not there. */
export function documentChanges(
  subject: string,
  what: string,
  expected: PolicyJson | undefined,
  actual: PolicyJson | undefined,
): readonly Change[] {
  const statements = diffStatements(expected, actual);
  const departed = actual === undefined ? [] : departedPrincipals(actual);
  const gone = departed.map((id): Change => ({
    kind: "extra",
    subject,
    what: `${what}, a principal that is gone`,
    actual: `${id}: its role or user was deleted, and one made anew under its name is another`,
    statements: [],
  }));
  if (statements.length === 0) return gone;
  const kind = actual === undefined ? "missing" : expected === undefined ? "extra" : "changed";
  return [{ kind, subject, what, statements }, ...gone];
}

export function settingChange(
  subject: string,
  what: string,
  expected: unknown,
  actual: unknown,
): readonly Change[] {
  if (expected === actual) return [];
  return [
    {
      kind: "changed",
      subject,
      what,
      expected: said(expected),
      actual: said(actual),
      statements: [],
    },
  ];
}

export function unknown(subject: string, what: string): Change {
  return { kind: "unknown", subject, what, statements: [] };
}

function said(value: unknown): string {
  if (value === undefined) return "not set";
  if (value === true || value === false) return value ? "on" : "off";
  return typeof value === "string" ? value : JSON.stringify(value);
}
