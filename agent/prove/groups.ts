/**
 * Atoms that hang together: those that ask of the same key, or of keys that a variable or the class ties.
 *
 * What one group is given says nothing of what another is given, so that each can be looked at alone.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { type Atom, typeOf } from "./atoms.ts";
import {
  ABSENT,
  constraintOn,
  type KeyConstraint,
  type RequestClass,
  type Values,
} from "./request-class.ts";
import type { Typed } from "./values.ts";

/** A condition key as the links of a chain have it: each its own, but for the keys that they share. */
export interface ScopedKey {
  readonly name: string;
  /** In whose requests it is. */
  readonly links: readonly number[];
  /** Undefined where a correlation tells its values. */
  readonly constraint: KeyConstraint | undefined;
  /** As what statements take it that are about the requests, though they may decide nothing. */
  readonly types: readonly Typed[];
}

export interface Member {
  readonly link: number;
  readonly atom: Atom;
}

export interface Group {
  readonly keys: readonly ScopedKey[];
  /** Of the keys at these places. */
  readonly correlations: readonly {
    readonly places: readonly number[];
    readonly rows: readonly (readonly Values[])[];
  }[];
  /** What is asked, each once. */
  readonly members: readonly Member[];
  /** What the class demands. */
  readonly where: readonly Member[];
}

/** The links of a chain, by their classes, and the keys that are the same in all of them. */
export interface Scope {
  readonly classes: readonly RequestClass[];
  readonly shared: ReadonlySet<string>;
  /** By link: what tells no more than of what type keys are. */
  readonly failing: readonly (readonly Atom[])[];
}

/**
 * What is demanded of keys of which nothing is asked is a group too: it must be possible.
 * @throws {PosternError} BadData when a shared key is not the same in all links
 */
export function groupsOf(
  scope: Scope,
  members: readonly Member[],
  where: readonly Member[],
): readonly Group[] {
  const keys = newKeys(scope);
  const correlations = scope.classes.flatMap((one, link) =>
    one.correlations.map(({ keys: names, rows }) => ({
      ids: names.map((name) => keys.idOf(link, name)),
      rows,
    })),
  );
  const idsOf = ({ link, atom }: Member): readonly string[] =>
    atom.keys.map((key) => keys.idOf(link, key));
  const unions = newUnions();
  // a key of one value ties nothing: what it is given is the same in all groups
  const openOf = (ids: readonly string[]): readonly string[] =>
    ids.filter((id) => !isConstant(keys.get(id)));
  const tied = [...[...members, ...where].map(idsOf), ...correlations.map(({ ids }) => ids)];
  for (const open of tied.map(openOf)) for (const id of open) unions.join(open[0] ?? id, id);
  const rootOf = (ids: readonly string[]): string => unions.rootOf(openOf(ids)[0] ?? ids[0] ?? "");
  const parts = new Map<string, Part>();
  const partOf = (ids: readonly string[]): Part => {
    const root = rootOf(ids);
    const part = parts.get(root) ?? { ids: new Set(), members: [], where: [], correlations: [] };
    parts.set(root, part);
    for (const id of ids) part.ids.add(id);
    return part;
  };
  for (const one of members) partOf(idsOf(one)).members.push(one);
  for (const one of where) partOf(idsOf(one)).where.push(one);
  for (const one of correlations) partOf(one.ids).correlations.push(one);
  return [...parts.values()].map((part) => groupOf(part, keys));
}

interface Part {
  readonly ids: Set<string>;
  readonly members: Member[];
  readonly where: Member[];
  readonly correlations: {
    readonly ids: readonly string[];
    readonly rows: readonly (readonly Values[])[];
  }[];
}

function groupOf({ ids, members, where, correlations }: Part, keys: Keys): Group {
  const order = [...ids];
  return {
    keys: order.map(keys.get),
    correlations: correlations.map((one) => ({
      places: one.ids.map((id) => order.indexOf(id)),
      rows: one.rows,
    })),
    members,
    where,
  };
}

interface Keys {
  readonly idOf: (link: number, name: string) => string;
  readonly get: (id: string) => ScopedKey;
}

function newKeys({ classes, shared, failing }: Scope): Keys {
  const known = new Map<string, ScopedKey>();
  return {
    idOf: (link, name) => {
      const isShared = shared.has(name);
      const id = isShared ? name : `${link} ${name}`;
      if (!known.has(id)) {
        const links = isShared ? [...classes.keys()] : [link];
        const among = links.flatMap((at) => classes[at] ?? []);
        const asking = links.flatMap((at) => failing[at] ?? []);
        known.set(id, {
          name,
          links,
          constraint: constraintAmong(among, name),
          types: typesAmong(asking, name),
        });
      }
      return id;
    },
    get: (id) => known.get(id) ?? { name: id, links: [], constraint: ABSENT, types: [] },
  };
}

function typesAmong(asking: readonly Atom[], name: string): readonly Typed[] {
  const types = asking.flatMap((atom) =>
    atom.kind === "condition" && atom.condition.lowerKey === name ? (typeOf(atom) ?? []) : [],
  );
  return [...new Set(types)].sort();
}

function constraintAmong(
  classes: readonly RequestClass[],
  name: string,
): KeyConstraint | undefined {
  if (classes.some(({ correlations }) => correlations.some(({ keys }) => keys.includes(name))))
    return undefined;
  const [first = ABSENT, ...others] = classes.map((one) => constraintOn(one, name));
  if (others.some((one) => JSON.stringify(one) !== JSON.stringify(first)))
    throw new PosternError(
      "BadData",
      `the shared key ${quote(name)}: expected the same constraint in all links of a chain`,
    );
  return first;
}

function isConstant({ constraint }: ScopedKey): boolean {
  return constraint?.kind === "one of" && constraint.alternatives.length === 1;
}

interface Unions {
  readonly rootOf: (id: string) => string;
  readonly join: (one: string, other: string) => void;
}

function newUnions(): Unions {
  const parents = new Map<string, string>();
  const rootOf = (id: string): string => {
    const parent = parents.get(id);
    return parent === undefined ? id : rootOf(parent);
  };
  return {
    rootOf,
    join: (one, other) => {
      const [from, to] = [rootOf(other), rootOf(one)];
      if (from !== to) parents.set(from, to);
    },
  };
}
