/**
 * Which statements of a document are about an action on a resource, looked up once for all callers.
 * @module
 */
import type { Policy, Statement } from "../policy/document.ts";
import type { Arn } from "../policy/glob.ts";
import { matchesAction, matchesResource, parseActionPattern } from "../policy/match.ts";
import type { Atom, Atoms } from "./atoms.ts";

/** A statement bared of its action, its resource and its conditions, and what these ask of the context. */
export interface Bared {
  readonly statement: Statement;
  readonly atoms: readonly Atom[];
}

/** The statements of a document about an action on a resource. */
export type StatementIndex = (
  policy: Policy,
  lowerAction: string,
  resource: Arn | undefined,
) => readonly Bared[];

export function newStatementIndex(atoms: Atoms): StatementIndex {
  const byPolicy = new Map<Policy, Map<string, AboutAction>>();
  return (policy, lowerAction, resource) => {
    let byAction = byPolicy.get(policy);
    if (byAction === undefined) byPolicy.set(policy, (byAction = new Map()));
    let about = byAction.get(lowerAction);
    if (about === undefined) {
      const statements = policy.statements.filter((one) => isAboutAction(one, lowerAction));
      byAction.set(lowerAction, (about = { statements, byResource: new Map() }));
    }
    if (about.statements.length === 0) return NONE;
    const name = resource?.text ?? "";
    let found = about.byResource.get(name);
    if (found === undefined) {
      found = about.statements.flatMap((statement) => bare(statement, resource, atoms) ?? []);
      about.byResource.set(name, found);
    }
    return found;
  };
}

interface AboutAction {
  readonly statements: readonly Statement[];
  readonly byResource: Map<string, readonly Bared[]>;
}

const NONE: readonly Bared[] = [];

/** Whatever the resource. */
export function isAboutAction({ actions }: Statement, lowerAction: string): boolean {
  return actions.patterns.some((one) => matchesAction(one, lowerAction)) !== actions.negated;
}

const parsedAny = parseActionPattern("*");
const ANY_ACTION = {
  negated: false,
  patterns: typeof parsedAny === "string" ? [] : [parsedAny],
} as const;

/** Undefined for a statement that is not about the resource. */
function bare(statement: Statement, resource: Arn | undefined, atoms: Atoms): Bared | undefined {
  const { resources, conditions } = statement;
  const asked: Atom[] = conditions.map(atoms.ofCondition);
  if (resources?.patterns.some((one) => one.kind === "variable") === true)
    asked.push(atoms.ofResource(statement, resource));
  else if (resources !== undefined) {
    const matches = resources.patterns.some((one) => matchesResource(one, resource, new Map()));
    if (matches === resources.negated) return undefined;
  }
  return {
    statement: { ...statement, actions: ANY_ACTION, resources: undefined, conditions: [] },
    atoms: asked,
  };
}
