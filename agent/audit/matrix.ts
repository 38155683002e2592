/**
 * Who may do what with which group, decided by the documents and held against the map; and for what is denied, which
 * layers each stop it alone.
 * @module
 */
import type { AccessMap, Group, Target, Verb } from "../map/access-map.ts";
import { VERBS } from "../map/access-map.ts";
import { type MapBucket, mapsByBucket } from "../map/buckets.ts";
import { type Bindings, bindingsOf } from "../policy/bindings.ts";
import type { Deployment } from "../policy/deployment.ts";
import { askOf, decide, exampleKey } from "./asks.ts";
import { type Control, controlOf } from "./matrix-control.ts";
import { type Hold, holdsBy } from "./matrix-holds.ts";
import { mapAllows } from "./matrix-promise.ts";
import { type Actor, actorsOf } from "./matrix-rows.ts";

export interface Matrix {
  readonly map: AccessMap;
  /** The buckets that it is about: each of its groups lies in one of them. */
  readonly buckets: readonly Target[];
  /** The columns, bucket by bucket in the order of the map. */
  readonly groups: readonly Group[];
  /** In the order of the map, those that the map does not know last. */
  readonly rows: readonly Row[];
}

export interface Row {
  readonly actor: Actor;
  /** One for each group. */
  readonly cells: readonly Cell[];
  readonly control: Control;
}

export interface Cell {
  readonly group: Group;
  /** One for each verb, in their order. */
  readonly decisions: readonly Decision[];
}

export interface Decision {
  readonly verb: Verb;
  readonly allowed: boolean;
  /** What the map says. */
  readonly expected: boolean;
  /** Of what is denied: the layers that each stop it, whatever the others say; never none. */
  readonly heldBy: readonly Hold[];
}

/**
 * @param buckets of map/buckets.ts; without them, all that groups lie in
 * @throws {PosternError} BadData when a document is none, or has a condition of the wrong type for a request
 */
export function matrixOf(
  map: AccessMap,
  deployment: Deployment,
  buckets: readonly MapBucket[] = mapsByBucket(map).map((one) => ({ map: one, target: one.home })),
): Matrix {
  const bindings = bindingsOf(deployment);
  const columns = buckets.flatMap((one) => one.map.groups.map((group) => ({ ...one, group })));
  const rows = actorsOf(map).map((actor): Row => {
    const own: Bindings = (request) => actor.documents(bindings(request));
    const asking = { actor, bindings: own, holdsOf: holdsBy(own) };
    return {
      actor,
      cells: columns.map((column) => ({
        group: column.group,
        decisions: VERBS.map((verb) => decisionOf({ ...column, ...asking }, verb)),
      })),
      control: controlOf(buckets, actor, own),
    };
  });
  const groups = columns.map(({ group }) => group);
  return { map, buckets: buckets.map(({ target }) => target), groups, rows };
}

interface Place {
  readonly map: AccessMap;
  readonly target: Target;
  readonly actor: Actor;
  readonly group: Group;
  readonly bindings: Bindings;
  readonly holdsOf: ReturnType<typeof holdsBy>;
}

function decisionOf({ map, target, actor, group, bindings, holdsOf }: Place, verb: Verb): Decision {
  const key = verb === "list" ? listedBy(group) : exampleKey(group);
  const asked = askOf(map, target, { principal: actor.principal, verb, key, group });
  const steps = asked.steps.map((step) => ({ ...step, request: actor.asking(step.request) }));
  const { allowed } = decide({ ...asked, steps }, bindings);
  return {
    verb,
    allowed,
    expected: !actor.isStranger && mapAllows({ map, target, group }, actor.principal.name, verb),
    heldBy: allowed ? [] : holdsOf(steps),
  };
}

/** The prefix that asks for all of the group. */
function listedBy({ reach }: Group): string {
  return reach.kind === "bundle" ? reach.key : reach.prefix;
}

/** Whether the documents say another thing than the map. */
export function isDifferent({ allowed, expected }: Decision): boolean {
  return allowed !== expected;
}

/** Whether one mistake in one document would allow it. */
export function isHeldByOne({ heldBy }: Decision): boolean {
  return heldBy.length === 1;
}

export interface Difference {
  readonly row: Row;
  readonly group: Group;
  readonly decision: Decision;
}

/** Row by row; none: the documents do what the map says. */
export function differencesOf({ rows }: Matrix): readonly Difference[] {
  return rows.flatMap((row) =>
    row.cells.flatMap(({ group, decisions }) =>
      decisions.filter(isDifferent).map((decision) => ({ row, group, decision })),
    ),
  );
}
