/** What a denied request may have been about, where AWS told of a bucket or a key alone. @module */
import type { Group, Principal, Target, Verb } from "../map/access-map.ts";
import type { MapBucket } from "../map/buckets.ts";
import type { Bindings } from "../policy/bindings.ts";
import { askOf, exampleKey, type Step } from "./asks.ts";
import type { Denial } from "./denial.ts";
import { decideAgain, type DecidedAgain } from "./denied-step.ts";

export interface Candidate extends DecidedAgain {
  /** Undefined: the whole bucket was listed. */
  readonly group: Group | undefined;
  /** Any of the group's, or the prefix that is listed. */
  readonly key: string;
}

interface Asked {
  readonly principal: Principal;
  readonly verb: Verb;
  readonly denial: Denial;
  readonly bindings: Bindings;
}

/** Group by group, with each request of that kind; one under a key only where that is the group's. */
export function candidatesOf(
  buckets: readonly MapBucket[],
  { principal, verb, denial, bindings }: Asked,
): readonly Candidate[] {
  return buckets.flatMap(({ map, target }) =>
    asksIn(map.groups, verb).flatMap(({ group, key }) =>
      askOf(map, target, { principal, verb, key, group })
        .steps.filter((step) => fits(step, denial, group, target))
        .map((step) => ({ group, key, ...decideAgain(step, denial, bindings) })),
    ),
  );
}

function asksIn(
  groups: readonly Group[],
  verb: Verb,
): readonly { readonly group: Group | undefined; readonly key: string }[] {
  if (verb !== "list") return groups.map((group) => ({ group, key: exampleKey(group) }));
  return [
    ...groups.flatMap((group) =>
      group.reach.kind === "bundle" ? [] : [{ group, key: group.reach.prefix }],
    ),
    { group: undefined, key: "" },
  ];
}

function fits(
  { request }: Step,
  { action, resource }: Denial,
  group: Group | undefined,
  target: Target,
): boolean {
  if (request.action !== action) return false;
  if (!action.startsWith("kms:") || resource === undefined) return true;
  return request.resource?.text === resource || isOldKey(resource, group, target);
}

/** That older objects are still under. */
function isOldKey(resource: string, group: Group | undefined, { keys }: Target): boolean {
  const { sse, seal } = group ?? {};
  const old = [
    sse === undefined || sse.type === "s3" ? undefined : sse.oldKey,
    seal === undefined || seal.mode === "none" ? undefined : seal.oldKey,
  ];
  return old.some((key) => key !== undefined && keys.get(key) === resource);
}
