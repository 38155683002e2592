/**
 * What documents ask of a request's context, each thing once: conditions, resources with variables, and the
 * encryption contexts of grants.
 * @module
 */
import { type Condition, holds } from "../policy/condition.ts";
import type { Context } from "../policy/context.ts";
import type { Selection, Statement } from "../policy/document.ts";
import type { Arn } from "../policy/glob.ts";
import { type Grant, isGranted } from "../policy/grant.ts";
import { matchesResource, type ResourcePattern } from "../policy/match.ts";
import { KEY_OF_CLIENT } from "../policy/operators.ts";
import { parseTemplate, type Template } from "../policy/template.ts";
import { familyOf, type Typed } from "./values.ts";

interface Asks {
  /** Equal ones have the same. */
  readonly id: number;
  /** In lower case, each once; what holds depends on these alone. */
  readonly keys: readonly string[];
  /** @throws {PosternError} BadData for values of the wrong type */
  readonly holds: (context: Context) => boolean;
}

export interface ConditionAtom extends Asks {
  readonly kind: "condition";
  readonly condition: Condition;
  /** Of its values, where they are compared as strings or ARNs; others have no variables. */
  readonly templates: readonly Template[];
}

export interface ResourceAtom extends Asks {
  readonly kind: "resource";
}

export interface GrantAtom extends Asks {
  readonly kind: "grant";
  /** By key, in lower case. */
  readonly wanted: ReadonlyMap<string, string>;
}

export type Atom = ConditionAtom | ResourceAtom | GrantAtom;

export interface Atoms {
  readonly ofCondition: (condition: Condition) => ConditionAtom;
  /** Whether the statement is about `resource`; only for one whose resources have variables. */
  readonly ofResource: (statement: Statement, resource: Arn | undefined) => ResourceAtom;
  /** Whether the encryption context is the grant's, which may be looked for among `contextKeys` too. */
  readonly ofGrant: (grant: Grant, contextKeys: readonly string[]) => GrantAtom;
}

/** Atoms that know each other: what is asked twice is the same atom. */
export function newAtoms(): Atoms {
  let next = 0;
  const interned = <One extends Atom>() => {
    const known = new Map<string, One>();
    return (signature: unknown, make: (id: number) => One): One => {
      const text = JSON.stringify(signature);
      const found = known.get(text);
      if (found !== undefined) return found;
      const made = make(next);
      next += 1;
      known.set(text, made);
      return made;
    };
  };
  const conditions = interned<ConditionAtom>();
  const resourceSets = interned<ResourceAtom>();
  const grants = interned<GrantAtom>();
  const byCondition = new Map<Condition, ConditionAtom>();
  return {
    ofCondition: (condition) => {
      const found = byCondition.get(condition);
      if (found !== undefined) return found;
      const { operator, key, values, variables } = condition;
      const { name, set, ifExists } = operator;
      const atom = conditions([name, set, ifExists, key, values, variables], (id) =>
        conditionAtom(id, condition),
      );
      byCondition.set(condition, atom);
      return atom;
    },
    ofResource: ({ resources }, resource) =>
      resourceSets([resources, resource?.text], (id) =>
        resourceAtom(id, resources ?? { negated: false, patterns: [] }, resource),
      ),
    ofGrant: (grant, contextKeys) =>
      grants([[...grant.encryptionContext], grant.exactly, contextKeys], (id) =>
        grantAtom(id, grant, contextKeys),
      ),
  };
}

/** As what the condition takes its key, where it does not take everything. */
export function typeOf({ condition: { operator, key } }: ConditionAtom): Typed | undefined {
  const family = familyOf(operator.name);
  // this one key may hold what is no ARN
  return family === "string" || key === KEY_OF_CLIENT ? undefined : family;
}

function conditionAtom(id: number, condition: Condition): ConditionAtom {
  const { operator, lowerKey, values, variables } = condition;
  const family = familyOf(operator.name);
  const wildcards = family === "arn" || operator.name.endsWith("Like");
  const templates =
    family === "string" || family === "arn"
      ? values
          .map((text) => parseTemplate(text, { variables, wildcards }))
          .filter((one) => typeof one !== "string")
      : [];
  const keys = unique([lowerKey, ...templates.flatMap(variablesOf)]);
  const asked = (context: Context): boolean => holds(condition, context);
  return {
    kind: "condition",
    id,
    keys,
    condition,
    templates,
    holds: keys.length === 1 ? remembered(lowerKey, asked) : asked,
  };
}

/** The answer depends on the one key alone: long lists of values are compared once with each. */
function remembered(
  key: string,
  asked: (context: Context) => boolean,
): (context: Context) => boolean {
  const answers = new Map<string | undefined, boolean>();
  return (context) => {
    const values = context.get(key) ?? [];
    if (values.length > 1) return asked(context);
    const [text] = values;
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = asked(context);
    answers.set(text, answer);
    return answer;
  };
}

function resourceAtom(
  id: number,
  { negated, patterns }: Selection<ResourcePattern>,
  resource: Arn | undefined,
): ResourceAtom {
  const templates = patterns.flatMap((one) => (one.kind === "variable" ? [one.template] : []));
  return {
    kind: "resource",
    id,
    keys: unique(templates.flatMap(variablesOf)),
    holds: (context) => patterns.some((one) => matchesResource(one, resource, context)) !== negated,
  };
}

const SOMEBODY = { kind: "service", name: "grantee" } as const;
const ANY = "kms:any";

/** What the keys of an encryption context begin with. */
export const PAIR = "kms:encryptioncontext:";

function grantAtom(id: number, grant: Grant, contextKeys: readonly string[]): GrantAtom {
  const wanted = new Map(
    [...grant.encryptionContext].map(([key, value]) => [`${PAIR}${key.toLowerCase()}`, value]),
  );
  // who is granted what is settled before: here only the context counts
  const open = { ...grant, retiring: undefined, grantee: SOMEBODY.name, actions: new Set([ANY]) };
  return {
    kind: "grant",
    id,
    keys: unique([...wanted.keys(), ...(grant.exactly ? contextKeys : [])]),
    wanted,
    holds: (context) => isGranted(open, SOMEBODY, ANY, context),
  };
}

function variablesOf({ parts }: Template): readonly string[] {
  return parts.flatMap((part) => (part.kind === "variable" ? [part.key] : []));
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
