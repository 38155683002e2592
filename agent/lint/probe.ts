/** Requests that rules have in mind, made by whomever a statement is about. @module */
import type { Caller } from "../policy/caller.ts";
import { callersOf, guardsOf, layersOf } from "./asking.ts";
import type { LintDocument, WrittenStatement } from "./document.ts";
import { ownerOf, someRole } from "./set.ts";
import { decideAsIs, type Ask, type Witness, witnessOf } from "./witness.ts";

/** A request that a rule has in mind, whoever makes it. */
export interface Request extends Pick<
  Ask,
  "set" | "name" | "action" | "resource" | "context" | "facts"
> {
  readonly document: LintDocument;
}

/** What the statement itself allows to one of those whom it is about. */
export function allowedBy(
  written: WrittenStatement,
  { document, ...request }: Request,
  callers: readonly Caller[] = callersOf(document, request.set, written),
): Witness | undefined {
  const { set, action } = request;
  for (const caller of callers) {
    const layers = layersOf(document, set, written, caller, action);
    const goal = { decision: "allow", by: written.statement } as const;
    const witness = witnessOf({ ...request, caller, layers }, goal);
    if (witness !== undefined) return witness;
  }
  return undefined;
}

/** What the document, and those beside it, do not deny to some role that may do anything of itself. */
export function undenied({ document, ...request }: Request, caller?: Caller): Witness | undefined {
  const who =
    caller ??
    (document.kind === "identity" ? ownerOf(document, request.set) : someRole(request.set));
  const layers = guardsOf(document, request.set, who, request.action);
  return witnessOf({ ...request, caller: who, layers }, { decision: "allow" });
}

/** What the statement denies to some role that may do anything of itself. */
export function deniedBy(
  written: WrittenStatement,
  { document, ...request }: Request,
  caller?: Caller,
): Witness | undefined {
  const who =
    caller ??
    (document.kind === "identity" ? ownerOf(document, request.set) : someRole(request.set));
  const layers = guardsOf(document, request.set, who, request.action);
  const goal = { decision: "explicit deny", by: written.statement } as const;
  return witnessOf({ ...request, caller: who, layers }, goal);
}

/**
 * Whether it makes a difference that a key has one value and not another, where all else of the statement holds: the
 * decision with the second.
 */
export function flippedBy(
  written: WrittenStatement,
  { document, ...request }: Omit<Request, "context">,
  key: string,
  holding: readonly string[],
  other: Readonly<Record<string, readonly string[]>>,
  caller?: Caller,
): Witness | undefined {
  const { set, action } = request;
  const by = written.statement;
  const isAllow = by.effect === "Allow";
  const callers = caller === undefined ? callersOf(document, set, written) : [caller];
  for (const one of callers.length > 0 ? callers : [someRole(set)]) {
    const layers = isAllow
      ? layersOf(document, set, written, one, action)
      : guardsOf(document, set, one, action);
    const ask = { ...request, caller: one, layers };
    const goal = { decision: isAllow ? "allow" : "explicit deny", by } as const;
    const held = witnessOf({ ...ask, context: { [key]: holding } }, goal);
    if (held === undefined) continue;
    const changed = decideAsIs({ ...ask, context: { ...contextOf(held), ...lowered(other) } });
    if (changed !== undefined && changed.witness.expect !== held.expect) return changed.witness;
  }
  return undefined;
}

function contextOf({ context }: Witness): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(context).map(([key, value]) => [
      key,
      typeof value === "string" ? [value] : value,
    ]),
  );
}

function lowered(
  keys: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(keys).map(([key, value]) => [key.toLowerCase(), value]));
}
