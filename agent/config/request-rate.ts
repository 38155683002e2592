/** How many requests a minute a host may send when its config does not say. @module */
import type { GroupConfig } from "./config.ts";

/** Far above what a host of few groups asks, and far below what S3 or KMS would notice. */
const LEAST = 600;
/** Of what is asked when nothing changes: room for changes, second looks, retries, and a replica. */
const ROOM = 3;

/**
 * 600, or three times what passes over unchanged groups ask: a LIST and its next page for a prefix, a GET for
 * each name of `only`, a GET for a bundle.
 */
export function defaultRequestsPerMinute(groups: readonly GroupConfig[], everyMs: number): number {
  const perPass = groups.reduce((sum, group) => sum + questionsOf(group), 0);
  return Math.max(LEAST, Math.ceil((ROOM * perPass * 60_000) / everyMs));
}

function questionsOf({ layout }: GroupConfig): number {
  switch (layout.kind) {
    case "prefix":
      return 2;
    case "only":
      return layout.names.length;
    case "bundle":
      return 1;
    default:
      return layout satisfies never;
  }
}
