/** What is said of a request. @module */
import type { Statement } from "./document.ts";

/** Where it was decided. "service" is a rule of the service that no document changes. */
export type Layer =
  | "service"
  | "rcp"
  | "scp"
  | "endpoint"
  | "resource"
  | "boundary"
  | "session"
  | "identity"
  | "grant";

export interface StatementPlace {
  /** "identity[0]", "resource": the document. */
  readonly policy: string;
  readonly index: number;
  readonly sid: string | undefined;
}

export interface Verdict {
  readonly decision: "allow" | "deny";
  /** A statement denied it, rather than none having allowed it. */
  readonly explicit: boolean;
  readonly layer: Layer;
  /** What it rests on, the deciding one first; none where something is missing. */
  readonly statements: readonly StatementPlace[];
  /** Lower case, no full stop. */
  readonly why: string;
}

export function allowed(
  layer: Layer,
  why: string,
  statements: readonly (Statement | undefined)[],
): Verdict {
  return { decision: "allow", explicit: false, layer, statements: placesOf(statements), why };
}

export function deniedBy(layer: Layer, statement: Statement): Verdict {
  const why = `a statement of ${statement.policy} denies it`;
  return { decision: "deny", explicit: true, layer, statements: placesOf([statement]), why };
}

export function missing(layer: Layer, why: string): Verdict {
  return { decision: "deny", explicit: false, layer, statements: [], why };
}

function placesOf(statements: readonly (Statement | undefined)[]): readonly StatementPlace[] {
  return statements
    .filter((one) => one !== undefined)
    .map(({ policy, index, sid }) => ({ policy, index, sid }));
}
