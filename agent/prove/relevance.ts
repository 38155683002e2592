/**
 * What is left of documents for one class of requests: the statements that can matter, bared of all that is the same
 * for each request of the class.
 * @module
 */
import type { Context } from "../policy/context.ts";
import type { Policy, Statement } from "../policy/document.ts";
import { type Grant, isGranted } from "../policy/grant.ts";
import type { Policies } from "../policy/request.ts";
import { decidedByService, needsResourcePolicy } from "../policy/services.ts";
import { type Asked, askedOf, namingBy } from "../policy/statement.ts";
import { type Atom, type Atoms, PAIR } from "./atoms.ts";
import { constraintOn, type RequestClass, requestOf } from "./request-class.ts";
import { newStatementIndex } from "./statement-index.ts";

/** A statement or a grant that holds for some requests of the class: for those for which all its atoms do. */
export interface Conditional {
  readonly opens: boolean;
  readonly atoms: readonly Atom[];
}

export interface Remainder {
  readonly conditionals: readonly Conditional[];
  /** What statements ask that fail for the whole class: it decides nothing, but tells of what type its keys are. */
  readonly failing: readonly Atom[];
  /**
   * The documents with those conditionals for which `has` is true, by their place in the list, and with all that
   * holds for the whole class; no statement in them has a condition or a resource.
   */
  readonly withThose: (has: (at: number) => boolean) => Policies;
}

/** Finds what is left; remembers which statements of a document are about an action on a resource. */
export interface Relevance {
  /** Whether there is anything that could allow some request of the class. */
  readonly canAllow: (policies: Policies, requestClass: RequestClass) => boolean;
  readonly remainderOf: (policies: Policies, requestClass: RequestClass) => Remainder;
}

export function newRelevance(atoms: Atoms): Relevance {
  const statementsFor = newStatementIndex(atoms);
  const canAllow: Relevance["canAllow"] = (policies, requestClass) => {
    const asked = askedOf(requestOf(requestClass, NO_CONTEXT), policies);
    const { identity, resource, grants } = policies;
    // who needs no document, or a document of another kind
    if (asked.caller.kind === "root" || grants.length > 0 || decidedByService(asked) !== undefined)
      return true;
    return [...(needsResourcePolicy(asked) ? [] : identity), resource].some(
      (policy) =>
        policy !== undefined &&
        statementsFor(policy, asked.lowerAction, asked.resource).some(
          ({ statement }) =>
            statement.effect === "Allow" && namingBy(statement, asked) !== undefined,
        ),
    );
  };
  const remainderOf: Relevance["remainderOf"] = (policies, requestClass) => {
    const asked = askedOf(requestOf(requestClass, NO_CONTEXT), policies);
    const conditionals: Conditional[] = [];
    const failing: Atom[] = [];
    const settle = settling(requestClass);
    const sift = (policy: Policy): Sifted => {
      const entries = statementsFor(policy, asked.lowerAction, asked.resource).flatMap((bared) => {
        if (namingBy(bared.statement, asked) === undefined) return [];
        const left = settle(bared.atoms);
        if (left === undefined) {
          failing.push(...bared.atoms);
          return [];
        }
        const at = left.length === 0 ? undefined : conditionals.length;
        if (at !== undefined)
          conditionals.push({ opens: bared.statement.effect === "Allow", atoms: left });
        return [{ bare: bared.statement, at }];
      });
      return { policy, entries };
    };
    const grants = policies.grants.flatMap((grant) => {
      const left = grantAtoms(grant, asked, policies, requestClass, atoms);
      const open = left && settle(left);
      if (open === undefined) return [];
      const at = open.length === 0 ? undefined : conditionals.length;
      if (at !== undefined) conditionals.push({ opens: true, atoms: open });
      return [{ bare: unconditional(grant), at }];
    });
    const sifted = mapDocuments(policies, sift);
    return { conditionals, failing, withThose: (has) => assemble(sifted, grants, has) };
  };
  return { canAllow, remainderOf };
}

const NO_CONTEXT: Context = new Map();

interface Entry<Thing> {
  readonly bare: Thing;
  /** Its place among the conditionals; undefined: it holds for the whole class. */
  readonly at: number | undefined;
}

interface Sifted {
  readonly policy: Policy;
  readonly entries: readonly Entry<Statement>[];
}

