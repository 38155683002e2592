/** Who reads, publishes, deploys and breaks the glass, by what the documents let each do. @module */
import type { AccessMap } from "../map/access-map.ts";
import type { Deployment } from "../policy/deployment.ts";
import { LEVELS } from "../policy/rights.ts";
import { type AccessTable, administratorsOf } from "./adopt-access.ts";
import type { Findings } from "./adopt-yaml.ts";

export interface Rulers {
  readonly deployers: readonly string[];
  /** Whether the documents let them, their own policies alone do, or they are but somebody. */
  readonly by: "all documents" | "their own policies" | "a guess";
  readonly breakGlass: Findings["breakGlass"];
}

/** Of those who may change the policy, who may read everything and put nothing is there for emergencies. */
export function rulersOf(map: AccessMap, deployment: Deployment, table: AccessTable): Rulers {
  const seen = administratorsOf(map, deployment);
  const open = {
    ...deployment,
    buckets: deployment.buckets.map((one) => ({ ...one, policy: undefined })),
  };
  const all = seen.length > 0 ? seen : administratorsOf(map, open);
  const by = seen.length > 0 ? "all documents" : all.length > 0 ? "their own policies" : "a guess";
  const emergency = all.filter((name) => isForEmergencies(name, table));
  const deployers = all.filter((name) => !emergency.includes(name));
  if (emergency.length > 0 && deployers.length > 0)
    return { deployers, by, breakGlass: { names: emergency, isGuess: false } };
  const [first] = map.principals;
  const some = all.length > 0 ? all : first === undefined ? [] : [first.name];
  return { deployers: some, by, breakGlass: { names: some.slice(0, 1), isGuess: true } };
}

function isForEmergencies(name: string, table: AccessTable): boolean {
  const own = table.filter(({ principal, isObject }) => principal === name && !isObject);
  return own.every(
    ({ verbs }) =>
      verbs.has("read") &&
      verbs.has("read old versions of") &&
      !verbs.has("put") &&
      !verbs.has("remove"),
  );
}

/** But for those who get in when all else is locked out: they read everything as it is. */
export function readersIn(table: AccessTable, { breakGlass }: Rulers): Findings["readers"] {
  const isReader = (name: string): boolean =>
    breakGlass.isGuess || !breakGlass.names.includes(name);
  return byGroup(table, ({ verbs }, name) =>
    verbs.has("read") && !verbs.has("put") && isReader(name) ? [name] : [],
  );
}

/** The nearest level: the highest of which everything is allowed, and the lowest for who may put at all. */
export function publishersIn(table: AccessTable): Findings["publishers"] {
  return byGroup(table, ({ verbs }, name) => {
    if (!verbs.has("put")) return [];
    const isEdit = verbs.has("read") && verbs.has("remove");
    const isRestore = isEdit && verbs.has("read old versions of");
    return [[name, LEVELS[isRestore ? 2 : isEdit ? 1 : 0]] as const];
  });
}

function byGroup<Thing>(
  table: AccessTable,
  thingsOf: (cell: AccessTable[number], name: string) => readonly Thing[],
): ReadonlyMap<string, readonly Thing[]> {
  const found = new Map<string, readonly Thing[]>();
  for (const cell of table)
    if (!cell.isObject)
      found.set(cell.thing, [...(found.get(cell.thing) ?? []), ...thingsOf(cell, cell.principal)]);
  return found;
}
