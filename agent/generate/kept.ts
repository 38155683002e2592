/** Statements of others, as the map keeps them. @module */
import type { MapPath } from "../map/complete.ts";
import type { PolicyJson } from "../policy/deployment.ts";
import type { Draft } from "./draft.ts";

/** Word for word, but that one without a Sid is given one. */
export function kept(
  statements: readonly PolicyJson[] | undefined,
  path: MapPath,
): readonly Draft[] {
  return (statements ?? []).map((statement, at) => ({
    statement: { Sid: `Kept${at + 1}`, ...statement },
    from: [[...path, at]],
  }));
}