/** As in `Policies`, but of what is made of each document. */
interface Documents<Document> {
  readonly identity: readonly Document[];
  readonly resource?: Document | undefined;
  readonly session?: Document | undefined;
  readonly boundary?: Document | undefined;
  readonly scp: readonly (readonly Document[])[];
  readonly rcp: readonly (readonly Document[])[];
  readonly endpoint?: Document | undefined;
}

function mapDocuments<From, To>(from: Documents<From>, map: (document: From) => To): Documents<To> {
  const optional = (one: From | undefined): To | undefined =>
    one === undefined ? undefined : map(one);
  return {
    identity: from.identity.map(map),
    resource: optional(from.resource),
    session: optional(from.session),
    boundary: optional(from.boundary),
    scp: from.scp.map((level) => level.map(map)),
    rcp: from.rcp.map((level) => level.map(map)),
    endpoint: optional(from.endpoint),
  };
}

function assemble(
  sifted: Documents<Sifted>,
  grants: readonly Entry<Grant>[],
  has: (at: number) => boolean,
): Policies {
  const chosen = <Thing>(entries: readonly Entry<Thing>[]): readonly Thing[] =>
    entries.filter(({ at }) => at === undefined || has(at)).map(({ bare }) => bare);
  const documents = mapDocuments(sifted, ({ policy, entries }) => ({
    ...policy,
    statements: chosen(entries),
  }));
  return { ...documents, grants: chosen(grants) };
}

/** Of atoms those that requests of the class decide differently; undefined where one fails for all of them. */
function settling(
  requestClass: RequestClass,
): (atoms: readonly Atom[]) => readonly Atom[] | undefined {
  const correlated = new Set(requestClass.correlations.flatMap((one) => one.keys));
  const constant = new Map<string, readonly string[]>();
  const isConstant = (key: string): boolean => {
    if (constant.has(key)) return true;
    const constraint = constraintOn(requestClass, key);
    if (correlated.has(key) || constraint.kind === "free") return false;
    const [only, ...more] = constraint.alternatives;
    if (only === undefined || more.length > 0) return false;
    // an absent key must stay absent for those who ask whether it is there
    if (only.length > 0) constant.set(key, only);
    return true;
  };
  const context: Context = constant;
  return (atoms) => {
    const left: Atom[] = [];
    for (const atom of atoms)
      if (!atom.keys.every(isConstant)) left.push(atom);
      else if (!atom.holds(context)) return undefined;
    return left;
  };
}

function unconditional(grant: Grant): Grant {
  return { ...grant, encryptionContext: new Map(), exactly: false };
}

/** What the grant asks of the context; undefined where it grants nothing to this caller. */
function grantAtoms(
  grant: Grant,
  { caller, lowerAction }: Asked,
  policies: Policies,
  requestClass: RequestClass,
  atoms: Atoms,
): readonly Atom[] | undefined {
  if (!isGranted(unconditional(grant), caller, lowerAction, new Map())) return undefined;
  const isFree = grant.encryptionContext.size === 0 && !grant.exactly;
  // who retires a grant is asked for no context
  if (isFree || isGranted({ ...grant, actions: new Set() }, caller, lowerAction, new Map()))
    return [];
  return [atoms.ofGrant(grant, contextKeysOf(policies, requestClass))];
}

/**
 * All keys of an encryption context that are spoken of, and one that is not where there may be others: it stands
 * for all of them.
 */
function contextKeysOf(policies: Policies, requestClass: RequestClass): readonly string[] {
  const { keys, correlations, where } = requestClass;
  const { identity, resource, session, boundary, scp, rcp, endpoint } = policies;
  const documents = [
    ...identity,
    resource,
    session,
    boundary,
    ...scp.flat(),
    ...rcp.flat(),
    endpoint,
  ];
  const conditions = documents
    .flatMap((one) => one?.statements ?? [])
    .flatMap((one) => one.conditions);
  const all = new Set([
    ...keys.keys(),
    ...correlations.flatMap((one) => one.keys),
    ...[...where, ...conditions].map((one) => one.lowerKey),
    ...policies.grants.flatMap((one) =>
      [...one.encryptionContext.keys()].map((key) => PAIR + key.toLowerCase()),
    ),
    `${PAIR}any other`,
  ]);
  return [...all].filter((key) => key.startsWith(PAIR));
}
